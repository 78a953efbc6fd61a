"""Certificates and segments: what is packed is read again, what was touched is refused."""

import hashlib
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sync.rules import certificate as certificates
from sync.rules.certificate import CERTIFICATE_BYTES, Certificate, install_of
from sync.rules.entry import GENESIS, Entry, Header, Private, encode_header, entry_hash
from sync.rules.refusal import Refused
from sync.rules.segment import (
    MOST_ENTRIES,
    MOST_PACKED_BYTES,
    MOST_UNPACKED_BYTES,
    Segment,
    check_segment,
    cut,
    pack,
    unpack,
)

HUB = Ed25519PrivateKey.from_private_bytes(b"h" * 32)
TILL = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


GRANTED = Certificate(7, 1, 2517, 2882, 70_000, 10_000, public(TILL))
SIGNED = certificates.issue(GRANTED, HUB.sign)


def entry(seq: int, prev: bytes, body: bytes, **changed: object) -> Entry:
    private = Private(b"s" * 16, b"sealed") if seq % 3 == 0 else None
    header = Header(
        version=1,
        till=install_of(public(TILL)),
        run="1-0a0b0c0d",
        seq=seq,
        kind="sale",
        id="0199f3a0-0000-7000-8000-000000000000",
        at_ms=1_795_000_000_000,
        mono_ms=5,
        boot="boot",
        day="2026-11-22",
        amount_fen=990,
        body_bytes=len(body),
        body_sha256=hashlib.sha256(body).digest(),
        private_sha256=private.digest() if private else b"",
    )
    header_bytes = encode_header(structs.replace(header, **changed))
    return Entry(header_bytes, body, private, prev, entry_hash(prev, header_bytes))


def chain(bodies: Sequence[bytes], first: int = 1, **changed: Any) -> list[Entry]:
    entries: list[Entry] = []
    for seq, body in enumerate(bodies, first):
        entries.append(entry(seq, entries[-1].hash if entries else GENESIS, body, **changed))
    return entries


def packed(entries: Sequence[Entry], key: Ed25519PrivateKey = TILL) -> bytes:
    data, count = pack(entries, hub_id="a" * 32, parent_run="", certificate=SIGNED, sign=key.sign)
    assert count == len(entries)
    return data


def test_a_certificate_has_110_bytes_and_reads_back() -> None:
    assert len(SIGNED) == CERTIFICATE_BYTES == 110
    assert certificates.read(SIGNED, public(HUB)) == GRANTED


def test_a_certificate_knows_its_days_and_counters() -> None:
    first = certificates.day_of(GRANTED.from_day)
    last = certificates.day_of(GRANTED.until_day)
    assert (first, last) == (date(2026, 11, 22), date(2027, 11, 22))
    day = timedelta(days=1)
    covered = [GRANTED.covers(each) for each in (first - day, first, last, last + day)]
    assert covered == [False, True, True, False]
    counters = (69_999, 70_000, 79_999, 80_000)
    assert [GRANTED.grants(each) for each in counters] == [False, True, True, False]


@given(at=st.integers(0, CERTIFICATE_BYTES - 1), bit=st.integers(0, 7))
def test_a_certificate_with_any_bit_changed_is_refused(at: int, bit: int) -> None:
    altered = SIGNED[:at] + bytes([SIGNED[at] ^ (1 << bit)]) + SIGNED[at + 1 :]
    assert isinstance(certificates.read(altered, public(HUB)), Refused)


@pytest.mark.parametrize("data", [b"", SIGNED[:-1], SIGNED + b"x"])
def test_a_certificate_of_another_length_is_refused(data: bytes) -> None:
    assert isinstance(certificates.read(data, public(HUB)), Refused)


@given(bodies=st.lists(st.binary(max_size=60), min_size=1, max_size=9), first=st.integers(1, 99))
def test_a_segment_reads_back_as_packed(bodies: list[bytes], first: int) -> None:
    entries = chain(bodies, first)
    segment = unpack(packed(entries))
    assert isinstance(segment, Segment)
    assert list(segment.entries) == entries
    assert (segment.head.first_seq, segment.head.last_seq) == (first, first + len(bodies) - 1)
    assert check_segment(segment, public(HUB)) == GRANTED


@given(data=st.binary(max_size=300))
def test_noise_is_refused(data: bytes) -> None:
    assert isinstance(unpack(data), Refused)


@given(cut_at=st.integers(0, 400))
def test_a_segment_cut_short_is_refused(cut_at: int) -> None:
    data = packed(chain([b"one", b"two"]))
    assert isinstance(unpack(data[: min(cut_at, len(data) - 5)]), Refused)


def bomb(size: int) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(bytes(size))


def test_a_bomb_is_refused_without_being_unpacked() -> None:
    refused = unpack(bomb(64 * MOST_UNPACKED_BYTES))
    assert isinstance(refused, Refused)
    assert refused.reason == "segment.too_large"


def test_a_segment_of_very_many_entries_is_refused_before_they_are_objects() -> None:
    """Some hundred bytes of anybody would else cost the hub many times what it unpacks to."""
    wire = msgspec.msgpack.decode(zstandard.decompress(packed(chain([b"{}"]))))
    *before, _entries = wire
    few = b"".join([b"\x95", *map(msgspec.msgpack.encode, before)])
    one = b"\x95" + b"\xc4\x00" * 5
    many = (MOST_UNPACKED_BYTES - len(few) - 5) // len(one)
    data = zstandard.compress(few + b"\xdd" + many.to_bytes(4, "big") + one * many)
    tracemalloc.start()
    refused = unpack(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(refused, Refused)
    assert refused.reason == "segment.malformed"
    assert peak < 2 * MOST_UNPACKED_BYTES


@pytest.mark.parametrize(
    ("says_its_size", "reason"), [(True, "segment.too_large"), (False, "segment.malformed")]
)
def test_a_frame_that_unpacks_to_too_much_is_refused(says_its_size: bool, reason: str) -> None:
    compressor = zstandard.ZstdCompressor(write_content_size=says_its_size)
    data = compressor.compress(bytes(MOST_UNPACKED_BYTES * 2))
    assert (zstandard.frame_content_size(data) > 0) == says_its_size
    refused = unpack(data)
    assert isinstance(refused, Refused)
    assert refused.reason == reason


def test_a_frame_with_something_behind_it_is_refused() -> None:
    refused = unpack(packed(chain([b"{}"])) + b"\0")
    assert isinstance(refused, Refused)
    assert refused.reason == "segment.malformed"


def test_more_than_a_mebibyte_is_refused_unread() -> None:
    assert isinstance(unpack(bytes(MOST_PACKED_BYTES + 1)), Refused)


Touch = Callable[[list[Entry]], list[Entry]]


def swap_body(entries: list[Entry]) -> list[Entry]:
    first = entries[0]
    return [Entry(first.header_bytes, b"cheaper", None, first.prev, first.hash), *entries[1:]]


def swap_private(entries: list[Entry]) -> list[Entry]:
    third = entries[2]
    other = Private(b"x" * 16, b"somebody else")
    touched = Entry(third.header_bytes, third.body, other, third.prev, third.hash)
    return [*entries[:2], touched, *entries[3:]]


TOUCHED: dict[str, Touch] = {
    "another body": swap_body,
    "another private part": swap_private,
    "one left out": lambda entries: [entries[0], *entries[2:]],
    "two swapped": lambda entries: [entries[1], entries[0], *entries[2:]],
    "the last cut off and the head kept": lambda entries: [*entries[:-1], entries[0]],
}


@pytest.mark.parametrize("name", TOUCHED)
def test_a_touched_segment_is_refused_though_its_till_signed_it(name: str) -> None:
    segment = unpack(packed(TOUCHED[name](chain([b"1", b"2", b"3", b"4"]))))
    assert isinstance(segment, Segment)
    refused = check_segment(segment, public(HUB))
    assert isinstance(refused, Refused)
    assert refused.reason == "segment.inconsistent"


@pytest.mark.parametrize(
    "changed",
    [
        {"till": "f" * 32},
        {"run": "a run"},
        {"version": 2},
        {"kind": "a kind with spaces"},
        {"id": ""},
        {"day": "22 Nov 2026"},
        {"amount_fen": 2**63},
        {"at_ms": -(2**63)},
        {"private_sha256": b"short"},
        {"body_bytes": 999},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_header_no_honest_till_writes_is_refused(changed: dict[str, Any]) -> None:
    segment = unpack(packed(chain([b"1", b"2"], **changed)))
    assert isinstance(segment, Segment)
    assert isinstance(check_segment(segment, public(HUB)), Refused)


def test_a_private_part_may_be_gone() -> None:
    entries = chain([b"1", b"2", b"3"])
    last = entries[2]
    entries[2] = Entry(last.header_bytes, last.body, None, last.prev, last.hash)
    segment = unpack(packed(entries))
    assert isinstance(segment, Segment)
    assert isinstance(check_segment(segment, public(HUB)), Certificate)


def test_a_segment_signed_by_another_key_is_refused() -> None:
    segment = unpack(packed(chain([b"1"]), key=OTHER))
    assert isinstance(segment, Segment)
    refused = check_segment(segment, public(HUB))
    assert isinstance(refused, Refused)
    assert refused.reason == "segment.forged"


def test_a_segment_for_another_hubs_certificate_is_refused() -> None:
    segment = unpack(packed(chain([b"1"])))
    assert isinstance(segment, Segment)
    refused = check_segment(segment, public(OTHER))
    assert isinstance(refused, Refused)
    assert refused.reason == "certificate.forged"


def test_a_till_cannot_write_under_the_id_of_another() -> None:
    others = Certificate(7, 1, 2517, 2882, 70_000, 10_000, public(OTHER))
    certificate = certificates.issue(others, HUB.sign)
    data, _ = pack(
        chain([b"1"]), hub_id="a" * 32, parent_run="", certificate=certificate, sign=OTHER.sign
    )
    segment = unpack(data)
    assert isinstance(segment, Segment)
    refused = check_segment(segment, public(HUB))
    assert isinstance(refused, Refused)
    assert refused.reason == "segment.other_till"


def test_a_segment_holds_at_most_500_entries_and_at_least_one() -> None:
    entries = chain([b"x"] * (MOST_ENTRIES + 20))
    assert list(cut(entries)) == entries[:MOST_ENTRIES]
    assert list(cut(entries[:1])) == entries[:1]


def test_what_does_not_compress_goes_in_smaller_segments() -> None:
    entries = chain([hashlib.shake_256(bytes([each])).digest(200 * 1024) for each in range(12)])
    data, count = pack(entries, hub_id="a" * 32, parent_run="", certificate=SIGNED, sign=TILL.sign)
    assert 1 <= count < 12
    assert len(data) <= MOST_PACKED_BYTES
    segment = unpack(data)
    assert isinstance(segment, Segment)
    assert isinstance(check_segment(segment, public(HUB)), Certificate)
