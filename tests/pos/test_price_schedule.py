"""Prices that hold from a moment on: by rule, in the table that a feed fills, at the counter."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pos.rules.items import Item, Tier
from pos.rules.price_schedule import (
    Price,
    costing,
    price_at,
    price_key,
    read_moment,
    read_price_key,
)
from pos.services.register import Register
from pos.stores import catalogue, price_schedule
from sync.database import Database
from sync.package import FeedRow
from sync.rules.refusal import Fault, Refused
from sync.services.till import OpenTill

from .goods_lists import empty_catalogue, stock
from .stocked_till import TEA, TEA_CODE, SetClock, make_test_setup, opened
from .stocked_till import stock as stock_till

MIDNIGHT_MS = 1_795_363_200_000  # 2026-11-23 00:00 in China
MINUTE_MS = 60_000
GOODS = Item(sku="G|1", name_zh="毛尖", unit="盒", retail_fen=3900, plus_fen=3500, barcodes=("G1",))
KILO = replace(GOODS, unit="kg", weighed=True, tiers=(Tier(2500, 3000),))

prices = st.builds(
    Price,
    retail_fen=st.integers(0, 10_000),
    plus_fen=st.none() | st.integers(0, 10_000),
    tiers=st.lists(st.builds(Tier, st.integers(1, 99), st.integers(0, 9999)), max_size=2).map(
        tuple
    ),
    weighed=st.booleans(),
)
minutes = st.integers(0, 20)
schedules = st.dictionaries(minutes, prices, max_size=6)


def moment_of(minute: int) -> int:
    return MIDNIGHT_MS + minute * MINUTE_MS


def row(minute: int, price: Price | None) -> FeedRow:
    data = price_schedule.encode(price) if price else b""
    return FeedRow(price_key(GOODS.sku, moment_of(minute)), data)


def told(schedule: dict[int, Price]) -> list[tuple[int, Price]]:
    return [(moment_of(minute), price) for minute, price in schedule.items()]


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[Database]:
    with empty_catalogue(tmp_path) as database:
        yield database


@given(schedule=schedules, minute=minutes, seconds=st.integers(0, 59))
def test_the_latest_price_that_has_begun_holds(
    schedule: dict[int, Price], minute: int, seconds: int
) -> None:
    at_ms = moment_of(minute) + seconds * 1000
    begun = [start for start in schedule if start <= minute]
    expected = costing(GOODS, schedule[max(begun)]) if begun else GOODS
    assert price_at(GOODS, told(schedule), at_ms) == expected


@given(schedule=schedules, item=st.sampled_from([GOODS, KILO]))
def test_a_price_changes_prices_only_and_only_of_its_own_unit(
    schedule: dict[int, Price], item: Item
) -> None:
    for price in schedule.values():
        priced = costing(item, price)
        own = (item.retail_fen, item.plus_fen, item.tiers)
        given_prices = (price.retail_fen, price.plus_fen, price.tiers)
        now = (priced.retail_fen, priced.plus_fen, priced.tiers)
        assert now == (given_prices if price.weighed == item.weighed else own)
        assert (
            replace(priced, retail_fen=item.retail_fen, plus_fen=item.plus_fen, tiers=item.tiers)
            == item
        )


@given(steps=st.lists(st.tuples(minutes, st.none() | prices), max_size=12), minute=minutes)
def test_what_the_table_answers_is_what_the_rule_says(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, Price | None]],
    minute: int,
) -> None:
    schedule: dict[int, Price] = {}
    with empty_catalogue(tmp_path_factory.mktemp("prices")) as reference:
        stock(reference, GOODS)
        for start, price in steps:
            with reference.transaction() as db:
                price_schedule.apply(db, [row(start, price)])
            if price is None:
                schedule.pop(start, None)
            else:
                schedule[start] = price
        db = reference.read()
        at_ms = moment_of(minute)
        expected = price_at(GOODS, told(schedule), at_ms)
        assert catalogue.by_sku(db, GOODS.sku, at_ms) == expected
        assert catalogue.by_code(db, ("G1",), "yiwu", at_ms) == expected
        assert catalogue.search(db, "毛尖", "yiwu", at_ms) == [expected]
        assert price_schedule.schedule_of(db, GOODS.sku) == sorted(told(schedule))


@given(sku=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1))
def test_a_key_names_one_sku_and_one_minute(sku: str) -> None:
    assert read_price_key(price_key(sku, MIDNIGHT_MS)) == (sku, MIDNIGHT_MS)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23",
        " 2026-11-23 00:00 ",
        "2026-11-23T00:00:00",
        "2026-11-23T00:00+08:00",
        "２０２６-11-23",
    ],
)
def test_a_day_is_its_first_minute_in_china(text: str) -> None:
    assert read_moment(text) == MIDNIGHT_MS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("23.11.2026", "prices.valid_from"),
        ("2026-11-31", "prices.valid_from"),
        ("2026-11-23T00:00Z", "prices.valid_from"),
        ("2026-11-23T00:00:01", "prices.valid_from"),
        ("now", "prices.valid_from"),
        ("2062026-01-01", "prices.valid_from"),
        ("2206-11-23", "prices.year"),
        ("1999-11-23", "prices.year"),
    ],
)
def test_what_is_no_moment_is_refused(text: str, reason: str) -> None:
    refused = read_moment(text)
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert refused.message.format(**refused.values)
    assert refused.hint.format(**refused.values)


@pytest.mark.parametrize(
    "bad", [FeedRow("G", b'{"retail_fen":1}'), FeedRow("G|2026-11-23T00:00", b'{"retail_fen":"x"}')]
)
def test_what_this_program_cannot_read_is_a_fault(reference: Database, bad: FeedRow) -> None:
    with pytest.raises(Fault), reference.transaction() as db:
        price_schedule.apply(db, [bad])
    assert price_schedule.schedule_of(reference.read(), "G") == []


def begin_at_midnight(till: OpenTill, price: Price) -> None:
    with till.reference.transaction() as db:
        price_schedule.apply(
            db, [FeedRow(price_key(TEA, MIDNIGHT_MS), price_schedule.encode(price))]
        )


@pytest.fixture
def clock() -> SetClock:
    return SetClock(MIDNIGHT_MS - 1)


@pytest.fixture
def till(tmp_path: Path, clock: SetClock) -> Iterator[OpenTill]:
    with opened(make_test_setup(tmp_path, clock)) as till:
        stock_till(till)
        begin_at_midnight(till, Price(retail_fen=15800, tiers=(Tier(5, 10800),)))
        yield till


def unit_prices(register: Register) -> list[tuple[int, int]]:
    return [(line.unit_price_fen, line.line.quantity) for line in register.view().priced.lines]


def test_a_price_changes_at_midnight_while_nobody_can_reach_the_hub(
    till: OpenTill, clock: SetClock
) -> None:
    register = Register(till)
    register.scan(TEA_CODE)
    clock.at_ms = MIDNIGHT_MS
    assert unit_prices(register) == [(16800, 1)]
    register.scan(TEA_CODE)
    register.scan(TEA_CODE)
    assert unit_prices(register) == [(16800, 1), (15800, 2)]
    assert register.view().priced.total_fen == 16800 + 2 * 15800


def test_a_clock_set_back_brings_the_price_before_back(till: OpenTill, clock: SetClock) -> None:
    register = Register(till)
    clock.at_ms = MIDNIGHT_MS
    register.scan(TEA_CODE)
    register.start_new()
    clock.at_ms = MIDNIGHT_MS - 1
    register.void()
    register.scan(TEA_CODE)
    assert unit_prices(register) == [(16800, 1)]


def test_a_held_basket_comes_back_at_the_prices_of_now(till: OpenTill, clock: SetClock) -> None:
    register = Register(till)
    register.scan(TEA_CODE)
    number = register.hold()
    assert isinstance(number, int)
    clock.at_ms = MIDNIGHT_MS
    recalled = register.recall(number)
    assert not isinstance(recalled, Refused)
    assert (recalled.before_fen, recalled.total_fen) == (16800, 15800)


def test_looking_up_tells_the_price_of_now(till: OpenTill, clock: SetClock) -> None:
    register = Register(till)
    assert [item.plus_fen for item in register.search("毛尖")] == [14800]
    clock.at_ms = MIDNIGHT_MS
    assert [(item.retail_fen, item.plus_fen) for item in register.search("毛尖")] == [(15800, None)]
