"""What a scan means while the counter waits for an item, or for a payment.

The same digits can be a scale's label or a wallet's payment code, so a scan is read by what the
screen waits for (`read_scan`, `read_wallet_code`), never by its prefix alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pos.rules.order import Method
from pos.rules.settings import ScaleLayout
from sync.rules.refusal import N_, Refused


@dataclass(frozen=True, slots=True)
class ItemCode:
    """A code to look up: `candidates` are its equal spellings, as scanned first."""

    code: str
    candidates: tuple[str, ...]
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class ScaleLabel:
    """A weighed or priced label; `candidates` spell its PLU as the catalogue does."""

    plu: str
    amount_fen: int | None
    weight_g: int | None
    code: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferLink:
    """A 1688 offer's page; ids are text."""

    offer_id: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class CardText:
    """A PLUS card's text, not yet verified."""

    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """Anything else: a sku or an in-house code to try first, else words to search for."""

    text: str
    quantity: int = 1


Scan = ItemCode | ScaleLabel | OfferLink | CardText | Words


@dataclass(frozen=True, slots=True)
class WalletCode:
    """A payment code the visitor shows; never stored, never shown."""

    method: Method
    code: str


def read_scan(text: str, layouts: Sequence[ScaleLayout]) -> Scan | Refused:
    """Read what was scanned or typed while the counter waits for an item or a member.

    `3*` in front means three pieces. Wrong check digits, payment codes, receipts and short
    links are refused, each with its own reason.
    """
    raise NotImplementedError


def read_wallet_code(text: str) -> WalletCode | Refused:
    """Read a payment code while the counter waits for a payment."""
    raise NotImplementedError


def lookup_codes(code: str) -> tuple[str, ...]:
    """Return the spellings under which the catalogue may hold a code, as given first.

    EAN-13, EAN-8, UPC-A and GTIN-14 are one number with other leading zeros.
    """
    raise NotImplementedError


def validate_barcode(text: str) -> str | Refused:
    """Check a barcode for the catalogue and return it tidied; `PLU:00301` is one too."""
    raise NotImplementedError
