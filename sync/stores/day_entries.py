"""Reading a till's journal by business day: what is in it, and what of it was not sent yet."""

from collections.abc import Callable, Sequence

from sqlite_utils import Database

from sync.rules.center_day import Listed
from sync.rules.entry import decode_header
from sync.rules.totals import Total
from sync.stores.journal import RunState

_EVERY = "SELECT header FROM entry ORDER BY run, seq"
_AFTER = "SELECT header FROM entry WHERE run = ? AND seq > ? ORDER BY seq"
_TELL_EVERY = 20_000


def listed(db: Database, day: str, tell: Callable[[int, int], None]) -> list[Listed]:
    """Return everything journalled for a day, each thing once, by walking the whole journal.

    `tell` is told how many entries were looked at, of how many.
    """
    (count,) = db.execute("SELECT count(*) FROM entry").fetchone()
    found: dict[tuple[str, str, bytes], Listed] = {}
    for number, (data,) in enumerate(db.execute(_EVERY)):
        if number % _TELL_EVERY == 0:
            tell(number, count)
        header = decode_header(data)
        if header.day == day:
            key = (header.kind, header.id, header.body_sha256)
            found.setdefault(key, Listed(*key, header.run, header.seq, header.amount_fen))
    tell(count, count)
    return list(found.values())


def unsent(db: Database, states: Sequence[RunState], day: str) -> dict[str, Total]:
    """Return by kind what of a day the hub has not acknowledged yet."""
    totals: dict[str, Total] = {}
    for state in states:
        if state.pending <= 0:
            continue
        for (data,) in db.execute(_AFTER, (state.run, state.mark_seq)):
            header = decode_header(data)
            if header.day == day:
                before = totals.get(header.kind, Total())
                totals[header.kind] = before + Total(1, header.amount_fen)
    return totals
