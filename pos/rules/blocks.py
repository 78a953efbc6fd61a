"""What stands on a printed slip, block by block, before it becomes bytes for a printer."""

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of printable text; `wide` and `tall` double it, `bold` thickens it."""

    text: str = ""
    align: Align = "left"
    wide: bool = False
    tall: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Barcode:
    """A Code128-C of an even number of digits, centered, without text below."""

    digits: str


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code at level M, centered; `module_dots` is a module's side."""

    text: str
    module_dots: int


@dataclass(frozen=True, slots=True)
class OpenDrawer:
    """Kick the cash drawer open."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Feed to the knife and cut."""


Block = Row | Barcode | QrCode | OpenDrawer | Cut
