"""Challenges and signed answers: what fits one request fits no other."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync.rules.challenge import (
    CHALLENGE_MS,
    Challenge,
    Presented,
    is_challenge,
    make_challenge,
    read_challenge,
    read_headers,
    request_headers,
    signed_content,
)
from sync.rules.refusal import Refused
from sync.rules.signed_answer import ENVELOPE_BYTES, make_answer, read_answer

NOW = 1_795_000_000_000
KEY = Ed25519PrivateKey.from_private_bytes(b"h" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()


def mac(data: bytes) -> bytes:
    return hmac.digest(b"the hub's", data, "sha256")


def other_mac(data: bytes) -> bytes:
    return hmac.digest(b"another's", data, "sha256")


def reason(value: object) -> str:
    assert isinstance(value, Refused), value
    return value.reason


@given(nonce=st.binary(min_size=16, max_size=16), age_ms=st.integers(0, CHALLENGE_MS - 1))
def test_a_challenge_is_read_back_within_its_minute(nonce: bytes, age_ms: int) -> None:
    text = make_challenge(nonce, NOW, mac)
    assert is_challenge(text)
    assert read_challenge(text, NOW + age_ms, mac) == Challenge(nonce, NOW + CHALLENGE_MS)


@pytest.mark.parametrize("age_ms", [CHALLENGE_MS, CHALLENGE_MS + 1, 10**9, -2 * CHALLENGE_MS])
def test_a_challenge_is_good_at_no_other_time(age_ms: int) -> None:
    text = make_challenge(bytes(16), NOW, mac)
    assert reason(read_challenge(text, NOW + age_ms, mac)) == "request.expired"


def test_another_hub_does_not_know_a_challenge() -> None:
    assert (
        reason(read_challenge(make_challenge(bytes(16), NOW, other_mac), NOW, mac))
        == "request.challenge"
    )


@given(place=st.integers(0, 53), letter=st.sampled_from("Aa0-_z="))
def test_no_altered_challenge_is_good(place: int, letter: str) -> None:
    text = make_challenge(b"0123456789abcdef", NOW, mac)
    altered = text[:place] + letter + text[place + 1 :]
    read = read_challenge(altered, NOW, mac)
    # Two bits of the last letter carry nothing; the challenge that is read is then the same one.
    assert isinstance(read, Refused) or read == read_challenge(text, NOW, mac)


@given(text=st.text(max_size=80))
def test_noise_is_no_challenge(text: str) -> None:
    assert reason(read_challenge(text, NOW, mac)) == "request.challenge"


def test_what_is_signed_tells_apart_every_part_of_a_request() -> None:
    parts = ("hub", "challenge", "POST", "/v1/x?a=1", b"body")
    contents = {signed_content(*parts)}
    contents.add(signed_content("hubc", "hallenge", "POST", "/v1/x?a=1", b"body"))
    contents.add(signed_content("hub", "challeng", "ePOST", "/v1/x?a=1", b"body"))
    contents.add(signed_content("hub", "challenge", "POST", "/v1/x?a=2", b"body"))
    contents.add(signed_content("hub", "challenge", "GET", "/v1/x?a=1", b"body"))
    contents.add(signed_content("hub", "challenge", "POST", "/v1/x?a=1", b"bodY"))
    assert len(contents) == 6


def test_headers_are_read_back() -> None:
    headers = request_headers(b"content", "c" * 54, bytes(110), KEY.sign)
    read = read_headers(headers)
    assert read == Presented("c" * 54, bytes(110), KEY.sign(b"content"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("xuanpin-challenge", ""),
        *[
            (name, value)
            for name in ("xuanpin-certificate", "xuanpin-signature")
            for value in ("", "?", "A" * 87 + "=", "A" * 5000, "é" * 88, "é" * 148)
        ],
    ],
)
def test_headers_of_another_form_are_refused(name: str, value: str) -> None:
    headers = request_headers(b"content", "c" * 54, bytes(110), KEY.sign)
    assert reason(read_headers({**headers, name: value})) == "request.unsigned"


@given(content=st.binary(max_size=3000))
def test_an_answer_is_read_back_for_its_own_request_only(content: bytes) -> None:
    request, other = hashlib.sha256(b"1").digest(), hashlib.sha256(b"2").digest()
    data = make_answer(content, request, KEY.sign)
    assert len(data) <= len(content) + ENVELOPE_BYTES
    assert read_answer(data, PUBLIC, request) == content
    assert reason(read_answer(data, PUBLIC, other)) == "answer.forged"
    assert reason(read_answer(data, bytes(32), request)) == "answer.forged"


@given(noise=st.binary(max_size=200))
def test_noise_is_no_answer(noise: bytes) -> None:
    assert reason(read_answer(noise, PUBLIC, bytes(32))) in {"answer.malformed", "answer.forged"}
