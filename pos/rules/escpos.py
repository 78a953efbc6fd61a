"""Blocks → the bytes of an ESC/POS printer that speaks GB18030.

Text is GBK within GB18030, in Hanzi mode from the first byte. Sizes are set by `GS !`, which
printers obey for hanzi where they ignore `ESC !`.
"""

from collections.abc import Iterable, Iterator

from pos.rules.blocks import Align, Barcode, Block, Cut, OpenDrawer, QrCode, Row
from pos.rules.paper import Paper
from sync.rules.symbols import code128_modules

INIT = b"\x1b@\x1c&"
OPEN_DRAWER = b"\x1bp\x00\x19\xfa"
CUT = b"\x1dVB\x00"
ALIGNS: tuple[Align, ...] = ("left", "center", "right")
CODE128 = 73
BAR_HEIGHT_DOTS = 64
_QUIET_MODULES = 10
_QR_MODEL_2 = b"1A2\x00"
_QR_LEVEL_M = b"1E1"
_QR_PRINT = b"1Q0"


def encode(blocks: Iterable[Block], paper: Paper) -> bytes:
    """Return one document's bytes, from the printer's reset to the cut."""
    return INIT + b"".join(_encoded(blocks, paper))


def _encoded(blocks: Iterable[Block], paper: Paper) -> Iterator[bytes]:
    style = b""
    for block in blocks:
        match block:
            case Row():
                wanted = _style(block)
                if wanted != style:
                    yield wanted
                    style = wanted
                yield block.text.encode("gb18030") + b"\n"
            case Barcode():
                style = b""
                yield _style(Row(align="center")) + _barcode(block, paper)
            case QrCode():
                style = b""
                yield _style(Row(align="center")) + _qr_code(block)
            case OpenDrawer():
                yield OPEN_DRAWER
            case Cut():
                yield CUT


def _style(row: Row) -> bytes:
    size = 0x10 * row.wide + 0x01 * row.tall
    return bytes((0x1B, ord("a"), ALIGNS.index(row.align), 0x1D, ord("!"), size)) + bytes(
        (0x1B, ord("E"), int(row.bold))
    )


def bar_dots(digits: str, paper: Paper) -> int:
    """Return how many dots a barcode's module takes: as many as fit with both quiet zones."""
    modules = len(code128_modules(digits)) + 2 * _QUIET_MODULES
    return min(3, max(1, paper.dots // modules))


def _barcode(block: Barcode, paper: Paper) -> bytes:
    """Print in code set C, without text below."""
    width = bar_dots(block.digits, paper)
    pairs = bytes(int(block.digits[at : at + 2]) for at in range(0, len(block.digits), 2))
    data = b"{C" + pairs
    return (
        bytes((0x1D, ord("h"), BAR_HEIGHT_DOTS, 0x1D, ord("w"), width, 0x1D, ord("H"), 0))
        + bytes((0x1D, ord("k"), CODE128, len(data)))
        + data
    )


def _qr_code(block: QrCode) -> bytes:
    parts = (
        _QR_MODEL_2,
        b"1C" + bytes((block.module_dots,)),
        _QR_LEVEL_M,
        b"1P0" + block.text.encode(),
        _QR_PRINT,
    )
    return b"".join(b"\x1d(k" + len(part).to_bytes(2, "little") + part for part in parts)
