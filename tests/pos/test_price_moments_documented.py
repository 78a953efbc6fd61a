"""The worked table of a basket that is open while prices change is what the counter does."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from membership.rules.card import Card, sign_card
from pos.rules.items import Item, Tier
from pos.rules.price_schedule import Price, price_key, read_moment
from pos.services.register import Register
from pos.stores import price_schedule
from sync.package import FeedRow
from sync.rules.days import CHINA
from sync.rules.money import format_yuan
from sync.rules.refusal import Refused
from sync.services.till import OpenTill

from .stocked_till import SetClock, make_test_setup, opened, stock

PAGE = (Path(__file__).parents[2] / "docs" / "prices.md").read_text("utf-8")
BEGIN = datetime(2026, 11, 30, 23, 58, tzinfo=CHINA)
TEA = Item(
    sku="TEA",
    name_zh="毛尖小袋",
    unit="盒",
    retail_fen=3900,
    plus_fen=3500,
    tiers=(Tier(10, 2700),),
    barcodes=("TEA-1",),
)
Steps = list[tuple[int, str, Callable[[], object]]]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def till(tmp_path: Path, clock: SetClock) -> Iterator[OpenTill]:
    from_ms = read_moment("2026-12-01")
    assert isinstance(from_ms, int)
    price = Price(3600, None, (Tier(10, 2500),))
    with opened(make_test_setup(tmp_path, clock)) as till:
        stock(till, [TEA])
        with till.reference.transaction() as db:
            row = FeedRow(price_key("TEA", from_ms), price_schedule.encode(price))
            price_schedule.apply(db, [row])
        yield till


def steps_of(till: OpenTill, register: Register) -> Steps:
    """Return what the cashier does, and at which minute."""
    first = BEGIN.date()
    card = Card(1, 1, "00a1b2c3d4e5", first, first.replace(year=2027), 1)
    text = sign_card(card, till.keys.sign, provisional=True)

    def hold_and_recall() -> object:
        number = register.hold()
        assert isinstance(number, int)
        return register.recall(number)

    return [
        (0, "scans TEA twice", lambda: [register.scan("TEA-1"), register.scan("TEA-1")][1]),
        (2, "waits", lambda: None),
        (3, "scans TEA", lambda: register.scan("TEA-1")),
        (4, "attaches a member", lambda: register.attach(text)),
        (5, "scans 7*TEA", lambda: register.scan("7*TEA-1")),
        (6, "holds and recalls it", hold_and_recall),
    ]


def row_of(at: datetime, what: str, register: Register) -> str:
    priced = register.view().priced
    lines = " + ".join(
        f"{line.line.quantity} × {format_yuan(line.unit_price_fen)} {line.price}"
        for line in priced.lines
    )
    return f"| {at:%Y-%m-%d %H:%M} | {what} | {lines} | {format_yuan(priced.total_fen)} |"


def test_the_counter_does_what_the_table_says(till: OpenTill, clock: SetClock) -> None:
    register = Register(till)
    rows = []
    for minutes, what, act in steps_of(till, register):
        at = BEGIN + timedelta(minutes=minutes)
        clock.at_ms = int(at.timestamp()) * 1000
        assert not isinstance(act(), Refused)
        rows.append(row_of(at, what, register))
    assert [row for row in rows if row not in PAGE.splitlines()] == []
