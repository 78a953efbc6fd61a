"""Receipt numbers: made, grouped, read back, and never issued twice."""

import doctest
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.rules import receipt_number as numbers
from pos.rules.receipt_number import (
    ReceiptNumber,
    grouped,
    is_receipt_number,
    parse_receipt_number,
    receipt_number,
)
from sync.rules.ids import uuid7
from sync.rules.refusal import Refused

DAY = date(2026, 11, 22)
ORDER = "019aa9d5-5b00-7000-8000-000000000007"


def test_the_docstrings_are_true() -> None:
    assert doctest.testmod(numbers).failed == 0


@given(
    st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    st.integers(0, 999),
    st.integers(1, 9999),
    st.binary(min_size=10, max_size=10),
)
def test_a_number_says_day_till_and_count(
    day: date, till_number: int, count: int, entropy: bytes
) -> None:
    number = receipt_number(day, till_number, count, uuid7(0, entropy))
    assert len(number) == numbers.LENGTH
    assert is_receipt_number(number)
    parts = parse_receipt_number(grouped(number))
    assert parts == ReceiptNumber(day, till_number, count, number[-7:])


def test_a_restored_till_counting_again_issues_other_numbers() -> None:
    issued = {
        receipt_number(DAY, 1, 42, uuid7(at_ms, bytes([at_ms % 251, *range(9)])))
        for at_ms in range(3)
    }
    assert len(issued) == 3


def test_the_count_begins_anew_after_9999() -> None:
    assert receipt_number(DAY, 1, 10_001, ORDER)[9:13] == "0001"


@pytest.mark.parametrize(
    "text",
    [
        "26112200100421234567",
        "261122 001 0042 1234567",
        "２６1122 001 0042 1234567",
        " 26112200100421234567\n",
    ],
)
def test_numbers_as_people_type_them(text: str) -> None:
    assert parse_receipt_number(text) == ReceiptNumber(DAY, 1, 42, "1234567")


@pytest.mark.parametrize(
    "text",
    ["", "2611220010042123456", "26132200100421234567", "26112200100421234x67", "9520123456788"],
)
def test_what_is_no_receipt_number(text: str) -> None:
    refused = parse_receipt_number(text)
    assert isinstance(refused, Refused)
    assert refused.reason == "receipt.bad_number"
    assert not is_receipt_number(text)
