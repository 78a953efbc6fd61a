"""A hub and tills with fixed keys, for the tests of the membership desk."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from membership.rules.card import (
    Card,
    CardStanding,
    Trust,
    decode_card,
    sign_card,
    standing_of,
)
from membership.rules.grant import Authority, Issuer
from sync.keys import HubKeys, write_phone_key
from sync.rules.certificate import Certificate, day_number, issue
from sync.rules.refusal import Refused
from sync.services.till import OpenTill
from sync.stores.enrolment import Enrolment, write_enrolment

TODAY = date(2026, 11, 22)
NOON_MS = 1_795_320_000_000  # 2026-11-22 12:00 in China
DAY_MS = 86_400_000
PHONE_KEY = bytes(range(32))
FIRST_COUNTER, COUNTERS = 1000, 50


def hub_keys(directory: Path) -> HubKeys:
    """Return the hub's keys; the keys of its centers lie under `directory`."""
    seal_public = HUB_SEAL.public_key().public_bytes_raw()
    return HubKeys("f" * 32, public_of(HUB), seal_public, directory, HUB, HUB_SEAL)


def key_of(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def public_of(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


HUB, TILL, OTHER_TILL = key_of(1), key_of(2), key_of(3)
HUB_SEAL = X25519PrivateKey.from_private_bytes(bytes([9]) * 32)
CARD = Card(1, 1, "00a1b2c3d4e5", TODAY, date(2027, 11, 22), FIRST_COUNTER)


def authority_of(till_public: bytes, *, center: int = 1) -> Authority:
    """Certify a till for 2026, with card counters 1000 … 1049."""
    start, end = day_number(date(2026, 1, 1)), day_number(date(2026, 12, 31))
    certificate = Certificate(7, center, start, end, FIRST_COUNTER, COUNTERS, till_public)
    return Authority(issue(certificate, HUB.sign), certificate)


def issuer_of(till: Ed25519PrivateKey, *, center: int = 1) -> Issuer:
    return Issuer(till.sign, center, authority_of(public_of(till), center=center))


def card_texts() -> dict[str, str]:
    """Return the same card as the hub, a certified till and an uncertified one sign it."""
    return {
        "hub": sign_card(CARD, HUB.sign),
        "till": sign_card(CARD, TILL.sign, authority_of(public_of(TILL)).data),
        "provisional": sign_card(CARD, TILL.sign, provisional=True),
    }


def read_card(text: str, trust: Trust) -> CardStanding:
    """Say what a till that trusts so thinks of a card's text, as its desk does."""
    signed = decode_card(text)
    if isinstance(signed, Refused):
        return CardStanding("invalid", None, signed)
    return standing_of(signed, trust)


def enrol(till: OpenTill, *, center: int = 1) -> None:
    """Enrol an open till at the hub, without a network."""
    enrolment = Enrolment(
        hub_url="http://hub.example",
        hub_id="f" * 32,
        hub_public=public_of(HUB),
        hub_seal_public=HUB_SEAL.public_key().public_bytes_raw(),
        certificate=authority_of(till.keys.public, center=center).data,
        number=7,
        center=center,
        name="ZZ-01",
        enrolled_at_ms=NOON_MS,
    )
    with till.journal.transaction() as db:
        write_enrolment(db, enrolment)
    write_phone_key(till.directory, PHONE_KEY)


@dataclass
class SetClock:
    """A clock that stands where a test puts it."""

    at_ms: int = NOON_MS

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> int:
        return self.at_ms - NOON_MS

    def boot_lasts(self) -> bool:
        return True

    def boot_id(self) -> str:
        return "boot"
