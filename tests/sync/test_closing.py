"""Closing a day: offline, recounted by the hub, and what happens to whoever comes later."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pos.rules.order import SALE
from sync.rules.closing import DAY_CLOSED
from sync.rules.totals import Total, by_kind
from sync.services.closing import close_day
from sync.services.till import OpenTill
from tests.hub_databases import NewDatabase

from .evening_scenes import Center, a_center, closed, refusal_of, ring_up, two_tills
from .tills import assert_settled, copy_till, down, opened


@pytest.fixture
def center(tmp_path: Path, new_database: NewDatabase) -> Iterator[Center]:
    with a_center(tmp_path, new_database()) as center:
        yield center


@pytest.fixture
def tills(center: Center) -> Iterator[tuple[OpenTill, OpenTill]]:
    with two_tills(center) as both:
        yield both


def test_a_day_closed_offline_is_recounted_when_it_arrives(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    ring_up(mine, 300)
    ring_up(mine, 200)
    done = closed(mine)
    assert by_kind(done.totals)[SALE] == Total(2, 500)
    assert done.pending == 3
    center.hub.wire.faults = [down]
    center.hub.push(mine)
    center.hub.push(mine)
    center.hub.push(other)
    seen = center.seen(other, "ZZ-01", done.day)
    assert (seen.state, seen.source) == ("agrees", "closing")
    assert seen.closing is not None
    assert (seen.closing.said.closed_by, seen.closing.run, seen.closing.seq) == (
        "Li",
        done.run,
        done.seq,
    )
    assert center.ask(mine, done.day).closed
    assert not [each for each in seen.exceptions if each.kind == "exception"]
    assert_settled(mine, center.hub.push(mine))


def test_a_late_visitor_counts_for_the_next_business_day(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, _ = tills
    ring_up(mine, 300)
    day = closed(mine).day
    ring_up(mine, 900)
    center.hub.push(mine)
    evening = center.ask(mine, day)
    assert evening.business_day > day
    today, tomorrow = (center.seen(mine, day=each) for each in (day, evening.business_day))
    assert [row.booked + row.uninterpreted for row in today.rows if row.kind == SALE] == [
        Total(1, 300)
    ]
    assert [row.booked + row.uninterpreted for row in tomorrow.rows if row.kind == SALE] == [
        Total(1, 900)
    ]
    assert (today.state, tomorrow.state) == ("agrees", "agrees")
    assert refusal_of(close_day(mine, day, "Li")) == "day.closed"
    assert refusal_of(close_day(mine, evening.business_day, "Li")) == "day.not_begun"
    assert refusal_of(close_day(mine, "2026-01-01", "Li")) == "day.empty"
    for nobody in ("", " ", "x" * 65, "two\nlines"):
        assert refusal_of(close_day(mine, day, nobody)) == "day.who"


def test_a_copy_that_sells_under_a_day_closed_elsewhere_is_booked_and_flagged(
    tmp_path: Path, center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    ring_up(mine, 300)
    center.hub.push(mine)
    mine.journal.checkpoint()
    twin_setup = copy_till(mine.setup, tmp_path / "twin")
    day = closed(mine).day
    center.hub.push(mine)
    with opened(twin_setup) as twin:
        ring_up(twin, 900)
        center.hub.push(twin)
    seen = center.seen(other, "ZZ-01", day)
    assert seen.state == "differs"
    abouts = {(each.kind, each.about) for each in seen.exceptions}
    assert ("exception", f"closed day {day}") in abouts
    row = next(row for row in seen.rows if row.kind == SALE)
    assert (row.arrived, row.missing) == (Total(2, 1200), Total(-1, -900))


def test_a_closing_with_other_totals_than_the_hub_has_is_an_exception(
    tmp_path: Path, center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    ring_up(mine, 300)
    center.hub.push(mine)
    mine.journal.checkpoint()
    with opened(copy_till(mine.setup, tmp_path / "twin")) as twin:
        ring_up(twin, 900)
        center.hub.push(twin)
    day = closed(mine).day  # it does not know of what its copy sold
    center.hub.push(mine)
    seen = center.seen(other, "ZZ-01", day)
    assert f"day totals {day}" in {each.about for each in seen.exceptions}
    assert seen.state == "differs"


def test_closing_entries_are_counted_but_do_not_count_themselves(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, _ = tills
    done = closed(mine)
    assert DAY_CLOSED not in by_kind(done.totals)
    center.hub.push(mine)
    rows = {row.kind: row.arrived for row in center.seen(mine, day=done.day).rows}
    assert rows == {"run_opened": Total(1, 0), DAY_CLOSED: Total(1, 0)}
