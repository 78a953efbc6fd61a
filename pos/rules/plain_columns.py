"""Whole columns of a goods list at once: what nearly every list has is checked a hundred times
quicker than cell by cell. Whatever is not plain comes back as None and is read cell by cell.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from pos.rules.columns import MOST_ID, MOST_NAME

Texts = Sequence[str]
_GRAPHIC = bytes(range(ord("!"), ord("~") + 1))
_SMALL = b"abcdefghijklmnopqrstuvwxyz0123456789"
_DIGIT_VALUES = bytes(max(0, byte - ord("0")) for byte in range(256))
_MULTIPLES_OF_TEN = frozenset(range(0, 256, 10))


def plain_ids(cells: Texts) -> Texts | None:
    """Return skus or offer ids as they are, if all are printable ASCII without spaces."""
    return cells if _holds_only(_GRAPHIC, cells) and max(map(len, cells)) <= MOST_ID else None


def plain_initials(cells: Texts) -> Texts | None:
    """Return mnemonics as they are, if all are small letters and digits."""
    return cells if _holds_only(_SMALL, cells) and max(map(len, cells)) <= MOST_ID else None


def plain_names(cells: Texts) -> Texts | None:
    """Return names without the spaces around them, if all are plain lines."""
    names = list(map(str.strip, cells))
    return names if "".join(names).isprintable() and max(map(len, names)) <= MOST_NAME else None


def plain_barcodes(cells: Texts) -> Sequence[tuple[str]] | None:
    """Return barcodes, if all cells hold one EAN-13 with a right check digit.

    The digits of one place stand side by side in a number of many bytes, so that one addition
    adds a column: a weighted sum is at most 225 and fits its byte.
    """
    if set(map(len, cells)) != {13} or not _holds_only(b"0123456789", cells):
        return None
    digits = "".join(cells).encode().translate(_DIGIT_VALUES)
    places = [int.from_bytes(digits[place::13], "big") for place in range(13)]
    sums = sum(places[::2]) + 3 * sum(places[1::2])
    holds = _MULTIPLES_OF_TEN.issuperset(sums.to_bytes(len(cells), "big"))
    return list(zip(cells, strict=True)) if holds else None


def _holds_only(characters: bytes, cells: Texts) -> bool:
    joined = "".join(cells)
    return joined.isascii() and not joined.encode().translate(None, characters)


PLAIN: Mapping[str, Callable[[Texts], Sequence[object] | None]] = MappingProxyType(
    {
        "sku": plain_ids,
        "name_zh": plain_names,
        "name_en": plain_names,
        "barcodes": plain_barcodes,
        "offer_id": plain_ids,
        "mnemonic": plain_initials,
    }
)
