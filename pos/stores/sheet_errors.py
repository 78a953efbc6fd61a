"""Cells of a workbook's first sheet that have no value, but an error (#N/A …) or a formula.

calamine reads both as if nothing stood there.
"""

import posixpath
import re
from typing import IO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_SUSPECT = re.compile(rb"""\bt\s*=\s*["']e["']|<(?:\w+:)?f[\s/>]""")
_OVERLAP = 64
_BLOCK = 1 << 20
_LETTERS = re.compile(r"[A-Z]+")
MOST_SHOWN = 20


class SheetError(ValueError):
    """The workbook is not kept as ISO/IEC 29500 says."""


def error_cells(workbook: IO[bytes]) -> dict[int, dict[int, str]]:
    """Return what cells with errors show, by row (from 1) and column (from 0).

    That is nothing for a formula that no spreadsheet program has calculated yet. The file is one
    that calamine could read. Raises `SheetError` where its sheet is not found.
    """
    try:
        with ZipFile(workbook) as parts:
            sheet = _first_sheet(parts)
            with parts.open(sheet) as xml:
                if not _may_have_errors(xml):
                    return {}
            with parts.open(sheet) as xml:
                return _Cells().read(xml)
    except (BadZipFile, KeyError, StopIteration, expat.ExpatError) as error:
        raise SheetError(str(error)) from error


def _first_sheet(parts: ZipFile) -> str:
    name = next(iter(_attributes(parts, _WORKBOOK, "sheet")))["id"]
    relations = _attributes(parts, _RELATIONS, "Relationship")
    target = next(each["Target"] for each in relations if each["Id"] == name)
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _attributes(parts: ZipFile, part: str, element: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == element:
            found.append({_local(key): value for key, value in attributes.items()})

    parser = _parser()
    parser.StartElementHandler = start
    with parts.open(part) as xml:
        parser.ParseFile(xml)
    return found


def _may_have_errors(xml: IO[bytes]) -> bool:
    """Look for an error or a formula: most lists have none, and need no parsing."""
    before = b""
    while block := xml.read(_BLOCK):
        if _SUSPECT.search(before + block):
            return True
        before = block[-_OVERLAP:]
    return False


class _Cells:
    """A sheet being read for its errors; cells may leave out where they stand."""

    def __init__(self) -> None:
        self._found: dict[int, dict[int, str]] = {}
        self._row = 0
        self._column = -1
        self._type = ""
        self._is_formula = False
        self._in_value = False
        self._shown = ""

    def read(self, xml: IO[bytes]) -> dict[int, dict[int, str]]:
        """Read the whole sheet; raises `ExpatError`."""
        parser = _parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.ParseFile(xml)
        return self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "row":
                self._row = int(attributes.get("r", self._row + 1))
                self._column = -1
            case "c":
                place = _LETTERS.match(attributes.get("r", ""))
                self._column = self._column + 1 if place is None else _column(place[0])
                self._type = attributes.get("t", "")
                self._is_formula = self._in_value = False
                self._shown = ""
            case "f":
                self._is_formula = True
            case "v":
                self._in_value = True

    def _text(self, text: str) -> None:
        if self._in_value:
            self._shown += text

    def _end(self, name: str) -> None:
        match _local(name):
            case "v":
                self._in_value = False
            case "c" if self._type == "e" or self._is_uncalculated():
                self._found.setdefault(self._row, {})[self._column] = self._shown[:MOST_SHOWN]

    def _is_uncalculated(self) -> bool:
        # A formula that came to an empty text is of the type `str`.
        return self._is_formula and self._type != "str" and not self._shown


def _column(letters: str) -> int:
    """Return a column's number, from 0.

    >>> [_column(letters) for letters in ("A", "Z", "AA")]
    [0, 25, 26]
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _parser() -> expat.XMLParserType:
    return expat.ParserCreate(namespace_separator=" ")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
