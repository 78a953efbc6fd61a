"""Rows of a goods list become items, or a list of what is wrong with them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import compress, repeat
from typing import Any, cast

import msgspec
from msgspec import structs

from pos.rules.columns import CELLS, Cell, center_cell, read_sku
from pos.rules.contradictions import contradictions, tiers_in_units
from pos.rules.items import Item
from pos.rules.plain_columns import PLAIN
from pos.rules.tables import Given, Spoilt, Table
from sync.rules.bad_rows import Problem
from sync.rules.refusal import N_, Refused

COLUMNS = (*CELLS, "center")
REQUIRED = ("sku", "name_zh", "unit", "retail")
MOST_REMEMBERED = 50_000  # cells that repeat (units, prices, factories) are read once

_UNSAID = object()
_DEFAULTS = {field.name: field.default for field in structs.fields(Item)}


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
        self._sku_at = header.index("sku")
        self._columns = [
            (place, _Column(name, *cells[name])) for place, name in enumerate(header) if name
        ]
        self._tier_table = _TierTable()

    def skus(self, table: Table) -> list[str]:
        """Return the skus of rows that have one."""
        texts = table.columns[self._sku_at]
        skus = [read_sku(text.strip()) for text in texts if isinstance(text, str)]
        return [sku for sku in skus if isinstance(sku, str)]

    def read(
        self, table: Table, known: Mapping[str, Item]
    ) -> tuple[Sequence[int], list[Item], list[Problem]]:
        """Return the good rows' numbers and their items, and what is wrong with the others.

        The cells are read column by column, which is what makes a long list quick. What a row
        does not say stays as in the item of `known` that has its sku.
        """
        problems = list(table.problems)
        batch = _Batch(table.numbers, {}, known)
        for place, column in self._columns:
            values = batch.columns[column.field] = column.read_all(table.columns[place])
            if column.has_refused:
                problems += batch.refusals(column.name, values)
            if column.has_unsaid:
                batch.unsaid.add(column.field)
        batch.leave_out(problems)
        if "tiers" in batch.columns:
            given = zip(batch.columns["tiers"], batch.in_force("weighed"), strict=True)
            tiers = batch.columns["tiers"] = list(map(self._tier_table.__getitem__, given))
            if self._tier_table.has_refused:
                problems += batch.refusals("tiers", tiers)
                batch.leave_out(problems)
        batch.columns["mnemonic"] = self._mnemonics(batch)
        batch.unsaid.discard("mnemonic")
        items = batch.items()
        contradictions = list(batch.contradictions(items))
        if not contradictions:
            return batch.numbers, items, problems
        bad = {problem.row for problem in contradictions}
        good = [row not in bad for row in batch.numbers]
        rows = list(compress(batch.numbers, good))
        return rows, list(compress(items, good)), problems + contradictions

    def _mnemonics(self, batch: "_Batch") -> Sequence[str]:
        """Make mnemonics where none are given, and anew where another name is."""
        names = batch.columns["name_zh"]
        mnemonics = batch.in_force("mnemonic")
        if batch.known:
            said = batch.columns.get("mnemonic", [_UNSAID] * len(names))
            befores = map(batch.known.get, batch.columns["sku"])
            mnemonics = [
                "" if given is _UNSAID and before and before.name_zh != name else mnemonic
                for given, before, name, mnemonic in zip(
                    said, befores, names, mnemonics, strict=True
                )
            ]
        if all(mnemonics):
            return mnemonics
        pairs = zip(mnemonics, names, strict=True)
        return [mnemonic or self._make_mnemonic(name) for mnemonic, name in pairs]


class _Batch(msgspec.Struct):
    """Rows being read: their numbers, what their columns say, and the items known before.

    `unsaid` names the columns in which a row may not say anything.
    """

    numbers: Sequence[int]
    columns: dict[str, Sequence[Any]]
    known: Mapping[str, Item]
    unsaid: set[str] = msgspec.field(default_factory=set)

    def refusals(self, column: str, values: Sequence[Any]) -> list[Problem]:
        """Return what is wrong in one column."""
        numbered = zip(self.numbers, values, strict=True)
        return [Problem(row, column, value) for row, value in numbered if type(value) is Refused]

    def leave_out(self, problems: Sequence[Problem]) -> None:
        """Go on without the rows that have problems."""
        if problems:
            bad = {problem.row for problem in problems}
            good = [row not in bad for row in self.numbers]
            self.numbers = list(compress(self.numbers, good))
            for name, values in self.columns.items():
                self.columns[name] = list(compress(values, good))

    def in_force(self, name: str) -> Sequence[Any]:
        """Return what a field will hold: what the rows say, else what the items had."""
        said = self.columns.get(name)
        if said is not None and name not in self.unsaid:
            return said
        default = _DEFAULTS[name]
        known = map(self.known.get, self.columns["sku"])
        before = (
            [default if item is None else getattr(item, name) for item in known]
            if self.known
            else [default] * len(self.numbers)
        )
        if said is None:
            return before
        return [b if s is _UNSAID else s for s, b in zip(said, before, strict=True)]

    def items(self) -> list[Item]:
        """Return the items."""
        if self.known or self.unsaid:
            rows = zip(*self.columns.values(), strict=True)
            return [self._item(dict(zip(self.columns, cells, strict=True))) for cells in rows]
        count = len(self.numbers)
        columns = (
            self.columns.get(name) or repeat(default, count) for name, default in _DEFAULTS.items()
        )
        return list(map(Item, *columns))

    def contradictions(self, items: Sequence[Item]) -> Iterator[Problem]:
        """Name the cells that contradict others of their row."""
        if self.known or any(self.columns.get("weighed", ())) or "kind" in self.columns:
            for row, item in zip(self.numbers, items, strict=True):
                yield from contradictions(row, item, self.known.get(item.sku))

    def _item(self, fields: dict[str, Any]) -> Item:
        said = {name: value for name, value in fields.items() if value is not _UNSAID}
        before = self.known.get(fields["sku"])
        return Item(**said) if before is None else structs.replace(before, **said)


class _TierTable(dict[tuple[Any, bool], Any]):
    """Quantity prices by what a cell says and whether the goods are weighed: pieces or grams."""

    def __init__(self) -> None:
        self.has_refused = False

    def __missing__(self, given: tuple[Any, bool]) -> Any:
        tiers, weighed = given
        if tiers is _UNSAID or not tiers:
            return tiers
        value = tiers_in_units(tiers, weighed=weighed)
        if isinstance(value, Refused):
            self.has_refused = True
            return value
        if len(self) > MOST_REMEMBERED:
            self.clear()
        self[given] = value
        return value


class _Column(dict[Given, Any]):
    """What the texts of one column mean; one that repeats (a unit, a price) is read once."""

    def __init__(self, name: str, field: str, read: Cell) -> None:
        self.name = name
        self.field = field
        self.has_refused = False
        self.has_unsaid = False
        self._read = read
        self._read_plain = PLAIN.get(name)

    def read_all(self, cells: Sequence[Given]) -> Sequence[Any]:
        """Return values for a column's cells: refusals, and `_UNSAID`, among them."""
        if self._read_plain is not None:
            return self._plain(cells) or [self._meaning(given) for given in cells]
        if len(self) > MOST_REMEMBERED:
            self.clear()
        return list(map(self.__getitem__, cells))

    def _plain(self, cells: Sequence[Given]) -> Sequence[Any] | None:
        if self._read_plain is None or set(map(type, cells)) != {str}:
            return None
        values = self._read_plain(cast("Sequence[str]", cells))
        return None if values and self.name in REQUIRED and not all(values) else values

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
            value = _UNSAID
            self.has_unsaid = True
        else:
            value = _DEFAULTS[self.field]
        if type(value) is Refused:
            self.has_refused = True
        return value
