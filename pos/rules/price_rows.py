"""Rows of a price list: which item costs what from when on, or what is wrong with the row."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pos.rules.columns import read_price, read_sku, read_tiers
from pos.rules.contradictions import contradictions, tiers_in_units
from pos.rules.items import Item
from pos.rules.price_schedule import Price, costing, price_key, read_moment
from pos.rules.tables import Given, Spoilt, Table
from sync.rules.bad_rows import Problem
from sync.rules.refusal import N_, Refused

REQUIRED = ("sku", "valid_from", "retail")
_CELLS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "sku": read_sku,
        "valid_from": read_moment,
        "retail": read_price,
        "plus": read_price,
        "tiers": read_tiers,
    }
)
COLUMNS = tuple(_CELLS)


class PriceReader:
    """Reads the rows of one price list; knows in which row each price stood first."""

    def __init__(self, header: Sequence[str]) -> None:
        self._columns = [(place, name) for place, name in enumerate(header) if name]
        self._row_of: dict[str, int] = {}

    def skus(self, table: Table) -> list[str]:
        """Return the skus of rows that have one."""
        place = next(place for place, name in self._columns if name == "sku")
        skus = [_read("sku", given) for given in table.columns[place]]
        return [sku for sku in skus if isinstance(sku, str)]

    def read(
        self, table: Table, items: Mapping[str, Item]
    ) -> tuple[list[tuple[str, Price]], list[Problem]]:
        """Return prices with the keys of their feed, and what is wrong with the other rows.

        `items` are those that the hub feeds, by sku: a price for any other is refused, and so is
        one that its item cannot have.
        """
        problems = list(table.problems)
        prices: list[tuple[str, Price]] = []
        rows = zip(*table.columns, strict=True)
        for number, cells in zip(table.numbers, rows, strict=True):
            values = {name: _read(name, cells[place]) for place, name in self._columns}
            bad = [
                Problem(number, name, value)
                for name, value in values.items()
                if isinstance(value, Refused)
            ]
            bad = bad or self._add(prices, number, values, items)
            problems += bad
        return prices, problems

    def _add(
        self,
        prices: list[tuple[str, Price]],
        row: int,
        values: Mapping[str, Any],
        items: Mapping[str, Item],
    ) -> list[Problem]:
        """Add the price of a row whose cells are right by themselves, or say what is wrong."""
        sku, from_ms = values["sku"], values["valid_from"]
        item = items.get(sku)
        if item is None:
            return [Problem(row, "sku", _unknown(sku))]
        tiers = tiers_in_units(values.get("tiers") or (), weighed=item.weighed)
        if isinstance(tiers, Refused):
            return [Problem(row, "tiers", tiers)]
        price = Price(values["retail"], values.get("plus"), tiers, item.weighed)
        key = price_key(sku, from_ms)
        first = self._row_of.setdefault(key, row)
        if first != row:
            return [Problem(row, "valid_from", _twice(sku, first))]
        bad = list(contradictions(row, costing(item, price), None))
        if not bad:
            prices.append((key, price))
        return bad


def _read(name: str, given: Given) -> object:
    """Return what a cell says; None where it is empty."""
    if isinstance(given, Spoilt):
        if name != "valid_from" or not given.moment:
            return given.refused
        given = given.moment
    text = (given or "").strip()
    if text:
        return _CELLS[name](text)
    if name in REQUIRED:
        return Refused("import.missing", N_("This must not be empty."), N_("Fill it in."))
    return None


def _unknown(sku: str) -> Refused:
    return Refused(
        "prices.unknown_sku",
        N_("The hub feeds no item with the sku {sku}."),
        N_("Publish the item first: xuanpin sync publish catalogue FILE."),
        {"sku": sku},
    )


def _twice(sku: str, first: int) -> Refused:
    return Refused(
        "prices.twice",
        N_("The price of {sku} from then on stands in row {first} already."),
        N_("Keep one of the rows."),
        {"sku": sku, "first": first},
    )
