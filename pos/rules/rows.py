"""Rows of a goods list become items, or a list of what is wrong with them."""

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pos.rules.columns import CELLS, KILOGRAMS, Cell, center_cell, read_sku
from pos.rules.items import Item, Tier
from sync.rules.refusal import N_, Refused

COLUMNS = (*CELLS, "center")
REQUIRED = ("sku", "name_zh", "unit", "retail")
MOST_REMEMBERED = 50_000  # cells that repeat (units, prices, factories) are read once


@dataclass(frozen=True, slots=True, eq=False)
class Spoilt:
    """A cell of which the file has not kept what was meant, and why."""

    refused: Refused


Given = str | None | Spoilt  # a cell's text; None where the row does not say
Row = tuple[int, Sequence[Given]]

_UNSAID = object()
_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Item)}
_SELDOM_REPEATED = frozenset({"sku", "barcodes", "name_zh", "name_en", "offer_id", "mnemonic"})


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one cell: its row as the file numbers it (the header is row 1)."""

    row: int
    column: str
    refused: Refused


def read_header(cells: Sequence[str]) -> tuple[str, ...] | Refused:
    """Read the column names of a list; unnamed columns come back as ""."""
    names = tuple(cell.strip().lower() for cell in cells)
    for name in names:
        if name and name not in COLUMNS:
            nearest = difflib.get_close_matches(name, COLUMNS, n=1)
            return Refused(
                "import.unknown_column",
                N_("There is no column “{column}”."),
                N_("Did you mean “{nearest}”?") if nearest else N_("Columns: {known}."),
                {"column": name, "nearest": "".join(nearest), "known": ", ".join(COLUMNS)},
            )
        if name and names.count(name) > 1:
            return Refused(
                "import.column_twice",
                N_("The column “{column}” stands there twice."),
                N_("Keep one of them."),
                {"column": name},
            )
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        return Refused(
            "import.missing_columns",
            N_("The list has no column {missing}."),
            N_("Required are {required}; docs/import.md describes them all."),
            {"missing": ", ".join(missing), "required": ", ".join(REQUIRED)},
        )
    return names


class RowReader:
    """Reads the rows of one list: knows its columns, the centers, and who makes mnemonics."""

    def __init__(
        self,
        header: Sequence[str],
        centers: Collection[str],
        make_mnemonic: Callable[[str], str],
    ) -> None:
        cells = {**CELLS, "center": ("centers", center_cell(frozenset(centers)))}
        self._make_mnemonic = make_mnemonic
        self._width = len(header)
        self._sku_at = header.index("sku")
        self._columns = [
            (place, _Column(name, *cells[name])) for place, name in enumerate(header) if name
        ]
        self._fields = [column.field for _, column in self._columns]

    def skus(self, rows: Sequence[Row]) -> list[str]:
        """Return the skus of rows that have one."""
        texts = (cells[self._sku_at] for _, cells in rows if len(cells) > self._sku_at)
        skus = [read_sku(text.strip()) for text in texts if isinstance(text, str)]
        return [sku for sku in skus if isinstance(sku, str)]

    def read(
        self, rows: Sequence[Row], known: Mapping[str, Item]
    ) -> tuple[list[tuple[int, Item]], list[Problem]]:
        """Return the items of many rows with their row numbers, and what is wrong with the rest.

        The cells are read column by column, which is what makes a long list quick. What a row
        does not say stays as in the item of `known` that has its sku.
        """
        numbers = [row for row, _ in rows]
        problems: list[Problem] = []
        table = list(zip(*(self._fitted(row, cells, problems) for row, cells in rows), strict=True))
        columns: list[list[Any]] = []
        for place, column in self._columns:
            values = column.read_all(table[place])
            if column.has_refused:
                named = zip(numbers, values, strict=True)
                problems += [Problem(n, column.name, v) for n, v in named if type(v) is Refused]
            columns.append(values)
        bad = {problem.row for problem in problems}
        partial = any(column.has_unsaid for _, column in self._columns)
        items: list[tuple[int, Item]] = []
        for row, cells in zip(numbers, zip(*columns, strict=True), strict=True):
            if row not in bad:
                fields = dict(zip(self._fields, cells, strict=True))
                if partial:
                    fields = {name: said for name, said in fields.items() if said is not _UNSAID}
                item = self._item(row, fields, known.get(fields["sku"]))
                if isinstance(item, Item):
                    items.append((row, item))
                else:
                    problems += item
        return items, problems

    def _item(self, row: int, fields: dict[str, Any], before: Item | None) -> Item | list[Problem]:
        weighed = fields.get("weighed", before is not None and before.weighed)
        tiers = fields.get("tiers")
        if tiers:
            # Thousandths of the unit are grams for weighed goods, else they must be whole pieces.
            unit = 1 if weighed else 1000
            fields["tiers"] = tuple([Tier(start // unit, price_fen) for start, price_fen in tiers])
        same_name = before is not None and before.name_zh == fields["name_zh"]
        kept = before.mnemonic if before is not None and same_name else ""
        if not fields.get("mnemonic", kept):
            fields["mnemonic"] = self._make_mnemonic(fields["name_zh"])
        item = Item(**fields) if before is None else msgspec.structs.replace(before, **fields)
        if weighed or tiers or before is not None or item.kind == "bag":
            return list(_contradictions(row, item, tiers or (), before)) or item
        return item

    def _fitted(self, row: int, cells: Sequence[Given], problems: list[Problem]) -> Sequence[Given]:
        """Fill a short row up with empty cells; filled cells beyond the header are a problem."""
        if len(cells) == self._width:
            return cells
        if any(cells[self._width :]):
            refused = Refused(
                "import.too_many_cells",
                N_("This row has more cells than the first row has names."),
                N_("A text that holds the separator must stand in quotation marks."),
            )
            problems.append(Problem(row, "", refused))
        return [*cells[: self._width], *[""] * (self._width - len(cells))]


class _Column(dict[Given, Any]):
    """What the texts of one column mean; one that repeats (a unit, a price) is read once."""

    def __init__(self, name: str, field: str, read: Cell) -> None:
        self.name = name
        self.field = field
        self.has_refused = False
        self.has_unsaid = False
        self._read = read

    def read_all(self, cells: Sequence[Given]) -> list[Any]:
        """Return values for a column's cells: refusals, and `_UNSAID`, among them."""
        if self.name in _SELDOM_REPEATED:
            return [self._meaning(given) for given in cells]
        if len(self) > MOST_REMEMBERED:
            self.clear()
        return list(map(self.__getitem__, cells))

    def __missing__(self, given: Given) -> Any:
        value = self[given] = self._meaning(given)
        return value

    def _meaning(self, given: Given) -> Any:
        if type(given) is str and (text := given.strip()):
            value = self._read(text)
        elif isinstance(given, Spoilt):
            value = given.refused
        elif self.name in REQUIRED:
            value = Refused("import.missing", N_("This must not be empty."), N_("Fill it in."))
        elif given is None:
            self.has_unsaid = True
            value = _UNSAID
        else:
            value = _DEFAULTS[self.field]
        if type(value) is Refused:
            self.has_refused = True
        return value


def _contradictions(
    row: int, item: Item, tiers: Sequence[tuple[int, int]], before: Item | None
) -> Iterator[Problem]:
    """Name the cells that are right by themselves and wrong together."""
    if item.kind == "bag" and item.retail_fen == 0:
        yield _bad(row, "retail", N_("A bag is never given away."), N_("Give it a price."))
    if item.kind == "bag" and (item.tiers or item.plus_fen not in (None, item.retail_fen)):
        column = "tiers" if item.tiers else "plus"
        yield _bad(row, column, N_("A bag costs the same for everybody."), N_("Leave it empty."))
    if item.weighed and item.unit.lower() not in KILOGRAMS:
        hint = N_("Write kg as its unit and its price per kilogram.")
        yield _bad(row, "unit", N_("Weighed goods are priced per kilogram."), hint)
    if not item.weighed and any(start % 1000 for start, _ in tiers):
        hint = N_("Only weighed goods have quantities with a decimal point.")
        yield _bad(row, "tiers", N_("Pieces are counted in whole numbers."), hint)
    if before is not None and before.weighed != item.weighed and item.tiers and not tiers:
        hint = N_("Add the column tiers.")
        yield _bad(row, "weighed", N_("The quantity prices are those of the old unit."), hint)


def _bad(row: int, column: str, message: str, hint: str) -> Problem:
    return Problem(row, column, Refused("import.contradiction", message, hint))
