"""What a till makes of a hub's words about feeds: pages that are not what was asked for."""

from typing import Any

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync.rules.feed import (
    MOST_PAGE_BYTES,
    MOST_ROW_BYTES,
    MOST_ROWS,
    Page,
    Wanted,
    how_many_fit,
    page_problem,
    read_page,
    write_page,
)
from sync.rules.feed_cursor import Cursor, make_cursor, read_cursor
from sync.rules.feed_row import MOST_DATA_BYTES, MOST_KEY, FeedRow
from sync.rules.packing import pack, unpack
from sync.rules.refusal import Refused

KEY = Ed25519PrivateKey.from_private_bytes(b"h" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
AT = Cursor("hub", "goods", 0, 7, 100)
STEPS = Wanted("steps", 7, 100, "", 10)
BY_KEY = Wanted("snapshot", 7, 0, "k1", 10)


def rows(*keys: str) -> tuple[FeedRow, ...]:
    return tuple(FeedRow(key, b"{}") for key in keys)


def page(kind: str = "steps", *, key: Ed25519PrivateKey = KEY, **changed: Any) -> Page:
    given: dict[str, Any] = {
        "kind": kind,
        "hub_id": "hub",
        "feed": "goods",
        "center": 0,
        "epoch": 7,
        "from_version": 100 if kind == "steps" else 0,
        "to_version": 105,
        "more": False,
        "rows": rows("k2", "k3"),
        **changed,
    }
    at = Cursor("hub", "goods", 0, given["epoch"], given["to_version"])
    return Page(**{"cursor": make_cursor(at, key.sign), **given})


def problem(given: Page, wanted: Wanted = STEPS) -> str | None:
    found = page_problem(given, AT, wanted, PUBLIC)
    return found.reason if found else None


def test_what_was_asked_for_is_taken() -> None:
    assert problem(page()) is None
    assert problem(page("snapshot"), BY_KEY) is None
    assert problem(page(rows=rows("k3", "k2"))) is None  # steps come as they were made
    assert problem(page(rows=(), to_version=100)) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"hub_id": "other"}, "feed.other_feed"),
        ({"feed": "prices"}, "feed.other_feed"),
        ({"center": 1}, "feed.other_feed"),
        ({"epoch": 6}, "feed.lower_epoch"),
        ({"epoch": 8}, "feed.malformed"),
        ({"kind": "snapshot"}, "feed.malformed"),
        ({"from_version": 99}, "feed.lower_version"),
        ({"from_version": 101}, "feed.lower_version"),
        ({"to_version": 99}, "feed.lower_version"),
        ({"rows": rows("k2", "k2")}, "feed.malformed"),
        ({"rows": rows(*map(str, range(11)))}, "feed.malformed"),
        ({"rows": rows("k" * (MOST_KEY + 1))}, "feed.malformed"),
        ({"rows": (FeedRow("k", bytes(MOST_DATA_BYTES + 1)),)}, "feed.malformed"),
        ({"rows": (), "more": True}, "feed.malformed"),
        ({"to_version": 100, "more": True}, "feed.malformed"),
        ({"cursor": b""}, "feed.malformed"),
        ({"key": OTHER}, "feed.forged_cursor"),
        ({"cursor": make_cursor(AT, KEY.sign)}, "feed.malformed"),
    ],
)
def test_anything_else_is_refused(changed: dict[str, Any], reason: str) -> None:
    assert problem(page(**changed)) == reason


@pytest.mark.parametrize("keys", [("k3", "k2"), ("k2", "k2"), ("k1",), ("k0", "k2")])
def test_a_snapshot_goes_forward_key_by_key(keys: tuple[str, ...]) -> None:
    assert problem(page("snapshot", rows=rows(*keys)), BY_KEY) == "feed.malformed"


@given(noise=st.binary(max_size=300))
def test_noise_is_no_page_and_no_cursor(noise: bytes) -> None:
    assert isinstance(read_page(noise), Refused)
    assert isinstance(read_page(pack(noise)), Refused)
    assert isinstance(read_cursor(noise, PUBLIC), Refused)


def test_a_page_is_read_back() -> None:
    assert read_page(write_page(page())) == page()


@given(place=st.integers(0, 200), flip=st.integers(1, 255))
def test_an_altered_cursor_is_refused(place: int, flip: int) -> None:
    data = bytearray(make_cursor(AT, KEY.sign))
    data[place % len(data)] ^= flip
    read = read_cursor(bytes(data), PUBLIC)
    assert isinstance(read, Refused) or read == AT


def test_a_page_that_unpacks_without_end_is_refused_early() -> None:
    bomb = zstandard.compress(bytes(1_000_000_000), 3)
    assert len(bomb) < MOST_PAGE_BYTES
    assert isinstance(read_page(bomb), Refused)


def test_what_is_packed_is_unpacked_up_to_a_bound() -> None:
    data = bytes(range(256)) * 100
    assert unpack(pack(data), len(data)) == data
    assert unpack(pack(data), len(data) - 1) is None


@given(length=st.integers(1, 200))
def test_a_page_that_is_cut_off_is_refused(length: int) -> None:
    whole = write_page(page())
    assert isinstance(read_page(whole[: -1 - length % (len(whole) - 1)]), Refused)


@given(sizes=st.lists(st.integers(0, MOST_DATA_BYTES), max_size=60))
def test_a_page_has_room_for_what_fits(sizes: list[int]) -> None:
    given = [FeedRow(f"key-{number}", bytes(size)) for number, size in enumerate(sizes)]
    count = how_many_fit(given)
    assert count == len(given) or sum(sizes[:count]) > MOST_ROW_BYTES - count * 32
    assert count > 0 or not given
    assert len(msgspec.msgpack.encode(given[:count])) < MOST_PAGE_BYTES
    assert how_many_fit([FeedRow("k", b"")] * 5000) == MOST_ROWS
