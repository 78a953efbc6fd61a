"""The bytes of a receipt → what the paper shows: lines with their sizes, symbols, the cut.

A small interpreter of the commands that our receipts use. It feeds the preview on the screen,
the picture of a receipt, and the tests, so that all of them see what the printer sees.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import structs
from wcwidth import wcswidth

from pos.rules.blocks import Align, Barcode, Block, Cut, OpenDrawer, QrCode, Row
from pos.rules.escpos import ALIGNS, CODE128
from pos.rules.paper import Paper, columns_of, paper_of

_WAYS_WIDE = 0x70
_WAYS_TALL = 0x07
_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")


class UnreadableBytes(ValueError):  # noqa: N818 - named after what was found
    """A command that no receipt of ours holds, or one that was cut short."""


class _Head(msgspec.Struct):
    """The printer's state while it reads."""

    style: Row
    module_dots: int = 3
    qr_text: str = ""


def read_blocks(data: bytes) -> tuple[Block, ...]:
    """Interpret a document; raises `UnreadableBytes` on what no receipt of ours holds."""
    head = _Head(Row())
    found: list[Block] = []
    line = bytearray()
    at = 0
    while at < len(data):
        if data[at] in (0x1B, 0x1C, 0x1D):
            length = _length(data, at)
            found += _obeyed(head, data[at : at + length])
            at += length
            continue
        if data[at] == 0x0A:
            found.append(_row(head, line))
            line.clear()
        elif data[at] < 0x20:
            raise UnreadableBytes(f"{data[at]:02x} at byte {at}")
        else:
            line.append(data[at])
        at += 1
    if line:
        found.append(_row(head, line))
    return tuple(found)


def read_text(data: bytes, columns: int | None = None) -> str:
    """Draw a document as lines of text in screen columns; symbols become a line in brackets.

    Without `columns` the paper is taken for the narrowest that holds every line.
    """
    blocks = read_blocks(data)
    width = columns or paper_for(blocks).columns
    return "\n".join(line.rstrip() for block in blocks for line in _lines(block, width))


def paper_for(blocks: Sequence[Block]) -> Paper:
    """Return the narrowest paper on which no line of a document breaks."""
    rows = (block for block in blocks if isinstance(block, Row))
    widest = max((columns_of(row.text) * (1 + row.wide) for row in rows), default=0)
    narrow = paper_of(58)
    return narrow if widest <= narrow.columns else paper_of(80)


def _length(data: bytes, at: int) -> int:
    """Return how many bytes the command at this place has."""
    name = data[at : at + 2]
    length = _FIXED_LENGTHS.get(name, 0)
    if name == b"\x1d(" and data[at + 2 : at + 3] == b"k":
        length = 5 + int.from_bytes(data[at + 3 : at + 5], "little")
    elif name == b"\x1dk" and data[at + 2 : at + 3] == bytes((CODE128,)):
        length = 4 + int.from_bytes(data[at + 3 : at + 4], "little")
    if not 0 < length <= len(data) - at:
        raise UnreadableBytes(f"{data[at : at + 4].hex(' ')} at byte {at}")
    return length


_FIXED_LENGTHS = {
    b"\x1b@": 2,
    b"\x1c&": 2,
    b"\x1c.": 2,
    b"\x1ba": 3,
    b"\x1bE": 3,
    b"\x1bp": 5,
    b"\x1d!": 3,
    b"\x1dh": 3,
    b"\x1dw": 3,
    b"\x1dH": 3,
    b"\x1dV": 4,
}


def _obeyed(head: _Head, command: bytes) -> Iterator[Block]:
    """Change the printer's state, or yield what the command prints."""
    name, value = command[:2], command[-1]
    if name == b"\x1b@":
        head.style = Row()
    elif name == b"\x1ba":
        head.style = structs.replace(head.style, align=_align(value))
    elif name == b"\x1bE":
        head.style = structs.replace(head.style, bold=bool(value & 1))
    elif name == b"\x1d!":
        wide, tall = bool(value & _WAYS_WIDE), bool(value & _WAYS_TALL)
        head.style = structs.replace(head.style, wide=wide, tall=tall)
    elif name == b"\x1bp":
        yield OpenDrawer()
    elif name == b"\x1dV":
        yield Cut()
    elif name == b"\x1dk":
        yield _barcode(command[4:])
    elif name == b"\x1d(":
        yield from _qr(head, command[5:])


def _row(head: _Head, line: bytearray) -> Row:
    try:
        return structs.replace(head.style, text=line.decode("gbk"))
    except UnicodeDecodeError as error:
        raise UnreadableBytes(str(error)) from error


def _align(value: int) -> Align:
    if value >= len(ALIGNS):
        raise UnreadableBytes(f"alignment {value}")
    return ALIGNS[value]


def _barcode(data: bytes) -> Barcode:
    if data[:2] != b"{C" or len(data) == 2 or max(data[2:]) > 99:
        raise UnreadableBytes(f"Code128 {data[:2]!r}")
    return Barcode("".join(f"{pair:02}" for pair in data[2:]))


def _qr(head: _Head, parts: bytes) -> Iterator[QrCode]:
    function, values = parts[:2], parts[2:]
    if function not in (b"1A", b"1C", b"1E", b"1P", b"1Q") or not values:
        raise UnreadableBytes(f"QR function {parts!r}")
    if function == b"1C":
        head.module_dots = values[0]
    elif function == b"1P":
        head.qr_text = values[1:].decode("utf-8", "replace")
    elif function == b"1Q":
        yield QrCode(head.qr_text, head.module_dots)


def _lines(block: Block, columns: int) -> list[str]:
    match block:
        case Row():
            return [_placed(_on_screen(block.text), block.align, columns)]
        case Barcode():
            return [_placed(f"[||| {block.digits} |||]", "center", columns)]
        case QrCode():
            room = columns - len("[QR …]")
            text = block.text if len(block.text) <= room else block.text[:room] + "…"
            return [_placed(f"[QR {text}]", "center", columns)]
        case Cut():
            return ["- " * (columns // 2)]
        case _:
            return []


def _placed(text: str, align: Align, columns: int) -> str:
    spare = max(0, columns - wcswidth(text))
    return {"left": "", "center": " " * (spare // 2), "right": " " * spare}[align] + text


def _on_screen(text: str) -> str:
    """Widen the gaps behind characters that are narrower on a screen than on paper."""
    drawn = ""
    end = 0
    for gap in _GAP.finditer(text):
        before = text[end : gap.start()]
        drawn += before + gap[0] + " " * (columns_of(before) - max(0, wcswidth(before)))
        end = gap.end()
    return drawn + text[end:]
