"""A till's running totals, signed with every segment: so others know what it has, and since when.

They are small (`MOST_STANDING_BYTES`) however long the till has been in use: the newest open
days only.
"""

from collections.abc import Sequence

import msgspec
from msgspec import structs

from sync.rules.decoding import from_msgpack
from sync.rules.entry import GENESIS
from sync.rules.segment import MOST_STANDING_BYTES, is_name
from sync.rules.totals import DayTotals, are_sound, is_day

MOST_DAYS = 4
_MOST_INTEGER = 2**63 - 1


class Standing(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How a till stands when it sends a segment.

    `run`, `seq` and `hash` are its head: the last entry of its newest run. `pending` counts the
    entries that are neither at the hub nor in this segment, `oldest_pending_ms` is the wall time
    of the first of them (0: none). `days` are the newest days that are not closed, newest first;
    `open_days` says how many there are in all.
    """

    at_ms: int
    run: str
    seq: int
    hash: bytes
    pending: int
    oldest_pending_ms: int
    open_days: int
    days: tuple[DayTotals, ...]


def encode_standing(standing: Standing) -> bytes:
    """Write a standing; of too many days or kinds, the oldest days are left out."""
    days: Sequence[DayTotals] = standing.days[:MOST_DAYS]
    while True:
        data = msgspec.msgpack.encode(structs.replace(standing, days=tuple(days)))
        if len(data) <= MOST_STANDING_BYTES or not days:
            return data
        days = days[:-1]


def read_standing(data: bytes) -> Standing | None:
    """Read a standing that a till signed; None if there is none, or none that makes sense."""
    try:
        standing = from_msgpack(data, Standing)
    except ValueError:
        return None
    numbers = (standing.at_ms, standing.seq, standing.pending, standing.oldest_pending_ms)
    sound = (
        len(data) <= MOST_STANDING_BYTES
        and all(0 <= number <= _MOST_INTEGER for number in (*numbers, standing.open_days))
        and is_name(standing.run)
        and len(standing.hash) == len(GENESIS)
        and all(is_day(each.day) and are_sound(each.kinds) for each in standing.days)
    )
    return standing if sound else None


def is_news(known: Standing | None, told: Standing, *, brought_something: bool) -> bool:
    """Tell whether what a till told is newer than what is known of it.

    Segments arrive in order, so each is newer than the one before. Only one that brought nothing
    and was signed earlier by the till's own clock is not: it was recorded and sent again.
    """
    return known is None or brought_something or told.at_ms >= known.at_ms
