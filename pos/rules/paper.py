"""Receipt paper: how many columns text takes there, what it can print, and where lines break.

A column of paper is a byte of GBK: hanzi take two, but so do `·` and `é`, which are narrow on a
screen. What GBK lacks prints as `□`, so that a printer never guesses.
"""

import re
import unicodedata
from collections.abc import Iterator

import msgspec

COLUMN_DOTS = 12  # font A
_MISSING = "□"
_TRANSLATED = str.maketrans({"¥": "￥", "—": "－", "–": "-", "\xa0": " ", "\t": " ", "\n": " "})
_WORDS = re.compile(r"[!-~]+|\s+|.", re.DOTALL)
_NEVER_FIRST = frozenset("，。、；：？！）》】”’％,.;:?!)%")


class Paper(msgspec.Struct, frozen=True):
    """A roll: columns of font A, and dots across its printed width."""

    columns: int
    dots: int


def paper_of(width_mm: int) -> Paper:
    """Return the paper of 58 mm (32 columns) or 80 mm (48 columns)."""
    columns = {58: 32, 80: 48}[width_mm]
    return Paper(columns, columns * COLUMN_DOTS)


def printable(text: str) -> str:
    """Translate text into what a GB18030 printer prints: one line, no control characters.

    >>> printable("¥3.50 — 100²")
    '￥3.50 － 100□'
    """
    composed = unicodedata.normalize("NFC", text).translate(_TRANSLATED)
    return "".join(character if _in_gbk(character) else _MISSING for character in composed)


def columns_of(text: str) -> int:
    """Count the columns that printable text takes on paper.

    >>> columns_of("毛尖·250g")
    10
    """
    return len(text.encode("gbk"))


def fill(left: str, right: str, columns: int) -> str:
    """Write two texts at the two edges of one line; at least one space stays between them."""
    return left + " " * max(1, columns - columns_of(left) - columns_of(right)) + right


def spread(left: str, right: str, columns: int) -> list[str]:
    """Write two texts at the two edges, on one line or, where they do not fit, on several."""
    if columns_of(left) + 1 + columns_of(right) <= columns:
        return [fill(left, right, columns)]
    rest = [" " * (columns - columns_of(part)) + part for part in wrap(right, columns)]
    return wrap(left, columns) + rest


def flush_right(text: str, columns: int) -> str:
    """Write text at the right edge of so many columns."""
    return " " * (columns - columns_of(text)) + text


def wrap(text: str, columns: int) -> list[str]:
    """Break printable text into lines: between hanzi, at spaces, never before a closing sign.

    A word wider than the line is cut. The text's own characters all stay, but spaces at breaks.
    """
    lines = [""]
    for piece in _pieces(text, columns):
        if columns_of(lines[-1]) + columns_of(piece) <= columns:
            lines[-1] += piece
        elif piece.isspace():
            lines.append("")
        else:
            kept, moved = _carried_over(lines[-1], piece, columns)
            lines[-1] = kept
            lines.append(moved + piece)
    trimmed = [lines[0].rstrip(), *(line.strip() for line in lines[1:])]
    return [line for line in trimmed if line] or [""]


def _carried_over(line: str, piece: str, columns: int) -> tuple[str, str]:
    """Take the last hanzi along to the next line when a closing sign would begin it."""
    hanzi_before = len(line) > 1 and not line[-1].isascii()
    if piece[0] in _NEVER_FIRST and hanzi_before and columns_of(line[-1] + piece) <= columns:
        return line[:-1], line[-1]
    return line, ""


def _pieces(text: str, columns: int) -> Iterator[str]:
    for word in _WORDS.findall(text):
        for start in range(0, len(word), columns):
            yield word[start : start + columns]


def _in_gbk(character: str) -> bool:
    if unicodedata.category(character)[0] == "C":
        return False
    try:
        character.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True
