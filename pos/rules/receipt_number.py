"""Receipt numbers: 20 digits that no till, restored copy or set-back clock issues twice.

Day `YYMMDD`, till number (`000` before enrolment), the day's count, and seven digits drawn from
the order's id. All digits, so that Code128-C fits 58 mm paper.
"""

import re
import uuid
from datetime import date

import msgspec

from pos.rules.codes import half_width
from sync.rules.refusal import N_, Refused

LENGTH = 20
_GROUPS = re.compile(r"([0-9]{6})([0-9]{3})([0-9]{4})([0-9]{7})")


class ReceiptNumber(msgspec.Struct, frozen=True):
    """The parts of a receipt number."""

    day: date
    till_number: int
    count: int
    draw: str

    @property
    def digits(self) -> str:
        """The 20 digits, as stored."""
        return f"{self.day:%y%m%d}{self.till_number:03}{self.count:04}{self.draw}"


def receipt_number(day: date, till_number: int, count: int, order_id: str) -> str:
    """Make the number of an order; `count` is its place in the day, from 1.

    Past 9,999 sales a day the count begins anew; the seven drawn digits tell them apart.

    >>> receipt_number(date(2026, 11, 22), 1, 42, "019aa9d5-5b00-7000-8000-000000000007")
    '26112200100422783495'
    """
    assert 0 <= till_number <= 999
    assert count >= 1
    draw = uuid.UUID(order_id).int % 10_000_000
    return f"{day:%y%m%d}{till_number:03}{count % 10_000:04}{draw:07}"


def grouped(number: str) -> str:
    """Write a receipt number for people.

    >>> grouped("26112200100421234567")
    '261122 001 0042 1234567'
    """
    match = _GROUPS.fullmatch(number)
    assert match, "not a receipt number"
    return " ".join(match.groups())


def parse_receipt_number(text: str) -> ReceiptNumber | Refused:
    """Read a receipt number as printed, scanned or typed, with or without spaces."""
    digits = "".join(half_width(text).split())
    match = _GROUPS.fullmatch(digits)
    day = _day(match[1]) if match else None
    if match is None or day is None:
        return Refused(
            "receipt.bad_number",
            N_("“{text}” is not a receipt number."),
            N_("It has 20 digits and begins with the day, for example 261122 001 0042 1234567."),
            {"text": text},
        )
    return ReceiptNumber(day, int(match[2]), int(match[3]), match[4])


def is_receipt_number(code: str) -> bool:
    """Tell whether a scan has the form of a receipt number."""
    match = _GROUPS.fullmatch(code)
    return match is not None and _day(match[1]) is not None


def _day(digits: str) -> date | None:
    try:
        return date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return None
