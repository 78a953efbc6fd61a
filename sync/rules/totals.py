"""Totals of a business day by journal kind: what till and hub must agree on to the last fen."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from sync.rules.refusal import N_, Refused
from sync.rules.segment import is_name

_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_INTEGER = 2**63 - 1


class Total(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How many entries there are, and the sum of their amounts in fen."""

    count: int = 0
    amount_fen: int = 0

    def __add__(self, other: "Total") -> "Total":
        return Total(self.count + other.count, self.amount_fen + other.amount_fen)

    def __sub__(self, other: "Total") -> "Total":
        return Total(self.count - other.count, self.amount_fen - other.amount_fen)


class KindTotal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The total of one journal kind."""

    kind: str
    count: int
    amount_fen: int


class DayTotals(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A business day (ISO date) and its totals, each kind once."""

    day: str
    kinds: tuple[KindTotal, ...]


NOTHING = Total()


def by_kind(kinds: Iterable[KindTotal]) -> dict[str, Total]:
    """Return totals by kind."""
    return {each.kind: Total(each.count, each.amount_fen) for each in kinds}


def in_order(totals: Mapping[str, Total]) -> tuple[KindTotal, ...]:
    """Return totals in the order of their kinds, without the kinds that have nothing.

    >>> in_order({"sale": Total(2, 300), "refund": Total(), "cart_voided": Total(1, 0)})
    (KindTotal(kind='cart_voided', count=1, amount_fen=0), KindTotal(kind='sale', count=2, \
amount_fen=300))
    """
    return tuple(
        KindTotal(kind, totals[kind].count, totals[kind].amount_fen)
        for kind in sorted(totals)
        if totals[kind] != NOTHING
    )


def is_day(text: str) -> bool:
    """Tell whether a text is an ISO date on which a till may have sold, be its clock lost."""
    if _DAY.fullmatch(text) is None:
        return False
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return _FIRST_YEAR <= day.year <= _LAST_YEAR


def bad_day(text: str) -> Refused:
    """Refuse what is no business day."""
    return Refused(
        "day.bad",
        N_("“{text}” is not a day."),
        N_("Write it like 2026-11-22."),
        {"text": text},
    )


def are_sound(kinds: Iterable[KindTotal]) -> bool:
    """Tell whether totals that somebody else wrote name each kind once and fit 64 bits."""
    seen: set[str] = set()
    for each in kinds:
        if each.kind in seen or not is_name(each.kind):
            return False
        if not 0 <= each.count <= _MOST_INTEGER or abs(each.amount_fen) > _MOST_INTEGER:
            return False
        seen.add(each.kind)
    return True
