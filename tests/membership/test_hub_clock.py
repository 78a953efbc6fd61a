"""Memberships follow the hub's time: a clock set back or forward neither revives nor expires."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from sync.rules.days import china_day
from sync.rules.hub_clock import certain_ms
from sync.rules.runs import Stamp
from sync.services.till import OpenTill
from sync.stores.contacts import write_hub_clock
from tests.pos.stocked_till import DAY_MS, NOON_MS, make_test_setup, opened

HUB_DAY = china_day(NOON_MS)


@dataclass
class TwoClocks:
    """A wall clock that anybody may set, and a monotonic clock that nobody can."""

    wall_ms: int = NOON_MS
    mono_ms: int = 1000
    boot: str = "first"

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> int:
        return self.mono_ms

    def boot_id(self) -> str:
        return self.boot


@pytest.fixture
def clock() -> TwoClocks:
    return TwoClocks()


@pytest.fixture
def till(tmp_path: Path, clock: TwoClocks) -> Iterator[OpenTill]:
    with opened(make_test_setup(tmp_path, clock)) as till:
        yield till


def hear_the_hub(till: OpenTill, at_ms: int = NOON_MS) -> None:
    now = till.stamp()
    with till.journal.transaction() as db:
        write_hub_clock(db, Stamp(at_ms, now.mono_ms, now.boot))


def test_before_the_hub_was_heard_the_wall_clock_is_believed(
    till: OpenTill, clock: TwoClocks
) -> None:
    clock.wall_ms += 400 * DAY_MS
    assert till.certain_day() == HUB_DAY + timedelta(days=400)


@pytest.mark.parametrize("set_by_days", [-4000, -1, 2, 400])
def test_a_clock_that_was_set_is_not_believed(
    till: OpenTill, clock: TwoClocks, set_by_days: int
) -> None:
    hear_the_hub(till)
    clock.wall_ms += set_by_days * DAY_MS
    clock.mono_ms += 3 * DAY_MS
    assert till.certain_day() == HUB_DAY + timedelta(days=3)


def test_after_another_boot_a_clock_behind_the_hub_is_not_believed(tmp_path: Path) -> None:
    with opened(make_test_setup(tmp_path, TwoClocks())) as till:
        hear_the_hub(till)
    behind = TwoClocks(wall_ms=NOON_MS - 50 * DAY_MS, mono_ms=5, boot="second")
    with opened(make_test_setup(tmp_path, behind)) as till:
        assert till.certain_day() == HUB_DAY
    ahead = TwoClocks(wall_ms=NOON_MS + 50 * DAY_MS, mono_ms=5, boot="third")
    with opened(make_test_setup(tmp_path, ahead)) as till:
        assert till.certain_day() == HUB_DAY + timedelta(days=50)


def test_a_hub_time_that_goes_back_is_passed_over(till: OpenTill) -> None:
    hear_the_hub(till)
    hear_the_hub(till, NOON_MS - 10 * DAY_MS)
    assert till.certain_day() == HUB_DAY


def test_an_honest_clock_is_followed_to_the_millisecond() -> None:
    hub = Stamp(NOON_MS, 0, "first")
    assert certain_ms(hub, Stamp(NOON_MS + 5, 3, "first")) == NOON_MS + 5
    assert date.fromisoformat("2026-11-22") == HUB_DAY
