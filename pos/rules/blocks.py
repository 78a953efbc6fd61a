"""What stands on a printed slip, block by block, before it becomes bytes for a printer."""

from typing import Literal

import msgspec

Align = Literal["left", "center", "right"]


class Row(msgspec.Struct, frozen=True):
    """One line of printable text; `wide` and `tall` double it, `bold` thickens it."""

    text: str = ""
    align: Align = "left"
    wide: bool = False
    tall: bool = False
    bold: bool = False


class Barcode(msgspec.Struct, frozen=True):
    """A Code128-C of an even number of digits, centered, without text below."""

    digits: str


class QrCode(msgspec.Struct, frozen=True):
    """A QR code at level M, centered; `module_dots` is a module's side."""

    text: str
    module_dots: int


class OpenDrawer(msgspec.Struct, frozen=True):
    """Kick the cash drawer open."""


class Cut(msgspec.Struct, frozen=True):
    """Feed to the knife and cut."""


Block = Row | Barcode | QrCode | OpenDrawer | Cut
