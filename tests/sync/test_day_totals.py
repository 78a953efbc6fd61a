"""The till's own totals: counted once each, whatever happens to the runs; a closed day stays so."""

import collections
from datetime import date
from pathlib import Path

import pytest
from sqlite_utils import Database

from pos.rules.order import SALE
from sync.rules.closing import DAY_CLOSED
from sync.rules.entry import Draft
from sync.rules.segment import MOST_STANDING_BYTES as MOST_BYTES
from sync.rules.segment import Segment, pack, unpack
from sync.rules.standing import Standing, encode_standing, is_news, read_standing
from sync.rules.totals import DayTotals, KindTotal, Total
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.stores import day_totals
from sync.stores import journal as journals
from sync.stores.day_totals import MIGRATIONS
from sync.stores.standing import read_standing as standing_of

from .tills import FakeClock, HubMachine, copy_till, opened, sell


def journalled(till: OpenTill) -> dict[tuple[str, str], Total]:
    """Count what the journal has by itself: each thing once, wherever it stands."""
    db = till.journal.read()
    things = {
        (entry.header.kind, entry.header.id, entry.body): entry.header
        for state in journals.runs(db)
        for entry in journals.every_entry(db, state.run)
    }
    totals: dict[tuple[str, str], Total] = collections.defaultdict(Total)
    for header in things.values():
        totals[header.day, header.kind] += Total(1, header.amount_fen)
    return dict(totals)


def counted(db: Database) -> dict[tuple[str, str], Total]:
    rows = db.execute("SELECT day, kind, count, amount_fen FROM day_total")
    return {(day, kind): Total(count, fen) for day, kind, count, fen in rows}


def put(till: OpenTill, kind: str, amount_fen: int, *, day: str = "") -> None:
    with till.journal.transaction() as db:
        day = day or day_totals.first_open(db, till.today())
        draft = Draft(kind, till.new_id(), day, amount_fen, b"{}")
        journals.append(db, till.run, till.stamp(), draft)


def test_each_entry_is_counted_with_its_amount(setup: Setup) -> None:
    with opened(setup) as till:
        put(till, SALE, 300)
        put(till, SALE, -50)
        put(till, SALE, 20, day="2026-01-01")
        day = till.today().isoformat()
        db = till.journal.read()
        assert day_totals.of_day(db, day) == {"run_opened": Total(1, 0), SALE: Total(2, 250)}
        assert counted(db) == journalled(till)
        assert day_totals.newest_days(db, 5) == [day, "2026-01-01"]


def test_what_is_carried_over_is_counted_once(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    """A virtual machine copied while the counter was open: the copy's run is carried on."""
    with opened(setup) as till:
        hub.enrol(till)
        put(till, SALE, 100)
        hub.push(till)
        till.journal.checkpoint()
        with opened(copy_till(setup, tmp_path / "twin"), "push") as twin:
            twin._run = till.run
            put(till, SALE, 3)
            put(twin, SALE, 7)
            put(twin, DAY_CLOSED, 0)
            hub.push(till)
            assert hub.push(twin).closed_runs == (till.run.run,)
            assert counted(twin.journal.read()) == journalled(twin)
            put(twin, SALE, 11)
            assert counted(twin.journal.read()) == journalled(twin)
        assert counted(till.journal.read()) == journalled(till)


def test_a_journal_from_before_is_counted_when_it_is_opened(setup: Setup) -> None:
    with opened(setup) as till:
        put(till, SALE, 100)
        sell(till, 3)
        before = counted(till.journal.read())
        with till.journal.transaction() as db:
            db.execute("DROP TABLE day_total")
            db.execute("DELETE FROM _sqlite_migrations WHERE migration_set = ?", (MIGRATIONS.name,))
    with opened(setup, "read") as till:
        assert counted(till.journal.read()) == before == journalled(till)


def test_a_closed_day_takes_nothing_and_the_next_open_one_does(setup: Setup) -> None:
    with opened(setup) as till:
        today = till.today()
        put(till, DAY_CLOSED, 0)
        assert till.business_day() == date.fromordinal(today.toordinal() + 1).isoformat()
        with pytest.raises(AssertionError, match="closed day"):
            put(till, SALE, 100, day=today.isoformat())
        put(till, SALE, 100)
        put(till, DAY_CLOSED, 0)
        assert till.business_day() == date.fromordinal(today.toordinal() + 2).isoformat()
    with opened(setup) as till:  # what a new run journals counts for an open day as well
        assert journals.last_entry(till.journal.read(), till.run.run).header.day == (
            till.business_day()
        )
        clock = setup.clock
        assert isinstance(clock, FakeClock)
        clock.pass_ms(5 * 86_400_000)
        assert till.business_day() == till.today().isoformat()


def standing(till: OpenTill) -> Standing:
    db = till.journal.read()
    head = journals.read_mark(db, till.run.run)
    found = standing_of(db, journals.runs(db), till.now_ms(), head)
    assert found is not None
    return found


def test_a_till_tells_its_open_days_its_head_and_what_is_pending(
    setup: Setup, hub: HubMachine
) -> None:
    with opened(setup) as till:
        put(till, SALE, 300)
        day = till.business_day()
        told = standing(till)
        assert (told.run, told.seq, told.pending) == (till.run.run, 2, 2)
        assert told.oldest_pending_ms == till.now_ms()
        kinds = (KindTotal("run_opened", 1, 0), KindTotal(SALE, 1, 300))
        assert told.days == (DayTotals(day, kinds),)
        put(till, DAY_CLOSED, 0)
        assert (standing(till).open_days, standing(till).days) == (0, ())
        hub.enrol(till)
        hub.push(till)
        assert (standing(till).pending, standing(till).oldest_pending_ms) == (0, 0)


def test_every_segment_tells_what_is_pending_beyond_it(setup: Setup, hub: HubMachine) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        sell(till, 620)
        assert hub.push(till).segments == 2
        told = []
        for data in hub.wire.requests:
            segment = unpack(data)
            assert isinstance(segment, Segment)
            told.append(read_standing(segment.head.standing))
        assert [each.pending for each in told if each] == [121, 0]
        assert [each.oldest_pending_ms for each in told if each] == [till.now_ms(), 0]


def test_a_standing_stays_small_and_says_what_it_left_out() -> None:
    kinds = tuple(KindTotal(f"kind_{each:058d}", 10**9, 10**15) for each in range(9))
    days = tuple(DayTotals(f"2026-01-{each:02d}", kinds) for each in range(9, 0, -1))
    told = Standing(1, "1-aa", 5, bytes(32), 0, 0, 9, days)
    data = encode_standing(told)
    assert len(data) <= MOST_BYTES
    read = read_standing(data)
    assert read is not None
    assert (read.days, read.open_days) == (days[:2], 9)


def test_a_standing_that_makes_no_sense_is_none() -> None:
    good = Standing(1, "1-aa", 5, bytes(32), 0, 0, 0, ())
    assert read_standing(encode_standing(good)) == good
    twice = DayTotals("2026-01-01", (KindTotal(SALE, 1, 1), KindTotal(SALE, 1, 1)))
    for bad in (
        b"",
        b"\xc1",
        encode_standing(Standing(-1, "1-aa", 5, bytes(32), 0, 0, 0, ())),
        encode_standing(Standing(1, "", 5, bytes(32), 0, 0, 0, ())),
        encode_standing(Standing(1, "1-aa", 5, b"short", 0, 0, 0, ())),
        encode_standing(Standing(1, "1-aa", 5, bytes(32), 0, 0, 1, (DayTotals("today", ()),))),
        encode_standing(Standing(1, "1-aa", 5, bytes(32), 0, 0, 1, (twice,))),
    ):
        assert read_standing(bad) is None


def test_news_are_what_came_later_or_brought_something() -> None:
    earlier = Standing(1, "1-aa", 5, bytes(32), 0, 0, 0, ())
    later = Standing(2, "1-aa", 5, bytes(32), 0, 0, 0, ())
    assert is_news(None, earlier, brought_something=False)
    assert is_news(earlier, later, brought_something=False)
    assert is_news(later, later, brought_something=False)
    assert not is_news(later, earlier, brought_something=False)
    assert is_news(later, earlier, brought_something=True), "a clock that was set back"


def test_a_head_with_too_long_totals_is_refused(setup: Setup, hub: HubMachine) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        db = till.journal.read()
        enrolment = till.enrolment
        assert enrolment is not None
        data, _ = pack(
            journals.entries_of(db, till.run.run, 0, 1),
            hub_id=enrolment.hub_id,
            parent_run="",
            certificate=enrolment.certificate,
            sign=till.keys.sign,
            standing=lambda _count: bytes(MOST_BYTES + 1),
        )
        refused = hub.hub.receive(data)
        assert getattr(refused, "reason", "") == "segment.inconsistent"
