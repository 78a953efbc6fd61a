"""The till's rules by their own examples: marks, clock jumps, pauses, replies."""

import doctest
from types import ModuleType

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync.rules import days, hub_address, hub_clock, marks, pacing, runs
from sync.rules.refusal import Refused
from sync.rules.reply import Mark, Reply, make_reply, read_reply

HUB = Ed25519PrivateKey.from_private_bytes(b"h" * 32)
PUBLIC = HUB.public_key().public_bytes_raw()
DIGEST = b"d" * 32


@pytest.mark.parametrize(
    "module",
    [days, hub_address, hub_clock, marks, pacing, runs],
    ids=lambda module: module.__name__,
)
def test_the_examples_in_the_docstrings_hold(module: ModuleType) -> None:
    tried = doctest.testmod(module)
    assert tried.attempted > 0
    assert tried.failed == 0


@given(every_ms=st.integers(1, 600_000), failures=st.integers(1, 10_000))
def test_a_pause_grows_and_is_never_longer_than_five_minutes(every_ms: int, failures: int) -> None:
    pause_ms = pacing.longest_pause_ms(every_ms, failures)
    assert pause_ms <= pacing.longest_pause_ms(every_ms, failures + 1) <= pacing.MOST_PAUSE_MS


def reply(marks_: tuple[Mark, ...] = (Mark("1-aa", 3, b"x" * 32),)) -> Reply:
    return Reply(DIGEST, "a" * 32, "b" * 32, marks_, 1_795_000_000_000, ("gap",))


def test_a_reply_reads_back_as_signed() -> None:
    assert read_reply(make_reply(reply(), HUB.sign), PUBLIC, DIGEST) == reply()


def test_a_reply_with_any_bit_changed_is_refused() -> None:
    data = make_reply(reply(), HUB.sign)
    for place in range(len(data) * 8):
        at, bit = divmod(place, 8)
        altered = data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]
        assert isinstance(read_reply(altered, PUBLIC, DIGEST), Refused), place


@given(data=st.binary(max_size=200))
def test_noise_is_no_reply(data: bytes) -> None:
    assert isinstance(read_reply(data, PUBLIC, DIGEST), Refused)


@pytest.mark.parametrize("seq", [-1, 2**63])
def test_a_mark_no_journal_can_have_is_refused(seq: int) -> None:
    data = make_reply(reply((Mark("1-aa", seq, b""),)), HUB.sign)
    assert isinstance(read_reply(data, PUBLIC, DIGEST), Refused)


def test_a_signed_text_that_is_no_reply_is_refused() -> None:
    content = msgspec.msgpack.encode({"hello": 1})
    signature = HUB.sign(b"xuanpin.reply.1\0" + content)
    data = msgspec.msgpack.encode([1, content, signature])
    refused = read_reply(data, PUBLIC, DIGEST)
    assert isinstance(refused, Refused)
    assert refused.reason == "reply.malformed"
