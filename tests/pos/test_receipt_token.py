"""The signed token behind a receipt's QR."""

from datetime import date

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from pos.rules.receipt_token import ReceiptToken, receipt_link, write_receipt_token

from .receipt_codes import read_token, signed_bytes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
TOKEN = ReceiptToken(
    install="ab" * 16,
    order_id="019aa9d5-5b00-7000-8000-000000000007",
    day=date(2026, 11, 22),
    paid_fen=123_456_789_012,
)


def test_a_token_reads_back() -> None:
    signed = signed_bytes(write_receipt_token(TOKEN, KEY.sign))
    assert read_token(signed, PUBLIC) == TOKEN


@pytest.mark.parametrize("day", [date(1970, 1, 1), date(2019, 12, 31), date(2999, 1, 1)])
def test_a_till_whose_clock_was_lost_still_makes_its_receipts(day: date) -> None:
    signed = signed_bytes(write_receipt_token(structs.replace(TOKEN, day=day), KEY.sign))
    nearest = date(2020, 1, 1) if day.year < 2020 else date(2199, 6, 6)
    assert read_token(signed, PUBLIC) == structs.replace(TOKEN, day=nearest)


def test_it_is_made_of_letters_that_qr_codes_pack_tightly() -> None:
    text = write_receipt_token(TOKEN, KEY.sign)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:")
    assert len(text) == 172


@pytest.mark.parametrize("place", [0, 1, 20, 35, 40, 41, 104])
def test_nothing_in_it_can_be_altered(place: int) -> None:
    signed = bytearray(signed_bytes(write_receipt_token(TOKEN, KEY.sign)))
    signed[place] ^= 1
    with pytest.raises(InvalidSignature):
        read_token(bytes(signed), PUBLIC)


def test_the_page_is_a_setting() -> None:
    assert receipt_link("XR1:A", "") == "XR1:A"
    assert receipt_link("XR1:A", "https://example.com/r/{token}") == "https://example.com/r/XR1:A"
