"""Goods lists kept in files: CSV in UTF-8 or GB18030, XLSX and JSON, all as rows of text.

Nothing is interpreted here but what the file format itself spoils: a number that a spreadsheet
could not hold exactly, or a text it turned into a date, comes back as a refusal in its cell.
"""

import codecs
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from pos.rules.codes import GTIN_LENGTHS, check_digit_holds
from pos.rules.headers import unknown_column
from pos.rules.tables import Given, Row, Spoilt, Table, table_of_lines, table_of_rows
from pos.stores.sheet_errors import SheetError, error_cells
from sync.rules.bad_rows import Problem
from sync.rules.files import unreadable
from sync.rules.refusal import N_, Fault, Refused

ENCODINGS = ("utf-8-sig", "gb18030")
SEPARATORS = {"\t": "TAB", ";": "“;”", "；": "“；”", "，": "“，”"}  # taken for commas
EXACT_BELOW = 10**15  # a spreadsheet keeps 15 digits of a number
ROWS_AT_ONCE = 2000
_BLOCK = 1 << 20


class GoodsFile(msgspec.Struct, frozen=True):
    """A list being read: its header, its rows in tables of some thousands, how far reading is.

    Row numbers are those a spreadsheet shows, the header being 1; in JSON the first object is 1.
    `done` and `size` are bytes or rows, for a progress bar. Iterating `tables` raises
    `UnreadableError` where the file breaks off being a list.
    """

    header: Sequence[str]
    tables: Iterator[Table]
    done: Callable[[], int]
    size: int


class UnreadableError(Exception):
    """The file is not what its name says; carries the refusal to answer with."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


@contextmanager
def open_goods_file(path: Path, columns: Sequence[str]) -> Iterator[GoodsFile]:
    """Open a list by its name's ending; raises `UnreadableError`, or `Fault` if it cannot be read.

    Empty rows are passed over. `columns` are those that a list may have: in JSON each object has
    its own keys.
    """
    kind = path.suffix.lower()
    try:
        path.stat()
        if kind in (".csv", ".txt"):
            with path.open(encoding=_encoding_of(path), newline="") as text:
                yield _csv_file(path, text)
        elif kind in (".xlsx", ".xlsm"):
            yield _xlsx_file(path)
        elif kind == ".json":
            yield _json_file(path, columns)
        else:
            raise UnreadableError(
                Refused(
                    "import.file_kind",
                    N_("{path} is not a goods list."),
                    N_("Save it as CSV, XLSX or JSON."),
                    {"path": path},
                )
            )
    except OSError as error:
        raise Fault(unreadable("import.unreadable", path, error)) from error


def _csv_file(path: Path, text: Any) -> GoodsFile:
    lines = _Lines(path, text)
    header = lines.header()
    _check_separator(path, header)
    return GoodsFile(header, lines.tables(len(header)), text.buffer.tell, path.stat().st_size)


class _Lines:
    """The lines of a CSV file: how many of them, and how many rows, have been read."""

    def __init__(self, path: Path, text: Any) -> None:
        self._path = path
        self._text = text
        self._lines = 0
        self._rows = 0

    def header(self) -> Sequence[str]:
        """Return the first row that is not empty."""
        while line := next(self._text, ""):
            for _, cells in self._rows_of([line]):
                return cells
        return []

    def tables(self, width: int) -> Iterator[Table]:
        """Yield the rows that follow; lines of plain cells are taken all at once."""
        while lines := list(islice(self._text, ROWS_AT_ONCE)):
            table = table_of_lines(lines, self._rows + 1, width)
            if table is not None:
                self._lines += len(lines)
                self._rows += len(lines)
                yield table
            elif rows := self._rows_of(lines):
                yield table_of_rows(rows, width)

    def _rows_of(self, lines: Sequence[str]) -> list[tuple[int, list[str]]]:
        """Return the rows of some lines, the last with those it still needs; pass empty ones."""
        reader = csv.reader(chain(lines, self._text), strict=True)
        rows = []
        try:
            while reader.line_num < len(lines):
                cells = next(reader)
                self._rows += 1
                if any(cells):
                    rows.append((self._rows, cells))
        except csv.Error as error:
            raise UnreadableError(
                Refused(
                    "import.broken_file",
                    N_("{path} is not readable as CSV in line {line}."),
                    N_("Check the quotation marks there."),
                    {"path": self._path, "line": self._lines + reader.line_num},
                )
            ) from error
        self._lines += reader.line_num
        return rows


def _tables(rows: Iterator[Row], width: int) -> Iterator[Table]:
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        yield table_of_rows(batch, width)


def _check_separator(path: Path, header: Sequence[str]) -> None:
    """Raise `UnreadableError` if the one column there is holds a whole header of its own."""
    if len(header) != 1:
        return
    for separator, name in SEPARATORS.items():
        if separator in header[0]:
            raise UnreadableError(
                Refused(
                    "import.separator",
                    N_("{path} separates its columns by {separator}."),
                    N_("Use commas: save it as “CSV UTF-8 (comma delimited)”."),
                    {"path": path, "separator": name},
                )
            )


def _encoding_of(path: Path) -> str:
    """Return the encoding in which the whole file reads; raises `UnreadableError` if none does."""
    for encoding in ENCODINGS:
        if _reads_as(encoding, path):
            return encoding
    raise UnreadableError(
        Refused(
            "import.encoding",
            N_("{path} is not a text in UTF-8 or GB18030."),
            N_("Save it as “CSV UTF-8”."),
            {"path": path},
        )
    )


def _reads_as(encoding: str, path: Path) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                if "\0" in decoder.decode(block):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _xlsx_file(path: Path) -> GoodsFile:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with path.open("rb") as opened:
            workbook = CalamineWorkbook.from_filelike(opened)
            table = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
            opened.seek(0)
            errors = error_cells(opened)
    except (CalamineError, SheetError) as error:
        raise _broken(path, N_("{path} is not an XLSX file, or it is protected.")) from error
    numbered = enumerate(table, 1)
    first, header = next(((row, cells) for row, cells in numbered if any(cells)), (0, []))
    wrong = errors.get(first, {})
    names = [wrong.get(place, str(cell)) for place, cell in enumerate(header)]
    codes = {place for place, name in enumerate(names) if name.strip().lower() == "barcodes"}
    done = 0

    def rows() -> Iterator[Row]:
        nonlocal done
        for done, cells in numbered:
            if done in errors:
                shown = errors[done]
                yield (
                    done,
                    [_cell_text(c, at in codes, shown.get(at)) for at, c in enumerate(cells)],
                )
            elif any(cell != "" for cell in cells):
                yield (
                    done,
                    [
                        c if type(c) is str else _cell_text(c, at in codes)
                        for at, c in enumerate(cells)
                    ],
                )

    return GoodsFile(names, _tables(rows(), len(names)), lambda: done, len(table))


def _cell_text(cell: object, is_code: bool, error: str | None = None) -> Given:
    """Return a spreadsheet's value as the text a person sees, or why it cannot be trusted.

    One that `is_code` is asked for leading zeros; other numbers have none to lose.
    """
    if error is not None:
        return _no_value(error)
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if not isinstance(cell, int | float):
        refused = _spoilt("import.cell_date", N_("The spreadsheet made a date or time of this."))
        return structs.replace(refused, moment=_moment(cell))
    if abs(cell) >= EXACT_BELOW:
        return _not_exact(cell)
    text = str(int(cell)) if cell == int(cell) else format(cell, ".15g")
    return _not_exact(cell) if is_code and _has_lost_zeros(text) else text


def _moment(cell: object) -> str:
    """Return a spreadsheet's day, or day and time to the second, as ISO text; else nothing."""
    if isinstance(cell, datetime):
        return (cell + timedelta(milliseconds=500)).replace(microsecond=0).isoformat()
    return cell.isoformat() if isinstance(cell, date) else ""


def _has_lost_zeros(text: str) -> bool:
    """Tell a barcode whose leading zeros a spreadsheet has dropped."""
    zeros = len(text) in range(7, 12) and len(text) not in GTIN_LENGTHS
    return zeros and text.isdigit() and check_digit_holds(text)


def _not_exact(cell: int | float) -> Spoilt:
    message = N_("The spreadsheet keeps {number} as a number and has lost digits of it.")
    return _spoilt("import.cell_precision", message, number=format(cell, ".15g"))


def _no_value(error: str) -> Spoilt:
    if not error:
        message = N_("The formula here was never calculated.")
        hint = N_("Open the list in the spreadsheet program and save it again.")
        return Spoilt(Refused("import.cell_formula", message, hint))
    message = N_("The spreadsheet shows the error {error} here.")
    hint = N_("Mend its formula, or type the value.")
    return Spoilt(Refused("import.cell_error", message, hint, {"error": error}))


def _spoilt(reason: str, message: str, **values: object) -> Spoilt:
    hint = N_("Format the column as text and type it again.")
    return Spoilt(Refused(reason, message, hint, values))


def _json_file(path: Path, columns: Sequence[str]) -> GoodsFile:
    decoder = msgspec.json.Decoder(float_hook=str)  # money stays text
    try:
        document = decoder.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _broken(path, N_("{path} is not JSON, or it breaks off.")) from error
    except RecursionError as error:
        raise _broken(path, N_("{path} is JSON nested without end, not a list.")) from error
    given = document.get("items") if isinstance(document, dict) else document
    objects = (
        {row: one for row, one in enumerate(given, 1) if isinstance(one, dict)}
        if isinstance(given, list)
        else {}
    )
    if not isinstance(given, list) or (given and not objects):
        raise UnreadableError(
            Refused(
                "import.json_shape",
                N_("{path} is not a list of items."),
                N_("Write a JSON list with one object per item."),
                {"path": path},
            )
        )
    names, problems = _json_columns(objects, columns)
    problems += [
        Problem(row, "", _no_object()) for row in range(1, len(given) + 1) if row not in objects
    ]
    done = 0

    def rows() -> Iterator[Row]:
        nonlocal done
        for done, one in objects.items():
            yield done, [_json_text(one[name]) if name in one else None for name in names]

    def tables() -> Iterator[Table]:
        found = tuple(problems)
        for table in _tables(rows(), len(names)):
            yield structs.replace(table, problems=(*found, *table.problems))
            found = ()

    return GoodsFile(names, tables(), lambda: done, len(given))


def _json_columns(
    objects: Mapping[int, dict[str, Any]], columns: Sequence[str]
) -> tuple[list[str], list[Problem]]:
    """Return the columns that objects have; a key that is none of them is a problem of its row.

    One that every object has is a column all the same: the list as a whole is refused for it.
    """
    names = list(dict.fromkeys(name for one in objects.values() for name in one))
    strange = {name for name in names if name.strip() and name.strip().lower() not in columns}
    strange -= {name for name in strange if all(name in one for one in objects.values())}
    if not strange:
        return names, []
    problems = [
        Problem(row, name, unknown_column(name, columns))
        for row, one in objects.items()
        for name in one
        if name in strange
    ]
    return [name for name in names if name not in strange], problems


def _no_object() -> Refused:
    return Refused(
        "import.json_item",
        N_("This is not an item."),
        N_("Write an object with the columns as keys."),
    )


def _json_text(value: Any) -> Given:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "|".join(value)
    return Spoilt(
        Refused(
            "import.json_value",
            N_("This is neither a text nor a number."),
            N_("Write it as a text, or as a list of texts."),
        )
    )


def _broken(path: Path, message: str) -> UnreadableError:
    return UnreadableError(
        Refused("import.broken_file", message, N_("Save it again."), {"path": path})
    )
