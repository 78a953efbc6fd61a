"""A card is read on any till in any letter case, and altered in any byte on none."""

import base64
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import qrcode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from membership.rules.card import PREFIX, Card, Trust, decode_card, sign_card
from membership.rules.grant import make_grant
from sync.rules.refusal import Refused

from .certified import CARD, HUB, TILL, TODAY, card_texts, issuer_of, public_of, read_card

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
TRUST = Trust(public_of(HUB), public_of(TILL), frozenset(), TODAY)
ELSEWHERE = Trust(public_of(HUB), None, frozenset(), TODAY)
every_kind = pytest.mark.parametrize("text", card_texts().values(), ids=card_texts())


def raw_of(text: str) -> bytes:
    body = text.removeprefix(PREFIX)
    return base64.b32decode(body + "=" * (-len(body) % 8))


def text_of(raw: bytes) -> str:
    return PREFIX + base64.b32encode(raw).decode().rstrip("=")


@every_kind
def test_no_byte_of_a_card_can_be_altered(text: str) -> None:
    raw = raw_of(text)
    assert read_card(text, TRUST).accepted
    for at in range(len(raw)):
        for mask in (0x01, 0x80, 0xFF):
            altered = raw[:at] + bytes([raw[at] ^ mask]) + raw[at + 1 :]
            assert not read_card(text_of(altered), TRUST).accepted, (at, mask)


@every_kind
def test_no_character_of_a_card_can_be_altered(text: str) -> None:
    for at in range(len(PREFIX), len(text)):
        other = ALPHABET[(ALPHABET.index(text[at]) + 1) % len(ALPHABET)]
        assert not read_card(text[:at] + other + text[at + 1 :], TRUST).accepted, at


@every_kind
def test_no_card_can_be_cut_or_continued(text: str) -> None:
    raw = raw_of(text)
    for length in range(len(raw)):
        assert not read_card(text_of(raw[:length]), TRUST).accepted
    assert not read_card(text_of(raw + b"\0"), TRUST).accepted
    assert not read_card(text + text, TRUST).accepted


@given(choices=st.lists(st.sampled_from("ulf"), min_size=310, max_size=310), data=st.data())
def test_any_letter_case_and_width_is_read(choices: list[str], data: st.DataObject) -> None:
    text = sign_card(CARD, HUB.sign)
    spellings: dict[str, Callable[[str], str]] = {
        "u": str.upper,
        "l": str.lower,
        "f": lambda character: chr(ord(character) + 0xFEE0),
    }
    spelt = "".join(spellings[how](c) for how, c in zip(choices, text, strict=False))
    around = data.draw(st.text(" \t\n\u3000", max_size=3))
    assert read_card(around + spelt + around, TRUST) == read_card(text, TRUST)


@given(st.text())
def test_whatever_is_typed_is_refused_with_a_reason(typed: str) -> None:
    for text in (typed, PREFIX + typed):
        standing = read_card(text, TRUST)
        assert standing.state == "invalid"
        assert standing.refused is not None
        assert standing.refused.message


days = st.dates(date(2020, 1, 1), date(2199, 1, 1))
cards = st.builds(
    Card,
    plan=st.just(1),
    center=st.integers(0, 255),
    serial=st.binary(min_size=6, max_size=6).map(bytes.hex),
    from_day=days,
    until=days,
    counter=st.integers(0, 2**32 - 1),
)


@given(cards)
def test_a_card_says_what_was_signed(card: Card) -> None:
    signed = decode_card(sign_card(card, HUB.sign))
    assert not isinstance(signed, Refused)
    assert signed.card == card


@given(
    day=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    counter=st.integers(1000, 1049),
    serial=st.binary(min_size=6, max_size=6).map(bytes.hex),
    seed=st.binary(min_size=32, max_size=32),
    later=st.integers(0, 364),
)
def test_a_card_sold_at_one_till_is_good_at_another_that_never_heard_of_it(
    day: date, counter: int, serial: str, seed: bytes, later: int
) -> None:
    seller = Ed25519PrivateKey.from_private_bytes(seed)
    grant = make_grant(issuer_of(seller), counter, serial, day, years=1)
    assert not isinstance(grant, Refused)
    standing = read_card(grant.text, structs.replace(ELSEWHERE, today=day + timedelta(days=later)))
    assert standing.state == "active"
    assert standing.card == grant.card


@pytest.mark.parametrize(("kind", "version"), [("hub", 6), ("till", 10), ("provisional", 6)])
def test_cards_fit_the_symbols_they_are_printed_in(kind: str, version: int) -> None:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(card_texts()[kind])
    code.make()
    assert code.version == version
