"""PLUS cards: 17 signed bytes that any till verifies without a network.

A card is text in QR codes: `PM1:` and base32 (no padding) of

    content 17 ‖ till's certificate 110 (only on a card sold at an enrolled till) ‖ signature 64

The content is big-endian: version u8, plan u8, center u8, serial 6 bytes, from u16, until u16
(days since 2020-01-01), issuer's counter u32. The version says who signed: 1 the hub, 2 a till
with the certificate inside, 3 a till that could not show one (provisional). The Ed25519
signature covers `xuanpin.card.1\\0` ‖ content ‖ certificate.
"""

import base64
import binascii
import struct
from datetime import date
from typing import Literal

import msgspec

from membership.rules.plan import PLUS
from sync.rules import certificate as certificates
from sync.rules.certificate import CERTIFICATE_BYTES, Sign, day_number, day_of
from sync.rules.refusal import N_, Refused
from sync.rules.signatures import SIGNATURE_BYTES, verify

State = Literal["active", "expired", "provisional", "revoked", "invalid"]
PREFIX = "PM1:"
BY_HUB, BY_TILL, PROVISIONAL = 1, 2, 3
SERIAL_BYTES = 6
CONTENT_BYTES = 17
MOST_COUNTER = 2**32 - 1
_DOMAIN = b"xuanpin.card.1\0"
_LAYOUT = struct.Struct(">BBB6sHHI")
_HALF_WIDTH = {0xFF01 + code: 0x21 + code for code in range(0x5E)}

_KEEP_SELLING = N_("Sell at retail prices and tell the membership desk.")
_DAMAGED = Refused(
    "card.damaged",
    N_("This PLUS card's code is incomplete or damaged."),
    N_("Scan the whole QR code again."),
)
_UNKNOWN_KIND = Refused(
    "card.unknown_kind",
    N_("This PLUS card is of a kind that this till does not know."),
    N_("Update the till's program; until then retail prices apply."),
)
_FORGED = Refused(
    "card.forged",
    N_("This PLUS card is not genuine: its signature does not match."),
    _KEEP_SELLING,
)
_FOREIGN_TILL = Refused(
    "card.certificate",
    N_("This PLUS card was sold by a till that the hub does not vouch for."),
    _KEEP_SELLING,
)
_WRONG_CENTER = Refused(
    "card.center",
    N_("This PLUS card names a center other than that of the till that sold it."),
    _KEEP_SELLING,
)
_COUNTER_OUTSIDE = Refused(
    "card.counter",
    N_("This PLUS card's number was never granted to the till that sold it."),
    _KEEP_SELLING,
)
_DAY_OUTSIDE = Refused(
    "card.certificate_dates",
    N_("This PLUS card starts on a day on which its till might not sell cards."),
    _KEEP_SELLING,
)
_PROVISIONAL_ELSEWHERE = Refused(
    "card.provisional_elsewhere",
    N_("This provisional PLUS card is altered, or was sold at another till."),
    N_("Scan it again; until the hub has confirmed it, it is good only where it was sold."),
)
_NO_HUB_KEY = Refused(
    "card.no_hub_key",
    N_("This till cannot check PLUS cards yet: it is not enrolled."),
    N_("Enrol it with a code from the hub: xuanpin sync enrol CODE."),
)
_REVOKED = Refused("card.revoked", N_("This PLUS membership was revoked."), _KEEP_SELLING)
_REVOKED_TILL = Refused(
    "card.revoked_till",
    N_("This PLUS card was sold by a till that had been revoked."),
    _KEEP_SELLING,
)


class Card(msgspec.Struct, frozen=True):
    """A card's content; `serial` is 12 hex digits, `until` is the last valid day."""

    plan: int
    center: int
    serial: str
    from_day: date
    until: date
    counter: int


class CardStanding(msgspec.Struct, frozen=True):
    """What a till thinks of a card on a day; `refused` says why it is not accepted.

    `state` is `provisional` for a card of this till's own that the hub has not confirmed yet.
    `card` is None unless its signature holds.
    """

    state: State
    card: Card | None
    refused: Refused | None

    @property
    def accepted(self) -> bool:
        """Tell whether PLUS prices apply."""
        return self.state in ("active", "provisional")


class SignedCard(msgspec.Struct, frozen=True):
    """A card's parts as read; nothing in it is believed before `standing_of` checked it."""

    version: int
    card: Card
    certificate: bytes
    signed: bytes
    signature: bytes

    @property
    def seller(self) -> str:
        """Return the install id of the till that says it sold the card; empty for other cards."""
        return certificates.install_named(self.certificate) if self.certificate else ""


class Confirmation(msgspec.Struct, frozen=True):
    """The hub's word on a provisional card: the same card, signed by the hub, and whose key."""

    card: SignedCard
    sold_by: bytes


class Trust(msgspec.Struct, frozen=True):
    """What a till goes by: the hub's key, its own key, what was revoked, and the day.

    Without `hub_public` (a till not enrolled) only its own provisional cards can be checked.
    `seller_revoked` says that the card's own till was revoked and no longer good for its counter.
    """

    hub_public: bytes | None
    own_public: bytes | None
    revoked: frozenset[str]
    today: date
    seller_revoked: bool = False
    confirmation: Confirmation | None = None


def encode(card: Card, version: int) -> bytes:
    """Return a card's 17 content bytes; days and numbers must fit their fields."""
    return _LAYOUT.pack(
        version,
        card.plan,
        card.center,
        bytes.fromhex(card.serial),
        day_number(card.from_day),
        day_number(card.until),
        card.counter,
    )


def sign_card(
    card: Card, sign: Sign, certificate: bytes | None = None, *, provisional: bool = False
) -> str:
    """Return the signed card as text.

    With `certificate` it is a card sold at that till; with `provisional` one that a till signs
    without a certificate; with neither, `sign` is the hub's.
    """
    assert not (provisional and certificate), "a certified till needs no provisional card"
    version = PROVISIONAL if provisional else BY_TILL if certificate else BY_HUB
    signed = encode(card, version) + (certificate or b"")
    return PREFIX + _base32(signed + sign(_DOMAIN + signed))


def looks_like_card(text: str) -> bool:
    """Tell whether a scan or typed text says that it is a card, readable or not."""
    return _folded(text).startswith(PREFIX)


def decode_card(text: str) -> SignedCard | Refused:
    """Split a card's text into its parts, in any letter case and width, spaces around it.

    Refused: what is not a card, is damaged, or is of a version this till does not know.
    Exactly one text (but for case) stands for the same bytes.
    """
    folded = _folded(text)
    if not folded.startswith(PREFIX):
        return Refused(
            "card.not_a_card",
            N_("This is not a PLUS card."),
            N_("A card's code starts with PM1: and is scanned from its QR code."),
        )
    data = _from_base32(folded.removeprefix(PREFIX))
    if data is None or len(data) < CONTENT_BYTES:
        return _DAMAGED
    inside = {BY_HUB: 0, BY_TILL: CERTIFICATE_BYTES, PROVISIONAL: 0}.get(data[0])
    if inside is None or data[1] != PLUS:
        return _UNKNOWN_KIND
    if len(data) != CONTENT_BYTES + inside + SIGNATURE_BYTES:
        return _DAMAGED
    version, plan, center, serial, from_day, until, counter = _LAYOUT.unpack(data[:CONTENT_BYTES])
    card = Card(plan, center, serial.hex(), day_of(from_day), day_of(until), counter)
    signed = data[:-SIGNATURE_BYTES]
    return SignedCard(
        version, card, signed[CONTENT_BYTES:], _DOMAIN + signed, data[-SIGNATURE_BYTES:]
    )


def standing_of(signed: SignedCard, trust: Trust) -> CardStanding:
    """Judge a card: its signature first, then revocation, then its days."""
    card = signed.card
    forged = _doubt(signed, trust)
    if forged is not None:
        return CardStanding("invalid", None, forged)
    if card.serial in trust.revoked:
        return CardStanding("revoked", card, _REVOKED)
    if trust.seller_revoked:
        return CardStanding("revoked", card, _REVOKED_TILL)
    if trust.today < card.from_day:
        refused = Refused(
            "card.not_yet_valid",
            N_("This PLUS card is valid only from {day}."),
            N_("Check this till's date."),
            {"day": card.from_day.isoformat()},
        )
        return CardStanding("invalid", card, refused)
    if trust.today > card.until:
        refused = Refused(
            "card.expired",
            N_("This PLUS membership expired after {day}."),
            N_("Offer to join again; until then retail prices apply."),
            {"day": card.until.isoformat()},
        )
        return CardStanding("expired", card, refused)
    unconfirmed = signed.version == PROVISIONAL and _confirmation(signed, trust) is None
    return CardStanding("provisional" if unconfirmed else "active", card, None)


def _doubt(signed: SignedCard, trust: Trust) -> Refused | None:
    """Say why a card is not believed, whatever the day; None when it is."""
    if signed.version == PROVISIONAL:
        confirmation = _confirmation(signed, trust)
        signers = (trust.own_public, confirmation.sold_by if confirmation else None)
        known = any(signer and _signed_by(signer, signed) for signer in signers)
        return None if known else _PROVISIONAL_ELSEWHERE
    if trust.hub_public is None:
        return _NO_HUB_KEY
    if signed.version == BY_HUB:
        return None if _signed_by(trust.hub_public, signed) else _FORGED
    return _doubt_of_till(signed, trust.hub_public)


def _confirmation(signed: SignedCard, trust: Trust) -> Confirmation | None:
    """Return the hub's confirmation if it is of exactly this card, and the hub's indeed."""
    confirmation = trust.confirmation
    if confirmation is None or trust.hub_public is None:
        return None
    by_hub = confirmation.card
    same = by_hub.version == BY_HUB and by_hub.card == signed.card
    return confirmation if same and _signed_by(trust.hub_public, by_hub) else None


def _doubt_of_till(signed: SignedCard, hub_public: bytes) -> Refused | None:
    """Check a card sold at a till: certificate, signature, then what the certificate grants."""
    certificate = certificates.read(signed.certificate, hub_public)
    if isinstance(certificate, Refused):
        return _FOREIGN_TILL
    if not _signed_by(certificate.public_key, signed):
        return _FORGED
    card = signed.card
    if card.center != certificate.center:
        return _WRONG_CENTER
    if not certificate.grants(card.counter):
        return _COUNTER_OUTSIDE
    if not certificate.covers(card.from_day):
        return _DAY_OUTSIDE
    return None


def _signed_by(public: bytes, signed: SignedCard) -> bool:
    return verify(public, signed.signature, signed.signed)


def _folded(text: str) -> str:
    half = text.translate(_HALF_WIDTH).strip()
    return half.upper() if half.isascii() else half


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=")


def _from_base32(text: str) -> bytes | None:
    """Decode base32 without padding; None unless it is exactly what encoding would write."""
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    return data if _base32(data) == text else None
