"""Memberships follow the hub's time: a clock set back or forward neither revives nor expires."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sync.rules.days import china_day
from sync.rules.hub_clock import certain_ms
from sync.rules.runs import Stamp
from sync.services.till import OpenTill
from sync.stores.contacts import write_hub_clock
from tests.pos.stocked_till import make_test_setup, opened
from tests.sync.tills import DAY_MS, START_MS, FakeClock

HUB_DAY = china_day(START_MS)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def till(tmp_path: Path, clock: FakeClock) -> Iterator[OpenTill]:
    with opened(make_test_setup(tmp_path, clock)) as till:
        yield till


def hear_the_hub(till: OpenTill, at_ms: int = START_MS) -> None:
    now = till.stamp()
    with till.journal.transaction() as db:
        write_hub_clock(db, Stamp(at_ms, now.mono_ms, now.boot))


def test_before_the_hub_was_heard_the_wall_clock_is_believed(
    till: OpenTill, clock: FakeClock
) -> None:
    clock.wall_ms += 400 * DAY_MS
    assert till.certain_day() == HUB_DAY + timedelta(days=400)


@pytest.mark.parametrize("set_by_days", [-4000, -1, 2, 400])
def test_a_clock_that_was_set_is_not_believed(
    till: OpenTill, clock: FakeClock, set_by_days: int
) -> None:
    hear_the_hub(till)
    clock.wall_ms += set_by_days * DAY_MS
    clock.mono_ms += 3 * DAY_MS
    assert till.certain_day() == HUB_DAY + timedelta(days=3)


def test_after_another_boot_a_clock_behind_the_hub_is_not_believed(tmp_path: Path) -> None:
    with opened(make_test_setup(tmp_path, FakeClock())) as till:
        hear_the_hub(till)
    behind = FakeClock(wall_ms=START_MS - 50 * DAY_MS, mono_ms=5, boot="second")
    with opened(make_test_setup(tmp_path, behind)) as till:
        assert till.certain_day() == HUB_DAY
    ahead = FakeClock(wall_ms=START_MS + 50 * DAY_MS, mono_ms=5, boot="third")
    with opened(make_test_setup(tmp_path, ahead)) as till:
        assert till.certain_day() == HUB_DAY + timedelta(days=50)


def test_a_hub_time_that_goes_back_is_passed_over(till: OpenTill) -> None:
    hear_the_hub(till)
    hear_the_hub(till, START_MS - 10 * DAY_MS)
    assert till.certain_day() == HUB_DAY


def test_an_honest_clock_is_followed_to_the_millisecond() -> None:
    hub = Stamp(START_MS, 0, "first")
    assert certain_ms(hub, Stamp(START_MS + 5, 3, "first")) == START_MS + 5
