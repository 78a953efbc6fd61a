"""Closing a business day: what the closing entry says, and what the hub finds when it recounts.

A closed day takes no further entry at its till: what is sold after closing counts for the next
business day, under whose date it is journalled, numbered and totalled. Memberships and prices
follow the calendar, never the business day.
"""

from collections.abc import Iterable, Mapping

import msgspec

from sync.rules.decoding import from_json
from sync.rules.totals import KindTotal, Total, are_sound, by_kind, is_day

DAY_CLOSED = "day_closed"
_HASH_DIGITS = 64
_MOST_NAME = 64
_MOST_INTEGER = 2**63 - 1


class DayClosed(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="xuanpin.day_closed.1"
):
    """Body of `day_closed`: the day, its totals before this entry, and the head it closes over.

    `head_hash` in hex; `closed_by` is who closed it, `pending` how many entries the hub had not
    acknowledged then, this one not among them.
    """

    day: str
    totals: tuple[KindTotal, ...]
    head_run: str
    head_seq: int
    head_hash: str
    closed_by: str
    pending: int


def read_closing(body: bytes, day: str) -> DayClosed | None:
    """Read the body of the entry that closes `day`; None if it is none, or of another day."""
    try:
        closing = from_json(body, DayClosed)
        bytes.fromhex(closing.head_hash)
    except ValueError:
        return None
    sound = (
        closing.day == day
        and is_day(day)
        and are_sound(closing.totals)
        and DAY_CLOSED not in by_kind(closing.totals)
        and 0 < len(closing.head_run) <= _MOST_NAME
        and is_signable(closing.closed_by)
        and closing.head_run.isprintable()
        and len(closing.head_hash) == _HASH_DIGITS
        and 0 < closing.head_seq <= _MOST_INTEGER
        and 0 <= closing.pending <= _MOST_INTEGER
    )
    return closing if sound else None


def is_signable(name: str) -> bool:
    """Tell whether a name can stand under a closing: one line of up to 64 characters."""
    return len(name.strip()) > 0 and len(name) <= _MOST_NAME and name.isprintable()


def recount(said: Iterable[KindTotal], found: Mapping[str, Total]) -> tuple[str, ...]:
    """Return the kinds of which a closing says something else than was found, in order.

    >>> recount((KindTotal("sale", 2, 300),), {"sale": Total(2, 300), "day_closed": Total(1, 0)})
    ()
    >>> recount((KindTotal("sale", 2, 300),), {"sale": Total(3, 400), "cart_voided": Total(1, 0)})
    ('cart_voided', 'sale')
    """
    totals = by_kind(said)
    kinds = (totals.keys() | found.keys()) - {DAY_CLOSED}
    return tuple(
        sorted(kind for kind in kinds if totals.get(kind, Total()) != found.get(kind, Total()))
    )
