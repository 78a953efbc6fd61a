"""Money: typed yuan become fen exactly, and a split loses nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.rules.money import allocate, format_yuan, parse_yuan
from sync.rules.refusal import Refused


@pytest.mark.parametrize(
    ("text", "fen"),
    [("12", 1200), ("12.5", 1250), ("12.05", 1205), ("0.01", 1), (" ￥３.５０ ", 350), ("0", 0)],
)
def test_yuan_are_read_as_fen(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    ["", ".", "1.234", "-1", "1e3", "1,000", "twelve", "12.", ".5", "9" * 13, "１．２３４"],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    refused = parse_yuan(text)
    assert isinstance(refused, Refused)
    assert refused.reason == "money.not_an_amount"


def test_an_absurd_amount_is_refused() -> None:
    refused = parse_yuan("999999999999")
    assert parse_yuan("1000000000") == 100_000_000_000
    assert isinstance(refused, Refused)
    assert refused.reason == "money.too_much"


@given(st.integers(0, 10**11))
def test_what_is_shown_reads_back(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == fen


def test_amounts_are_grouped_and_signed() -> None:
    assert format_yuan(-123456, grouped=True) == "-1,234.56"


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_shares_sum_to_the_total_and_stray_less_than_a_fen(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    if whole == 0:
        total = 0
    shares = allocate(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * whole - total * weight) < max(whole, 1)


def test_nothing_cannot_carry_something() -> None:
    with pytest.raises(AssertionError):
        allocate(1, [0, 0])
