"""Whole columns of a goods list at once: what nearly every list has is checked a hundred times
quicker than cell by cell. Whatever is not plain comes back as None and is read cell by cell.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from pos.rules.columns import MOST_ID, MOST_NAME

Texts = Sequence[str]
_DIGIT_VALUES = bytes(max(0, byte - ord("0")) for byte in range(256))
_MULTIPLES_OF_TEN = frozenset(range(0, 256, 10))


def plain_ids(cells: Texts) -> Texts | None:
    """Return skus or offer ids as they are, if all are printable ASCII without spaces."""
    joined = "".join(cells)
    plain = joined.isascii() and joined.isprintable() and " " not in joined
    return cells if plain and len(max(cells, key=len)) <= MOST_ID else None


def plain_initials(cells: Texts) -> Texts | None:
    """Return mnemonics as they are, if all are small letters and digits."""
    joined = "".join(cells)
    plain = joined.isascii() and (joined.isalnum() or not joined) and joined == joined.lower()
    return cells if plain and len(max(cells, key=len)) <= MOST_ID else None


def plain_names(cells: Texts) -> Texts | None:
    """Return names without the spaces around them, if all are plain lines."""
    names = list(map(str.strip, cells))
    return names if "".join(names).isprintable() and len(max(names, key=len)) <= MOST_NAME else None


def plain_barcodes(cells: Texts) -> Sequence[tuple[str]] | None:
    """Return barcodes, if all cells hold one EAN-13 with a right check digit.

    The digits of one place stand side by side in a number of many bytes, so that one addition
    adds a column: a weighted sum is at most 225 and fits its byte.
    """
    joined = "".join(cells)
    if set(map(len, cells)) != {13} or not (joined.isascii() and joined.isdigit()):
        return None
    digits = joined.encode().translate(_DIGIT_VALUES)
    places = [int.from_bytes(digits[place::13], "big") for place in range(13)]
    sums = sum(places[::2]) + 3 * sum(places[1::2])
    holds = _MULTIPLES_OF_TEN.issuperset(sums.to_bytes(len(cells), "big"))
    return list(zip(cells, strict=True)) if holds else None


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
