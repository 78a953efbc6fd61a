"""The signed token behind a receipt's QR."""

import base64
from datetime import date

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pos.rules.receipt_token import (
    ReceiptToken,
    read_receipt_token,
    receipt_link,
    write_receipt_token,
)
from sync.rules.refusal import Refused

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
INSTALL = "ab" * 16
TOKEN = ReceiptToken(
    install=INSTALL,
    order_id="019aa9d5-5b00-7000-8000-000000000007",
    day=date(2026, 11, 22),
    paid_fen=123_456_789_012,
)


def verify(install: str, signature: bytes, data: bytes) -> bool:
    try:
        KEY.public_key().verify(signature, data)
    except InvalidSignature:
        return False
    return install == INSTALL


def test_a_token_reads_back() -> None:
    text = write_receipt_token(TOKEN, KEY.sign)
    assert read_receipt_token(text, verify) == TOKEN
    assert read_receipt_token(f" {text.lower()}\n", verify) == TOKEN


def test_it_is_made_of_letters_that_qr_codes_pack_tightly() -> None:
    text = write_receipt_token(TOKEN, KEY.sign)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:")
    assert len(text) == 172


@pytest.mark.parametrize("place", [0, 1, 20, 35, 40, 41, 104])
def test_nothing_in_it_can_be_altered(place: int) -> None:
    text = write_receipt_token(TOKEN, KEY.sign)
    signed = bytearray(base64.b32decode(text[4:]))
    signed[place] ^= 1
    answer = read_receipt_token("XR1:" + base64.b32encode(signed).decode(), verify)
    assert isinstance(answer, Refused)


@pytest.mark.parametrize("text", ["", "XR1:", "XR1:1", "XR1:AAAA", "PM1:AAAA", "XR1:毛尖"])
def test_what_is_no_token(text: str) -> None:
    answer = read_receipt_token(text, verify)
    assert isinstance(answer, Refused)
    assert answer.reason == "receipt.bad_token"


def test_the_page_is_a_setting() -> None:
    assert receipt_link("XR1:A", "") == "XR1:A"
    assert receipt_link("XR1:A", "https://example.com/r/{token}") == "https://example.com/r/XR1:A"
