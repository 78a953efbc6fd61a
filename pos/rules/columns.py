"""The cells of a goods list, column by column: what each may hold, and why it is refused."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from pos.rules.code_keys import code_key
from pos.rules.codes import check_digit_holds, half_width, validate_barcode
from pos.rules.items import SHIPS_MAY, SHIPS_NEVER, SHIPS_ONLY, is_plan_sku
from sync.rules.money import parse_yuan
from sync.rules.refusal import N_, Refused

MOST_NAME = 100
MOST_ID = 64
MOST_WORD = 40
MOST_UNIT = 8
MOST_START_QUANTITY = 1_000_000
KILOGRAMS = frozenset({"kg", "公斤", "千克"})

_SKU = re.compile(r"\S{1,64}")
_INITIALS = re.compile(r"[!-{}~]{1,64}")
_ID = re.compile(r"[!-~]{1,64}")
_TIER = re.compile(r"(\d{1,7})(?:\.(\d{1,3}))?\s*[:：]\s*(.+)")

T = TypeVar("T")
Cell = Callable[[str], object]  # a value of the item's field, or a refusal


def read_sku(text: str) -> str | Refused:
    """Read a sku: 1 to 64 characters without spaces; an input method's wide forms are undone."""
    sku = half_width(text)
    if is_plan_sku(sku):
        return _refused(
            "import.plan_sku",
            N_("{text} is the sku of the PLUS plan, which is sold by itself."),
            N_("Give the item another sku."),
            text=text,
        )
    if _SKU.fullmatch(sku) and sku.isprintable():
        return sku
    return _refused(
        "import.sku",
        N_("“{text}” is not a sku."),
        N_("Up to 64 letters, digits and signs without spaces."),
        text=text,
    )


def read_name(text: str) -> str | Refused:
    """Read a name: one line of at most 100 characters."""
    return _line(text, MOST_NAME)


def read_word(text: str) -> str | Refused:
    """Read a source, factory, cluster or mix group: one line of at most 40 characters."""
    return _line(text, MOST_WORD)


def read_unit(text: str) -> str | Refused:
    """Read a unit such as 盒 or kg."""
    return _line(text, MOST_UNIT)


def read_price(text: str) -> int | Refused:
    """Read yuan with at most two decimals, as fen."""
    yuan, _, fen = text.partition(".")
    if len(fen) == 2 and len(yuan) <= 9 and text.isascii() and yuan.isdigit() and fen.isdigit():
        return int(yuan + fen)  # as nearly all are written
    return parse_yuan(text)


def read_kind(text: str) -> str | Refused:
    """Read `goods` or `bag`."""
    return _one_of(text, {"goods": "goods", "bag": "bag"})


def read_weighed(text: str) -> bool | Refused:
    """Read 0 or 1; a spreadsheet's FALSE or TRUE is meant the same."""
    return _one_of(text, {"0": False, "1": True, "false": False, "true": True})


def read_ships(text: str) -> int | Refused:
    """Read 0 never, 1 may, 2 only."""
    return _one_of(text, {"0": SHIPS_NEVER, "1": SHIPS_MAY, "2": SHIPS_ONLY})


def read_start_quantity(text: str) -> int | Refused:
    """Read how many pieces an order from the factory has at least: 1 to 1,000,000."""
    digits = half_width(text)
    if digits.isascii() and digits.isdigit() and len(digits) <= 7:
        quantity = int(digits)
        if 1 <= quantity <= MOST_START_QUANTITY:
            return quantity
    return _refused(
        "import.start_quantity",
        N_("“{text}” is not a start quantity."),
        N_("Write a whole number from 1 to {most}."),
        text=text,
        most=MOST_START_QUANTITY,
    )


def read_offer_id(text: str) -> str | Refused:
    """Read a 1688 offer's id, which is text."""
    if _ID.fullmatch(text):
        return text
    return _refused(
        "import.offer_id",
        N_("“{text}” is not an offer's id."),
        N_("Write the number that stands in the offer's link."),
        text=text,
    )


def read_mnemonic(text: str) -> str | Refused:
    """Read pinyin initials; several spellings are separated by `|`."""
    if text.isascii() and text.isalnum() and len(text) <= MOST_ID:
        return text.lower()
    spellings = [part.strip() for part in half_width(text).lower().split("|")]
    for spelling in spellings:
        if not _INITIALS.fullmatch(spelling):
            return _refused(
                "import.mnemonic",
                N_("“{text}” is not a mnemonic."),
                N_("Write pinyin initials such as xymj; several are separated by |."),
                text=text,
            )
    return "|".join(dict.fromkeys(spellings))


def read_barcodes(text: str) -> tuple[str, ...] | Refused:
    """Read barcodes separated by `|`; a scale's PLU is `PLU:00301`. Each number counts once."""
    if "|" not in text:
        if len(text) == 13 and text.isascii() and text.isdigit() and check_digit_holds(text):
            return (text,)  # as nearly all are
        code = validate_barcode(text)
        return code if isinstance(code, Refused) else (code,)
    found: dict[str, str] = {}
    for part in text.split("|"):
        code = validate_barcode(part)
        if isinstance(code, Refused):
            return code
        found.setdefault(code_key(code), code)
    return tuple(found.values())


def read_tiers(text: str) -> tuple[tuple[int, int], ...] | Refused:
    """Read `12:22.00|60:18.50` as (thousandths of the unit, fen), lowest quantity first.

    >>> read_tiers("60:18.50|12:22")
    ((12000, 2200), (60000, 1850))
    """
    tiers: dict[int, int] = {}
    for part in text.split("|"):
        match = _TIER.fullmatch(part.strip())
        price_fen = read_price(match[3]) if match else None
        start = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0")) if match else 0
        if price_fen is None or isinstance(price_fen, Refused) or not start or start in tiers:
            return _refused(
                "import.tiers",
                N_("“{text}” is not a list of quantity prices."),
                N_("Write quantity:price such as 12:22.00|60:18.50, each quantity once."),
                text=text,
            )
        tiers[start] = price_fen
    return tuple(sorted(tiers.items()))


def read_attributes(text: str) -> tuple[tuple[str, str], ...] | Refused:
    """Read `ccc=…|age=3+`: facts about the goods, each name once."""
    pairs: dict[str, str] = {}
    for part in text.split("|"):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value and part.strip().isprintable()) or name in pairs:
            return _refused(
                "import.attributes",
                N_("“{text}” is not a list of attributes."),
                N_("Write name=value such as age=3+|pack=6, each name once."),
                text=text,
            )
        pairs[name] = value
    return tuple(pairs.items())


# How a cell is read, and the item's field it becomes; `center` depends on the configuration.
CELLS: Mapping[str, tuple[str, Cell]] = MappingProxyType(
    {
        "sku": ("sku", read_sku),
        "kind": ("kind", read_kind),
        "barcodes": ("barcodes", read_barcodes),
        "name_zh": ("name_zh", read_name),
        "name_en": ("name_en", read_name),
        "unit": ("unit", read_unit),
        "retail": ("retail_fen", read_price),
        "plus": ("plus_fen", read_price),
        "tiers": ("tiers", read_tiers),
        "mix_group": ("mix_group", read_word),
        "source": ("source", read_word),
        "factory": ("factory", read_word),
        "cluster": ("cluster", read_word),
        "offer_id": ("offer_id", read_offer_id),
        "weighed": ("weighed", read_weighed),
        "ships": ("ships", read_ships),
        "start_quantity": ("start_quantity", read_start_quantity),
        "mnemonic": ("mnemonic", read_mnemonic),
        "attributes": ("attributes", read_attributes),
    }
)


def center_cell(known: frozenset[str]) -> Cell:
    """Return the reader of centers separated by `|`, all of which must be configured."""

    def read_centers(text: str) -> tuple[str, ...] | Refused:
        centers = tuple(dict.fromkeys(part.strip() for part in text.split("|")))
        for center in centers:
            if center not in known:
                return _refused(
                    "import.center",
                    N_("There is no center “{text}”."),
                    N_("Configured centers: {known}."),
                    text=center,
                    known=", ".join(sorted(known)),
                )
        return centers

    return read_centers


def _line(text: str, most: int) -> str | Refused:
    if len(text) <= most and text.isprintable():
        return text
    return _refused(
        "import.text",
        N_("This text is longer than {most} characters or not one plain line."),
        N_("Shorten it, and take line breaks and tabs out."),
        most=most,
    )


def _one_of(text: str, values: Mapping[str, T]) -> T | Refused:
    value = values.get(half_width(text).lower())
    if value is not None:
        return value
    return _refused(
        "import.choice",
        N_("“{text}” cannot stand here."),
        N_("Write one of {known}, or leave it empty."),
        text=text,
        known=", ".join(values),
    )


def _refused(reason: str, message: str, hint: str, **values: object) -> Refused:
    return Refused(reason, message, hint, values)
