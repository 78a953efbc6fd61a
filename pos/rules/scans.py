"""What a scan means while the counter waits for an item or a member.

The same digits can be a scale's label or a wallet's payment code, so a scan is read by what the
screen waits for (here an item; `payment_codes` for a payment), never by its prefix alone.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec
from msgspec import structs

from membership.rules.card import PREFIX as CARD_PREFIX
from pos.rules.basket import MOST_QUANTITY
from pos.rules.codes import (
    GTIN_LENGTHS,
    PLU,
    bad_check_digit,
    check_digit_holds,
    half_width,
    is_digits,
    lookup_codes,
    validate_barcode,
)
from pos.rules.payment_codes import wallet_of
from pos.rules.receipt_number import is_receipt_number
from pos.rules.settings import ScaleLayout
from sync.rules.refusal import N_, Refused

MOST_CHARACTERS = 400
FNC1 = "\x1d"
_QUANTITY = re.compile(r"\s*([-+]?[0-9][0-9.,]*)\s*\*\s*(.*)", re.DOTALL)
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_GS1_NUMBER = re.compile(r"(?:^|[(/\x1d]|^\][A-Za-z][0-9])01[)/]?([0-9]{14})")
_GS1_SYMBOLOGIES = ("]C1", "]e0", "]d2", "]Q3", "]J1")
_OFFER_PATH = re.compile(r"/offer/([0-9]+)\.html?", re.IGNORECASE)
_OFFER_HOSTS = ("detail.1688.com", "m.1688.com", "detail.m.1688.com")
_SHORT_HOST = "qr.1688.com"


class ItemCode(msgspec.Struct, frozen=True):
    """A code to look up: `candidates` are its equal spellings, as scanned first."""

    code: str
    candidates: tuple[str, ...]
    quantity: int = 1


class ScaleLabel(msgspec.Struct, frozen=True):
    """A weighed or priced label; `candidates` spell its PLU as the catalogue does."""

    plu: str
    amount_fen: int | None
    weight_g: int | None
    code: str
    candidates: tuple[str, ...]


class OfferLink(msgspec.Struct, frozen=True):
    """A 1688 offer's page; ids are text."""

    offer_id: str
    quantity: int = 1


class CardText(msgspec.Struct, frozen=True):
    """A PLUS card's text, not yet verified."""

    text: str


class Words(msgspec.Struct, frozen=True):
    """Anything else: a sku or a code of the house to try first, else words to search for."""

    text: str
    quantity: int = 1


Scan = ItemCode | ScaleLabel | OfferLink | CardText | Words


def read_scan(text: str, layouts: Sequence[ScaleLayout]) -> Scan | Refused:
    """Read what was scanned or typed while the counter waits for an item or a member.

    `3*` in front means three pieces, of anything but a weighed label or a card. Wrong check
    digits, payment codes, receipts and short links are refused, each with its own reason.

    >>> read_scan("３＊９５２０１２３４５６７８８", ())
    ItemCode(code='9520123456788', candidates=('9520123456788', '09520123456788'), quantity=3)
    >>> read_scan("2200301012346", (ScaleLayout("22PPPPPWWWWWC"),)).weight_g
    1234
    """
    plain = half_width(text).strip()
    match = _QUANTITY.fullmatch(plain)
    scan = _read_one(match[2].strip() if match else plain, layouts)
    if match is None or isinstance(scan, Refused):
        return scan
    return _multiplied(scan, match[1])


def _multiplied(scan: Scan, digits: str) -> Scan | Refused:
    if isinstance(scan, ScaleLabel):
        return Refused(
            "scan.quantity_of_label",
            N_("A weighed label counts once, not {quantity} times."),
            N_("Scan each label by itself."),
            {"quantity": digits},
        )
    if isinstance(scan, CardText):
        return Refused(
            "scan.quantity_of_card",
            N_("A PLUS card is scanned without a quantity."),
            N_("Scan the card again."),
        )
    is_short = digits.isdigit() and len(digits) <= len(str(MOST_QUANTITY))
    quantity = int(digits) if is_short else 0
    if not 1 <= quantity <= MOST_QUANTITY:
        return Refused(
            "scan.quantity",
            N_("{quantity} is not a quantity."),
            N_("Type 1 to {most} in front of *."),
            {"quantity": digits, "most": MOST_QUANTITY},
        )
    return structs.replace(scan, quantity=quantity)


def _read_one(text: str, layouts: Sequence[ScaleLayout]) -> Scan | Refused:
    if not text:
        return Refused("scan.empty", N_("Nothing was scanned."), N_("Scan or type a code."))
    if len(text) > MOST_CHARACTERS:
        return Refused(
            "scan.too_long",
            N_("A code of {length} characters is no item."),
            N_("Scan it again."),
            {"length": len(text)},
        )
    if text[: len(CARD_PREFIX)].upper() == CARD_PREFIX:
        return CardText(text)
    if text.lower().startswith(("http://", "https://")):
        return _read_link(text)
    if text[: len(PLU)].upper() == PLU:
        code = validate_barcode(text)
        return code if isinstance(code, Refused) else _item_code(code)
    if text.startswith((*_GS1_SYMBOLOGIES, FNC1, "(01)")):
        return _read_gs1(text)
    bare = _SYMBOLOGY.sub("", text, count=1) if text.startswith("]") else text
    digits = bare.replace(" ", "")
    if is_digits(digits):
        return _read_digits(digits, layouts)
    if bare.startswith("01") and len(bare) > 16 and is_digits(bare[:16]):
        return _read_gs1(bare)
    return Words(" ".join(bare.split()))


def _read_digits(code: str, layouts: Sequence[ScaleLayout]) -> Scan | Refused:
    for layout in layouts:
        if _is_drawn_as(layout.label, code):
            return _read_label(code, layout)
    if len(code) in GTIN_LENGTHS:
        return _item_code(code) if check_digit_holds(code) else bad_check_digit(code)
    is_element_string = len(code) >= 16 and code.startswith("01")
    if is_element_string and check_digit_holds(code[2:16]):
        return _read_gs1(code)
    if is_receipt_number(code):
        return Refused(
            "scan.receipt",
            N_("This is a receipt's number, not an item."),
            N_("Scan the goods themselves."),
        )
    if wallet_of(code) is not None:
        return Refused(
            "scan.payment_code",
            N_("This looks like a payment code, not an item."),
            N_("Open the payment first, then scan it."),
        )
    return _read_gs1(code) if is_element_string else Words(code)


def _item_code(code: str) -> ItemCode:
    return ItemCode(code, lookup_codes(code))


def _is_drawn_as(drawing: str, code: str) -> bool:
    """Tell whether a code has a drawing's length and its fixed digits."""
    prefix = drawing[: drawing.index("P")]
    return len(code) == len(drawing) and code.startswith(prefix)


def _read_label(code: str, layout: ScaleLayout) -> ScaleLabel | Refused:
    if layout.check and "C" in layout.label and not check_digit_holds(code):
        return bad_check_digit(code)
    plu = _field(code, layout.label, "P")
    amount, weight = (_field(code, layout.label, part) for part in "AW")
    if (amount and not int(amount)) or (weight and not int(weight)):
        return Refused(
            "scan.empty_label",
            N_("The label {code} weighs or costs nothing."),
            N_("Weigh the goods again and print a new label."),
            {"code": code},
        )
    return ScaleLabel(
        plu=plu,
        amount_fen=int(amount) * layout.amount_unit_fen if amount else None,
        weight_g=int(weight) * layout.weight_unit_g if weight else None,
        code=code,
        candidates=lookup_codes(PLU + plu),
    )


def _field(code: str, drawing: str, part: str) -> str:
    return "".join(digit for digit, drawn in zip(code, drawing, strict=True) if drawn == part)


def _read_gs1(text: str) -> ItemCode | Refused:
    """Take the GTIN out of a GS1 element string or Digital Link; biip knows their grammar."""
    import biip  # 0.2 s to import, so only once such a code turns up
    from biip.gs1_messages import GS1Message

    number = _GS1_NUMBER.search(text)
    if number is not None and not check_digit_holds(number[1]):
        return bad_check_digit(number[1])
    try:
        if text.startswith("("):
            parts = GS1Message.parse_hri(text).element_strings
            gtin = next((part.gtin for part in parts if part.gtin), None)
        else:
            gtin = biip.parse(text).gtin
    except biip.ParseError:
        gtin = None
    if gtin is None:
        return Refused(
            "scan.gs1",
            N_("No item number can be read from “{text}”."),
            N_("Scan it again, or scan the EAN code on the goods."),
            {"text": text.replace(FNC1, " ")},
        )
    return _item_code(gtin.as_gtin_14().lstrip("0").zfill(13))


def _read_link(text: str) -> OfferLink | ItemCode | Refused:
    try:
        link = urlsplit(text)
        host = (link.hostname or "").lower()
    except ValueError:
        return _unknown_link(text)
    offer = _OFFER_PATH.fullmatch(link.path)
    if host in _OFFER_HOSTS and offer:
        return OfferLink(offer[1])
    if host == _SHORT_HOST:
        return Refused(
            "scan.short_link",
            N_("A short link ({text}) needs the network to be read."),
            N_("Scan the code on the goods, or search by name."),
            {"text": text},
        )
    if "/01/" in link.path:
        return _read_gs1(link.geturl())
    return _unknown_link(text)


def _unknown_link(text: str) -> Refused:
    return Refused(
        "scan.unknown_link",
        N_("The link {text} leads to no item."),
        N_("Scan the code on the goods, or search by name."),
        {"text": text},
    )
