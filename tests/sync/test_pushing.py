"""A push of many segments: one in flight; the last is written down, the next cut meanwhile."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

import sync.rules.segment
import sync.services.pushing
import sync.stores.cutting
from sync.access import Access, AccessEnded
from sync.rules.refusal import Fault
from sync.rules.segment import Segment, unpack
from sync.services.courier import Courier
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.sqlite_driver import sqlite3
from sync.stores import journal as journals

from .tills import (
    Handler,
    HubMachine,
    WireFault,
    assert_booked_once,
    assert_settled,
    down,
    opened,
    reply_lost,
    sell,
)

AT_ONCE = 5
SEGMENTS = 6
PATIENCE_S = 10


@pytest.fixture
def till(setup: Setup, hub: HubMachine) -> Iterator[OpenTill]:
    """A till in its first run."""
    with opened(setup) as till:
        hub.enrol(till)
        yield till


@pytest.fixture
def sold(till: OpenTill, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of what was sold: enough to fill so many segments to the last entry."""
    monkeypatch.setattr(sync.rules.segment, "MOST_ENTRIES", AT_ONCE)
    (run,) = journals.runs(till.journal.read())
    return sell(till, SEGMENTS * AT_ONCE - run.pending)


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Count up with every segment that is cut."""
    made = threading.Semaphore(0)
    cut = sync.stores.cutting.cut_segment

    def counting(*given: Any, **named: Any) -> tuple[bytes, int]:
        done = cut(*given, **named)
        made.release()
        return done

    monkeypatch.setattr(sync.services.pushing, "cut_segment", counting)
    return made


def on_its_way(request: httpx2.Request) -> None:
    """Say that a network has taken all of a request, as one with sockets says by itself."""
    trace = request.extensions.get("trace")
    if trace is not None:
        trace("http11.send_request_body.complete", {})


def passed(real: Handler, request: httpx2.Request) -> httpx2.Response:
    """Nothing is wrong."""
    on_its_way(request)
    return real(request)


def firsts(hub: HubMachine) -> list[int]:
    """Return the first seq of every segment that was sent."""
    segments = [unpack(data) for data in hub.wire.requests]
    return [each.head.first_seq for each in segments if isinstance(each, Segment)]


def mark(till: OpenTill) -> int:
    return journals.read_mark(till.journal.read(), till.run.run).seq


def starts(*numbers: int) -> list[int]:
    """Return the first seq of the segments of these numbers, counted from 1."""
    return [1 + AT_ONCE * (number - 1) for number in numbers]


def test_never_are_two_segments_in_flight_and_the_next_is_cut_meanwhile(
    till: OpenTill, hub: HubMachine, sold: list[str], cuts: threading.Semaphore
) -> None:
    in_flight: Counter[str] = Counter()
    seen: list[int] = []

    def slow(real: Handler, request: httpx2.Request) -> httpx2.Response:
        in_flight["now"] += 1
        seen.append(in_flight["now"])
        on_its_way(request)
        if len(seen) == 1:
            assert cuts.acquire(blocking=False), "this one"
        if len(seen) < SEGMENTS:  # the last has none behind it
            assert cuts.acquire(timeout=PATIENCE_S), "nothing was cut while this was in flight"
        response = real(request)
        seen[-1] = max(seen[-1], in_flight["now"])
        in_flight["now"] -= 1
        return response

    hub.wire.faults = [slow] * SEGMENTS
    report = hub.push(till)
    assert_settled(till, report)
    assert seen == [1] * SEGMENTS
    assert firsts(hub) == starts(1, 2, 3, 4, 5, 6)
    assert report.acknowledged == SEGMENTS * AT_ONCE
    assert_booked_once(hub, sold)


def test_what_was_cut_ahead_for_a_hub_that_then_forgets_everything_is_not_sent(
    till: OpenTill, hub: HubMachine, sold: list[str]
) -> None:
    def forgets(real: Handler, request: httpx2.Request) -> httpx2.Response:
        on_its_way(request)
        hub.forget()
        return real(request)

    hub.wire.faults = [passed, passed, forgets]
    assert_settled(till, hub.push(till))
    assert firsts(hub) == starts(1, 2, 3, 1, 2, 3, 4, 5, 6)
    assert_booked_once(hub, sold)
    assert hub.marks() == {till.run.run: SEGMENTS * AT_ONCE}


def test_a_hub_put_back_in_the_middle_is_sent_what_it_lost_and_books_it_once(
    tmp_path: Path, till: OpenTill, hub: HubMachine, sold: list[str]
) -> None:
    def backed_up(real: Handler, request: httpx2.Request) -> httpx2.Response:
        response = real(request)
        hub.backup(tmp_path / "backup")
        return response

    def put_back(real: Handler, request: httpx2.Request) -> httpx2.Response:
        on_its_way(request)
        hub.restore(tmp_path / "backup")
        return real(request)

    hub.wire.faults = [backed_up, passed, passed, put_back]
    assert_settled(till, hub.push(till))
    assert firsts(hub) == starts(1, 2, 3, 4, 2, 3, 4, 5, 6)
    assert_booked_once(hub, sold)
    assert hub.alarms() == set()


@pytest.mark.parametrize("fault", [down, reply_lost])
def test_when_the_wire_fails_what_the_hub_said_before_is_kept(
    till: OpenTill, hub: HubMachine, sold: list[str], fault: WireFault
) -> None:
    hub.wire.faults = [passed, passed, fault]
    first = hub.push(till)
    assert first.refused is not None
    assert first.refused.reason == "hub.unreachable"
    assert (first.segments, first.acknowledged) == (2, 2 * AT_ONCE)
    assert mark(till) == 2 * AT_ONCE
    hub.wire.requests.clear()
    second = hub.push(till)
    assert_settled(till, second)
    assert firsts(hub) == starts(3, 4, 5, 6)
    assert first.acknowledged + second.acknowledged == SEGMENTS * AT_ONCE
    assert_booked_once(hub, sold)


class Counting(Access):
    """An access whose waits are over at once; some of them end it."""

    def __init__(self, *, ends_at: int = 0) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._ends_at = ends_at

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        if len(self.waits) == self._ends_at:
            self.end()
        return super().wait(0)


def test_a_push_in_the_background_rests_behind_every_segment(
    till: OpenTill, hub: HubMachine, sold: list[str]
) -> None:
    access = Counting()
    with hub.client() as client:
        assert_settled(till, Courier(till, client, access, rest_s=0.25).push())
    assert access.waits == [0.25] * SEGMENTS
    assert_booked_once(hub, sold)


def test_a_push_that_rests_lets_go_of_the_till_and_ends_with_its_access(
    till: OpenTill, hub: HubMachine, sold: list[str]
) -> None:
    """If it held on to the till meanwhile, whoever ends its access would wait for ever."""
    access = Counting(ends_at=2)
    with hub.client() as client, pytest.raises(AccessEnded):
        Courier(till, client, access, rest_s=0.25).push()
    assert len(hub.wire.requests) == 2
    assert_settled(till, hub.push(till))
    assert_booked_once(hub, sold)


def test_a_disk_that_fails_while_a_segment_is_in_flight_waits_for_its_answer(
    till: OpenTill, hub: HubMachine, sold: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()
    answered: list[bool] = []

    def full(*_given: object) -> None:
        failed.set()
        raise sqlite3.OperationalError("database or disk is full")

    def slow(real: Handler, request: httpx2.Request) -> httpx2.Response:
        on_its_way(request)
        answered.append(False)
        assert failed.wait(PATIENCE_S), "the answer before was not written down meanwhile"
        response = real(request)
        answered[-1] = True
        return response

    hub.wire.faults = [passed, slow]
    with monkeypatch.context() as broken:
        broken.setattr(journals, "write_mark", full)
        with pytest.raises(Fault):
            hub.push(till)
        assert answered == [True]
    assert mark(till) == 0
    hub.wire.requests.clear()
    assert_settled(till, hub.push(till))
    assert mark(till) == SEGMENTS * AT_ONCE
    assert_booked_once(hub, sold)
    assert hub.alarms() == set()
