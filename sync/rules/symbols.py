"""Drawing a symbol: QR matrices and Code128 modules, for paper, screens and files alike."""

from collections.abc import Sequence
from typing import Literal

Matrix = tuple[tuple[bool, ...], ...]
Level = Literal["L", "M", "Q", "H"]

_LEVELS: dict[Level, int] = {"L": 1, "M": 0, "Q": 3, "H": 2}  # qrcode's own numbers


def qr_matrix(text: str, level: Level = "M") -> Matrix:
    """Return the smallest QR code of a text, dark modules True, without its quiet zone."""
    from qrcode.main import QRCode

    code = QRCode(error_correction=_LEVELS[level], border=0)
    code.add_data(text)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.modules)


def half_blocks(matrix: Matrix, quiet: int = 4) -> list[str]:
    """Draw a matrix in lines of half blocks, two modules a character, dark as ink.

    Show it black on white, said explicitly; the quiet zone is part of what a reader needs.
    """
    side = len(matrix) + 2 * quiet
    blank = (False,) * side
    padded = [blank] * quiet
    padded += [(False,) * quiet + row + (False,) * quiet for row in matrix]
    padded += [blank] * (quiet + side % 2)
    pairs = zip(padded[::2], padded[1::2], strict=True)
    return [_half_block_line(upper, lower) for upper, lower in pairs]


def _half_block_line(upper: Sequence[bool], lower: Sequence[bool]) -> str:
    glyphs = " ▄▀█"
    return "".join(glyphs[2 * up + low] for up, low in zip(upper, lower, strict=True))


def code128_modules(text: str) -> tuple[bool, ...]:
    """Return a Code128's bars (True) and spaces, one module each, without quiet zones.

    An even number of digits takes code set C: 20 digits are 145 modules.
    """
    from barcode.codex import Code128

    (row,) = Code128(text).build()
    return tuple(bit == "1" for bit in row)
