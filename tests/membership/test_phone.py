"""Phone numbers: read as typed, kept so that nobody without a key can tell them."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from membership.rules.phone import (
    ENTROPY_BYTES,
    PhoneToken,
    normalise,
    phone_hash,
    phone_token,
    stored_display,
)
from sync.rules.refusal import Refused
from sync.rules.sealing import unseal

from .certified import HUB_SEAL, PHONE_KEY

HUB_SEAL_PUBLIC = HUB_SEAL.public_key().public_bytes_raw()
NUMBER = "13800131234"
mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


def token_of(text: str) -> PhoneToken:
    token = phone_token(text, PHONE_KEY, HUB_SEAL_PUBLIC, os.urandom(ENTROPY_BYTES))
    assert isinstance(token, PhoneToken)
    return token


@pytest.mark.parametrize(
    "typed",
    [
        NUMBER,
        " 138 0013 1234 ",
        "138-0013-1234",
        "１３８００１３１２３４",
        "１３８ ００１３ １２３４",
        "+86 13800131234",
        "＋８６　１３８００１３１２３４",
        "8613800131234",
        "008613800131234",
        "(+86) 138.0013.1234",
    ],
)
def test_a_number_is_read_however_it_is_typed(typed: str) -> None:
    assert normalise(typed) == NUMBER


@pytest.mark.parametrize(
    "typed",
    ["", "1380013123", "138001312345", "12800131234", "03716666888", "138OO131234", "١٣٨٠٠١٣١٢٣٤"],
)
def test_what_is_no_mobile_number_is_refused_without_repeating_it(typed: str) -> None:
    refused = normalise(typed)
    assert isinstance(refused, Refused)
    assert refused.reason == "phone.not_a_number"
    assert typed not in refused.values.values()


@given(mobiles)
def test_reading_a_read_number_changes_nothing(number: str) -> None:
    assert normalise(number) == number


def test_the_keyed_hash_is_fixed_for_all_time() -> None:
    assert phone_hash(NUMBER, PHONE_KEY) == (
        "6bbf79ae1b4492990635de9b5ad15badba40d7adea6ef3cdece51175d3651e70"
    )


@given(mobiles, st.binary(min_size=32, max_size=32))
def test_another_key_or_number_gives_another_hash(number: str, other_key: bytes) -> None:
    known = phone_hash(NUMBER, PHONE_KEY)
    assert (phone_hash(number, PHONE_KEY) == known) == (number == NUMBER)
    assert (phone_hash(NUMBER, other_key) == known) == (other_key == PHONE_KEY)


@given(mobiles)
def test_a_token_holds_the_number_for_the_hub_alone(number: str) -> None:
    token = token_of(number)
    kept = token.hash.encode() + token.last4.encode() + token.private.salt + token.private.data
    assert number.encode() not in kept
    assert token.last4 == number[-4:]
    assert unseal(HUB_SEAL.private_bytes_raw(), token.private.data) == number.encode()


def test_sealing_a_number_twice_tells_nobody_that_it_is_the_same() -> None:
    first, second = token_of(NUMBER), token_of(NUMBER)
    assert first.hash == second.hash
    assert first.private.data != second.private.data
    assert first.private.digest() != second.private.digest()


def test_what_screens_show() -> None:
    assert stored_display("1234") == "****1234"
    assert stored_display("") == ""
