"""Cells of a list that are right by themselves and wrong together, of goods and of their prices."""

from collections.abc import Iterator, Sequence

from pos.rules.columns import KILOGRAMS
from pos.rules.items import Item, Tier
from sync.rules.bad_rows import Problem
from sync.rules.refusal import N_, Refused


def tiers_in_units(
    tiers: Sequence[tuple[int, int]], *, weighed: bool
) -> tuple[Tier, ...] | Refused:
    """Make tiers as read (thousandths of the unit, fen) into pieces, or grams where weighed."""
    unit = 1 if weighed else 1000
    if any(start % unit for start, _ in tiers):
        return Refused(
            "import.contradiction",
            N_("Pieces are counted in whole numbers."),
            N_("Only weighed goods have quantities with a decimal point."),
        )
    return tuple(Tier(start // unit, price_fen) for start, price_fen in tiers)


def contradictions(row: int, item: Item, before: Item | None) -> Iterator[Problem]:
    """Name the cells of a row that contradict each other, or what `before` keeps of the item."""
    if item.kind == "bag" and item.retail_fen == 0:
        yield _bad(row, "retail", N_("A bag is never given away."), N_("Give it a price."))
    if item.kind == "bag" and (item.tiers or item.plus_fen not in (None, item.retail_fen)):
        column = "tiers" if item.tiers else "plus"
        yield _bad(row, column, N_("A bag costs the same for everybody."), N_("Leave it empty."))
    if item.weighed and item.unit.lower() not in KILOGRAMS:
        hint = N_("Write kg as its unit and its price per kilogram.")
        yield _bad(row, "unit", N_("Weighed goods are priced per kilogram."), hint)
    if before and item.tiers and before.weighed != item.weighed and before.tiers == item.tiers:
        hint = N_("Add the column tiers.")
        yield _bad(row, "weighed", N_("The quantity prices are those of the old unit."), hint)


def _bad(row: int, column: str, message: str, hint: str) -> Problem:
    return Problem(row, column, Refused("import.contradiction", message, hint))
