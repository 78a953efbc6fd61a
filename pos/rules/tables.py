"""Batches of a goods list, column by column: from rows of cells, or from lines of a plain CSV."""

from collections.abc import Sequence

import msgspec

from sync.rules.bad_rows import Problem
from sync.rules.refusal import N_, Refused


class Spoilt(msgspec.Struct, frozen=True, eq=False):
    """A cell of which the file has not kept what was meant, and why.

    `moment` is the day or time (ISO) that a spreadsheet made of it, which may be what was meant.
    """

    refused: Refused
    moment: str = ""


Given = str | None | Spoilt  # a cell's text; None where the row does not say
Row = tuple[int, Sequence[Given]]


class Table(msgspec.Struct, frozen=True):
    """Some rows of a list: their numbers, and the cells of each column; too long rows named."""

    numbers: Sequence[int]
    columns: Sequence[Sequence[Given]]
    problems: tuple[Problem, ...] = ()


def table_of_rows(rows: Sequence[Row], width: int) -> Table:
    """Put rows together; short ones are filled up with empty cells.

    Filled cells beyond the header are a problem of their row, which stays in the table.
    """
    numbers = [number for number, _ in rows]
    problems = [_too_long(number) for number, cells in rows if any(cells[width:])]
    fitted = [[*cells[:width], *[""] * (width - len(cells))] for _, cells in rows]
    return Table(numbers, list(zip(*fitted, strict=True)), tuple(problems))


def table_of_lines(lines: Sequence[str], first: int, width: int) -> Table | None:
    """Cut lines of CSV, the first being row `first`, into columns all at once.

    None where a line is not simply `width` cells: quotation marks, other lengths, empty rows.

    Every line ends in one cell of the whole text. If these are the cells at every `width`-th place
    and no others, then every line has `width` cells, and a column is every `width`-th cell.

    >>> table_of_lines(["A,甲\\n", "B,乙\\n"], 2, 2).columns
    [['A', 'B'], ['甲', '乙']]
    """
    text = ",".join(lines)
    end = "\r\n" if "\r" in text else "\n"
    if not text.endswith(("\r", "\n")):
        text += end
    if '"' in text or f"{end},{',' * (width - 1)}{end}" in f"{end},{text}":
        return None
    cells = text.split(",")
    lasts = "".join(cells[width - 1 :: width]).split(end)
    if len(cells) != len(lines) * width or len(lasts) != len(lines) + 1:
        return None
    columns = [cells[place::width] for place in range(width - 1)]
    return Table(range(first, first + len(lines)), [*columns, lasts[:-1]])


def _too_long(row: int) -> Problem:
    refused = Refused(
        "import.too_many_cells",
        N_("This row has more cells than the first row has names."),
        N_("A text that holds the separator must stand in quotation marks."),
    )
    return Problem(row, "", refused)
