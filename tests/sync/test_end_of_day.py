"""The evening at a center: what the manager is promised, and what happens to it in real life."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pos.rules.order import SALE
from sync.faces.eod.words import clock, verdict
from sync.hub_requests import SignedRequests
from sync.language import Language
from sync.rules.center_day import Matter
from sync.rules.totals import Total
from sync.services import center_days
from sync.services.end_of_day import EndOfDay, hub_unasked
from sync.services.revoking import RevokedTill, Revoking
from sync.services.till import OpenTill
from sync.stores import journal as journals
from tests.hub_databases import NewDatabase

from .evening_scenes import (
    UNREADABLE,
    Center,
    a_center,
    closed,
    refusal_of,
    ring_up,
    settled,
    two_tills,
)
from .tills import DAY_MS, copy_till, down, opened, reply_lost

HOUR_MS = 3_600_000


@pytest.fixture
def center(tmp_path: Path, new_database: NewDatabase) -> Iterator[Center]:
    with a_center(tmp_path, new_database()) as center:
        yield center


@pytest.fixture
def tills(center: Center) -> Iterator[tuple[OpenTill, OpenTill]]:
    with two_tills(center) as both:
        yield both


def test_hub_and_tills_agree_to_the_last_fen(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    ring_up(mine, 16800)
    ring_up(mine, -50)
    ring_up(other, 1)
    for till in tills:
        center.hub.push(till)
    evening = center.ask(mine)
    assert evening.agreed
    assert [(each.name, each.own, each.state) for each in evening.tills] == [
        ("ZZ-01", True, "agrees"),
        ("ZZ-02", False, "agrees"),
    ]
    rows = {row.kind: row for row in evening.tills[0].rows}
    assert rows[SALE].journalled == rows[SALE].arrived == Total(2, 16750)
    rows = {row.kind: row for row in evening.tills[1].rows}
    assert rows[SALE].journalled == rows[SALE].arrived == Total(1, 1)
    assert (evening.closed, evening.business_day) == (False, evening.day)


def test_what_was_not_sent_yet_is_pending_with_its_age(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, _ = tills
    center.hub.push(mine)
    ring_up(mine, 300)
    first_ms = center.clock.now_ms()
    center.clock.pass_ms(5000)
    ring_up(mine, 200)
    seen = center.seen(mine)
    assert (seen.state, seen.pending, seen.oldest_pending_ms) == ("pending", 2, first_ms)
    assert [(row.kind, row.missing) for row in seen.differing] == [(SALE, Total(2, 500))]
    center.hub.push(mine)
    assert center.seen(mine).state == "agrees"


def test_a_lost_reply_leaves_entries_pending_here_that_the_hub_has(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    ring_up(mine, 300)
    center.hub.wire.faults = [reply_lost]
    center.hub.push(mine)
    seen = center.seen(mine)
    assert (seen.state, seen.pending, seen.differing) == ("pending", 2, ())
    assert center.seen(other, "ZZ-01").state == "agrees", "the hub has heard all of it"
    center.hub.push(mine)
    assert center.seen(mine).state == "agrees"


def test_a_till_that_never_came_is_not_said_to_agree(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    ring_up(other, 12345)  # nobody but that till knows
    center.hub.push(mine)
    seen = center.seen(mine, "ZZ-02")
    assert (seen.state, seen.source, seen.told_ms) == ("unheard", "none", None)
    assert not center.ask(mine).agreed
    center.hub.push(other)
    assert center.seen(mine, "ZZ-02").state == "agrees"
    heard_ms = center.clock.now_ms()
    center.clock.pass_ms(4 * HOUR_MS)
    center.hub.push(mine)
    later = center.seen(mine, "ZZ-02")
    assert (later.state, later.told_ms) == ("unheard", heard_ms), "it may have sold since"
    day = closed(other).day
    center.hub.push(other)
    center.clock.pass_ms(9 * HOUR_MS)
    done = center.seen(mine, "ZZ-02", day)
    assert (done.state, done.source) == ("agrees", "closing")


def test_a_till_heard_after_the_day_was_over_is_believed(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    day = mine.today().isoformat()
    ring_up(other, 700)
    center.clock.pass_ms(DAY_MS)
    for till in tills:
        center.hub.push(till)
    center.clock.pass_ms(2 * HOUR_MS)
    assert center.seen(mine, "ZZ-02", day).state == "agrees"
    assert center.ask(mine, day).as_heard == ()


def test_another_tills_open_day_agrees_only_as_it_was_heard(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    ring_up(other, 700)
    for till in tills:
        center.hub.push(till)
    ring_up(other, 8900)  # nobody has heard of this one yet
    center.clock.pass_ms(60_000)
    evening = center.ask(mine)
    assert evening.agreed
    assert [each.name for each in evening.as_heard] == ["ZZ-02"]
    said = [
        verdict(Language(name, ["sync"]), evening, center.clock.now_ms()) for name in ("zh", "en")
    ]
    assert "ZZ-02 此后可能又有销售" in said[0]
    assert "as last heard, 1 min ago; ZZ-02 may have sold more since" in said[1]
    day = closed(other).day
    center.hub.push(other)
    done = center.ask(mine, day)
    assert (done.agreed, done.as_heard) == (True, ())


def test_other_tills_tell_what_is_pending_with_every_push(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    for _ in range(510):
        ring_up(other, 1)
    oldest_ms = center.clock.now_ms()
    center.hub.wire.faults = [lambda hub, request: hub(request), down]  # the second is cut off
    center.hub.push(other)
    seen = center.seen(mine, "ZZ-02")
    assert (seen.state, seen.pending, seen.oldest_pending_ms) == ("pending", 11, oldest_ms)
    assert [(row.kind, row.missing) for row in seen.differing] == [(SALE, Total(11, 11))]


def test_a_copy_that_sold_is_named_entry_by_entry_and_settled_with_a_reason(
    tmp_path: Path, center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    center.hub.push(mine)
    mine.journal.checkpoint()
    with opened(copy_till(mine.setup, tmp_path / "twin"), "push") as twin:
        twin._run = mine.run
        own = ring_up(mine, 100)
        center.hub.push(mine)
        foreign = ring_up(twin, 900)
        center.hub.push(twin)
        center.hub.push(mine)
        seen = center.seen(mine)
        assert seen.state == "differs"
        differing = center.differing(mine)
        assert [each.id for each in differing.only_here] == []
        assert foreign in [each.id for each in differing.only_at_hub]
        assert own not in [each.id for each in differing.only_at_hub]
        sale = next(each for each in differing.only_at_hub if each.id == foreign)
        assert (sale.kind, sale.amount_fen) == (SALE, 900)
        kinds = {matter.kind for matter in seen.exceptions}
        assert {"fork", "branch"} & kinds
        for matter in seen.exceptions:
            done = settled(center.settle(other, seen, matter, "the disk was cloned"))
            assert (done.settlement.reason, done.by) == (
                "the disk was cloned",
                other.keys.install,
            )
        again = center.seen(mine)
        assert again.exceptions == ()
        assert again.settled[0].settlement.who == "Li"
        assert center.hub.push(mine).refused is None
        center.clock.pass_ms(1000)
        ring_up(twin, 50)
        center.hub.push(twin)
        assert center.seen(mine).state == "differs"


def test_what_was_settled_comes_back_when_something_of_it_is_new(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, _ = tills
    ring_up(mine, 5, kind=UNREADABLE)
    center.hub.push(mine)
    seen = center.seen(mine)
    assert seen.state == "agrees", "the hub has it, though it cannot read it"
    row = next(row for row in seen.rows if row.kind == UNREADABLE)
    assert (row.uninterpreted, row.booked) == (Total(1, 5), Total())
    (matter,) = seen.exceptions
    assert (matter.kind, matter.about) == ("uninterpreted", UNREADABLE)
    first = settled(center.settle(mine, seen, matter, "after the update"))
    assert settled(center.settle(mine, seen, matter, "something else")) == first
    center.clock.pass_ms(1000)
    center.hub.push(mine)
    assert center.seen(mine).exceptions == ()
    ring_up(mine, 5, kind=UNREADABLE)
    center.hub.push(mine)
    assert [each.about for each in center.seen(mine).exceptions] == [UNREADABLE]


def test_only_exceptions_of_the_own_center_are_seen_and_settled(center: Center) -> None:
    with opened(center.setup("ZZ-01")) as mine, opened(center.setup("CH-01", "chenghai")) as far:
        center.hub.enrol(mine)
        center.hub.enrol_in(far, 2, "chenghai")
        ring_up(mine, 5, kind=UNREADABLE)
        center.hub.push(mine)
        assert [each.name for each in center.ask(far).tills] == ["CH-01"]
        seen = center.seen(mine)
        (matter,) = seen.exceptions
        assert refusal_of(center.settle(far, seen, matter, "not mine")) == "hub.refused"
        unknown = Matter("fork", "9-ff", 0, "", 0)
        assert refusal_of(center.settle(mine, seen, unknown, "what?")) == "hub.refused"
        for reason in ("", "x" * 201, "two\nlines"):
            assert refusal_of(center.settle(mine, seen, matter, reason)) == "hub.refused"
        assert center.seen(mine).exceptions == (matter,)


def test_a_hub_put_back_from_a_backup_is_behind_until_the_till_sends_again(
    tmp_path: Path, center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, _ = tills
    ring_up(mine, 300)
    center.hub.push(mine)
    center.hub.backup(tmp_path / "backup")
    ring_up(mine, 200)
    center.hub.push(mine)
    assert center.seen(mine).state == "agrees"
    center.hub.restore(tmp_path / "backup")
    seen = center.seen(mine)
    assert (seen.state, seen.pending) == ("pending", 0)
    assert [row.missing for row in seen.differing] == [Total(1, 200)]
    center.hub.push(mine)
    assert center.seen(mine).state == "agrees"


def test_without_a_hub_what_was_heard_last_is_shown_with_its_age(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    with opened(center.setup("ZZ-03")) as unenrolled:
        ring_up(unenrolled, 5)
        evening = center.ask(unenrolled)
        assert evening.refused is not None
        assert (evening.refused.reason, evening.received_ms) == ("sync.not_enrolled", None)
        assert [each.state for each in evening.tills] == ["pending"]
    ring_up(other, 700)
    for till in tills:
        center.hub.push(till)
    asked_ms = center.clock.now_ms()
    assert center.ask(mine).agreed
    center.clock.pass_ms(60_000)
    ring_up(mine, 100)
    center.hub.wire.faults = [down]
    evening = center.ask(mine)
    assert evening.refused is not None
    assert (evening.refused.reason, evening.received_ms) == ("hub.unreachable", asked_ms)
    assert [each.state for each in evening.tills] == ["pending", "agrees"]
    assert not evening.agreed
    assert EndOfDay(mine, hub_unasked()).look(evening.day).tills == evening.tills


def test_what_a_revoked_till_sends_is_held_and_counts_as_arrived(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, other = tills
    ring_up(other, 300)
    for till in tills:
        center.hub.push(till)
    revoke(center, "ZZ-02")
    ring_up(other, 900)
    center.hub.push(other)
    center.hub.push(mine)
    seen = center.seen(mine, "ZZ-02")
    row = next(row for row in seen.rows if row.kind == SALE)
    assert (row.booked + row.uninterpreted, row.held) == (Total(1, 300), Total(1, 900))
    assert row.missing == Total()
    assert seen.revoked
    assert "held" in {each.kind for each in seen.exceptions}


def revoke(center: Center, name: str) -> None:
    data = center.hub.data
    desk = Revoking(data.engine, data.register, center.hub.setup.packages, center.clock)
    done = desk.revoke(name, reason="stolen", who="Li")
    assert isinstance(done, RevokedTill), done


def test_gaps_are_named(center: Center, tills: tuple[OpenTill, OpenTill]) -> None:
    """A run whose parent never arrived whole, as when a stick with its segments was lost."""
    mine, other = tills
    center.hub.push(mine)
    ring_up(mine, 100)
    first = mine.run.run
    head = journals.head_of(mine.journal.read(), first).seq
    setup = mine.setup
    mine.close()
    with opened(setup) as later:
        ring_up(later, 200)
        with later.journal.transaction() as db:  # the courier thinks the first run is there
            db.execute("UPDATE mark SET seq = ? WHERE run = ?", (head, first))
            (own,) = db.execute(
                "SELECT hash FROM entry WHERE run = ? AND seq = ?", (first, head)
            ).fetchone()
            db.execute("UPDATE mark SET hash = ? WHERE run = ?", (own, first))
        center.hub.wire.faults = [lambda hub, request: hub(request), down]
        center.hub.push(later)
        center.hub.push(other)
        (gap,) = center.seen(other, "ZZ-01").gaps
        assert (gap.run, gap.first_seq, gap.last_seq) == (first, head, head)
        center.hub.push(later)
        assert center.seen(other, "ZZ-01").gaps == ()


@pytest.mark.parametrize(
    "target", ["/v1/center/day?day=2026-11-22", "/v1/center/day/entries", "/v1/center/day/recorded"]
)
def test_nobody_but_a_till_is_told_anything(center: Center, target: str) -> None:
    answer = center.hub.web.get(target)
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:xuanpin:request.unsigned"


def test_what_is_no_day_or_place_is_refused(
    center: Center, tills: tuple[OpenTill, OpenTill]
) -> None:
    mine, _ = tills
    enrolment = mine.enrolment
    assert enrolment is not None
    with center.hub.client() as client:
        requests = SignedRequests(client, mine.keys, enrolment)
        for target in (
            "/v1/center/day?day=2026-02-30",
            "/v1/center/day/entries?day=2026-11-22&digest=zz",
            "/v1/center/day/entries?day=2026-11-22&digest=00",
            "/v1/center/day/recorded?day=2026-11-22&after=nowhere",
        ):
            assert refusal_of(requests.ask("GET", target, most_bytes=9999)) == "hub.refused"


def test_what_all_tills_recorded_comes_page_by_page(
    center: Center, tills: tuple[OpenTill, OpenTill], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(center_days, "MOST_REPORT_PAGE", 3)
    mine, _ = tills
    ids = {ring_up(till, fen) for till in tills for fen in range(1, 6)}
    for till in tills:
        center.hub.push(till)
    with center.hub.client() as client:
        things = EndOfDay(mine, client).recorded_by_all(mine.today().isoformat())
    assert isinstance(things, list)
    sold = [each for each in things if each.kind == SALE]
    assert {each.id for each in sold} == ids
    assert {each.till for each in sold} == {"ZZ-01", "ZZ-02"}
    assert sum(each.amount_fen for each in sold) == 30
    assert {each.body for each in sold} == {b"{}"}
    here = EndOfDay(mine, hub_unasked()).recorded_here(mine.today().isoformat())
    assert set(here) == {each for each in things if each.till == "ZZ-01"}


def test_a_moment_in_no_calendar_that_a_till_wrote_down_is_shown_like_any_other() -> None:
    """Else one till with a broken clock would take the screen from everybody of its center."""
    assert [clock(at_ms) for at_ms in (10**15, -(10**15))] == ["12-31 23:59", "01-01 00:00"]
