"""Enrolment: both sides prove the code, the till proves its key, and nobody else learns a thing."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec import structs

from sync.rules import enrolling
from sync.rules.certificate import install_of
from sync.rules.enrolling import Ask, Code, Given
from sync.rules.refusal import Refused

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
ASK = Ask(install_of(PUBLIC), PUBLIC, b"n" * 12)
GIVEN = Given("hub", b"h" * 32, b"s" * 32, b"c" * 110, 7, "ZZ-01", 1, "zhengzhou", b"p" * 32)


def code(entropy: bytes = bytes(range(13))) -> Code:
    read = enrolling.read_code(enrolling.make_code(entropy))
    assert isinstance(read, Code)
    return read


def asked(at: Code | None = None) -> bytes:
    return enrolling.ask(at or code(), ASK, KEY.sign)


def opened(data: bytes, at: Code | None = None) -> Ask | Refused:
    message = enrolling.read_message(data)
    assert isinstance(message, enrolling.Message)
    return enrolling.read_ask(at or code(), message)


def reason(value: object) -> str:
    assert isinstance(value, Refused), value
    return value.reason


def test_a_code_is_five_groups_of_four_and_forgives_how_it_is_typed() -> None:
    text = enrolling.make_code(bytes(range(13)))
    assert [len(group) for group in text.split("-")] == [4] * 5
    for typed in (text.lower(), text.replace("-", ""), f"  {text} ", text.replace("0", "o")):
        assert enrolling.read_code(typed) == code()


@pytest.mark.parametrize(
    "typed", ["", "ABCD", "ABCD-EFGH-JKMN-PQRS-TVW", "ABCD-EFGH-JKMN-PQRS-TVW!"]
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert reason(enrolling.read_code(typed)) == "enrol.bad_code"


@for_all(st.binary(min_size=13, max_size=13), st.binary(min_size=13, max_size=13))
def test_codes_carry_a_hundred_bits(one: bytes, other: bytes) -> None:
    same = int.from_bytes(one, "big") >> 4 == int.from_bytes(other, "big") >> 4
    assert (enrolling.make_code(one) == enrolling.make_code(other)) == same


def test_both_sides_learn_what_the_other_said() -> None:
    request = asked()
    assert opened(request) == ASK
    answer = enrolling.give(code(), request, GIVEN)
    assert enrolling.read_given(code(), request, answer) == GIVEN


def test_the_phone_key_and_the_code_do_not_show_on_the_wire() -> None:
    request = asked()
    message = enrolling.read_message(enrolling.give(code(), request, GIVEN))
    assert isinstance(message, enrolling.Message)
    shown = msgspec.json.decode(message.payload, type=Given)
    assert GIVEN.phone_key not in shown.phone_key
    assert code().secret not in request + msgspec.json.encode(message)


def test_another_code_convinces_neither_side() -> None:
    other = code(b"x" * 13)
    request = asked()
    assert reason(opened(request, other)) == "enrol.not_authentic"
    answer = enrolling.give(other, request, GIVEN)
    assert reason(enrolling.read_given(code(), request, answer)) == "enrol.not_authentic"


def test_an_answer_to_another_request_is_refused() -> None:
    request = asked()
    later = enrolling.ask(code(), structs.replace(ASK, nonce=b"m" * 12), KEY.sign)
    answer = enrolling.give(code(), request, GIVEN)
    assert reason(enrolling.read_given(code(), later, answer)) == "enrol.not_authentic"


def test_a_till_cannot_enrol_a_key_that_it_does_not_hold() -> None:
    stranger = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    assert reason(opened(enrolling.ask(code(), ASK, stranger.sign))) == "enrol.not_authentic"


@pytest.mark.parametrize(
    "bad", [structs.replace(ASK, install="../etc"), structs.replace(ASK, nonce=b"")]
)
def test_a_malformed_request_is_refused_even_with_the_code(bad: Ask) -> None:
    assert reason(opened(enrolling.ask(code(), bad, KEY.sign))) == "enrol.unreadable"


@for_all(st.integers(0, 10_000), st.integers(1, 255))
def test_no_changed_byte_passes(place: int, change: int) -> None:
    request = asked()
    answer = enrolling.give(code(), request, GIVEN)
    at = place % len(answer)
    changed = answer[:at] + bytes([answer[at] ^ change]) + answer[at + 1 :]
    read = enrolling.read_given(code(), request, changed)
    assert isinstance(read, Refused) or read == GIVEN


@for_all(st.binary(max_size=300))
def test_noise_is_one_clear_refusal(noise: bytes) -> None:
    assert reason(enrolling.read_message(noise)) == "enrol.unreadable"


def test_a_message_has_a_most_size() -> None:
    assert reason(enrolling.read_message(b" " * (8 * 1024 + 1))) == "enrol.unreadable"
