"""Bringing the journal to the hub: whatever the wire, the disk or the hub does, once and whole."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest

from sync.access import Access
from sync.keys import load_or_create_hub_keys
from sync.rules.refusal import Fault
from sync.rules.reply import Mark, Reply, make_reply, read_reply
from sync.services.courier import Courier
from sync.services.status import read_status
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.stores import journal as journals

from .tills import (
    FakeClock,
    Handler,
    HubMachine,
    answering,
    assert_booked_once,
    assert_settled,
    down,
    opened,
    reply_lost,
    sell,
    twice,
)


@pytest.fixture
def till(setup: Setup, hub: HubMachine) -> Iterator[OpenTill]:
    with opened(setup) as till:
        hub.enrol(till)
        yield till


def test_a_till_sells_before_it_is_enrolled_and_sends_everything_afterwards(
    setup: Setup, hub: HubMachine
) -> None:
    with opened(setup) as till:
        ids = sell(till, 3)
        early = hub.push(till)
        assert early.refused is not None
        assert early.refused.reason == "sync.not_enrolled"
        assert early.pending == 4
        assert hub.wire.requests == []
        hub.enrol(till)
        report = hub.push(till)
        assert_settled(till, report)
        assert report.acknowledged == 4
        assert_booked_once(hub, ids)


def test_a_long_journal_goes_in_segments(till: OpenTill, hub: HubMachine) -> None:
    ids = sell(till, 620)
    report = hub.push(till)
    assert_settled(till, report)
    assert report.segments == 2
    assert_booked_once(hub, ids)


def test_entries_too_large_for_one_segment_go_in_several(till: OpenTill, hub: HubMachine) -> None:
    ids = []
    for each in range(9):
        noise = hashlib.shake_256(bytes([each])).digest(250 * 1024)
        ids += sell(till, 1, body=noise)
    assert_settled(till, hub.push(till))
    assert max(len(data) for data in hub.wire.requests) <= 1024 * 1024
    assert_booked_once(hub, ids)


@pytest.mark.parametrize("fault", [reply_lost, twice])
def test_a_lost_reply_or_a_duplicate_books_nothing_twice(
    till: OpenTill, hub: HubMachine, fault: Callable[[Handler, httpx2.Request], httpx2.Response]
) -> None:
    ids = sell(till, 5)
    hub.wire.faults = [fault]
    hub.push(till)
    assert_settled(till, hub.push(till))
    assert_booked_once(hub, ids)
    assert hub.alarms() == set()


def test_without_a_network_nothing_is_lost_and_the_status_says_so(
    till: OpenTill, hub: HubMachine
) -> None:
    assert read_status(till).hub == "reachable"
    ids = sell(till, 2)
    hub.wire.faults = [down]
    report = hub.push(till)
    assert report.refused is not None
    assert report.refused.reason == "hub.unreachable"
    assert report.pending == 3
    assert read_status(till).hub == "unreachable"
    assert_settled(till, hub.push(till))
    assert_booked_once(hub, ids)
    status = read_status(till)
    assert (status.hub, status.pending, status.oldest_pending_s) == ("reachable", 0, None)


def test_the_status_tells_the_age_of_the_oldest_entry(setup: Setup, till: OpenTill) -> None:
    clock = setup.clock
    assert isinstance(clock, FakeClock)
    clock.pass_ms(90_000)
    sell(till)
    status = read_status(till)
    assert (status.pending, status.oldest_pending_s) == (2, 90)


PAGE = "text/html; charset=utf-8"
FORGERIES: dict[str, tuple[int, bytes, str, str]] = {
    "a portal's page": (200, b"<html>please log in</html>", PAGE, "hub.stranger"),
    "a portal's long page": (200, b"x" * 100_000, "Text/HTML", "hub.stranger"),
    "a redirect": (302, b"", "", "hub.stranger"),
    "a portal that says so": (511, b"<html>", PAGE, "hub.unreachable"),
    "an overloaded hub": (503, b"", "", "hub.unreachable"),
    "nothing": (200, b"", "", "reply.malformed"),
    "not a reply": (200, msgspec.msgpack.encode([1, b"", b""]), "", "reply.forged"),
    "too long": (200, b"x" * 100_000, "", "hub.refused"),
    "a refusal": (400, b'{"title":"bad segment"}', "", "hub.refused"),
    "a proxy that takes less than a segment": (413, b"<html>", PAGE, "hub.refused"),
}
PASSING = ("hub.stranger", "hub.unreachable")


@pytest.mark.parametrize("name", FORGERIES)
def test_an_answer_that_is_none_changes_nothing(till: OpenTill, hub: HubMachine, name: str) -> None:
    status, body, kind, reason = FORGERIES[name]
    sell(till, 2)
    hub.wire.faults = [answering(status, body, kind)]
    report = hub.push(till)
    assert report.refused is not None
    assert report.refused.reason == reason
    assert report.pending == 3
    assert report.acknowledged == 0
    standing = "unreachable" if reason in PASSING else "alarm"
    assert (read_status(till).hub, read_status(till).reason) == (standing, reason)
    assert_settled(till, hub.push(till))
    assert read_status(till).hub == "reachable"


def test_a_reply_signed_by_another_hub_changes_nothing(
    tmp_path: Path, till: OpenTill, hub: HubMachine
) -> None:
    stranger = load_or_create_hub_keys(tmp_path / "stranger")

    def impostor(_hub: Handler, request: httpx2.Request) -> httpx2.Response:
        digest = hashlib.sha256(request.content).digest()
        head = journals.head_of(till.journal.read(), till.run.run)
        enrolment = till.enrolment
        assert enrolment is not None
        reply = Reply(digest, enrolment.hub_id, till.keys.install, (head,), 0)
        return httpx2.Response(200, content=make_reply(reply, stranger.sign))

    sell(till, 1)
    hub.wire.faults = [impostor]
    report = hub.push(till)
    assert report.refused is not None
    assert report.refused.reason == "reply.forged"
    assert report.pending == 2


def test_an_old_reply_replayed_changes_nothing(till: OpenTill, hub: HubMachine) -> None:
    kept: list[httpx2.Response] = []

    def keep(real: Handler, request: httpx2.Request) -> httpx2.Response:
        kept.append(real(request))
        return kept[-1]

    hub.wire.faults = [keep]
    hub.push(till)
    sell(till, 1)
    hub.wire.faults = [answering(200, kept[0].content)]
    report = hub.push(till)
    assert report.refused is not None
    assert report.refused.reason == "reply.other_request"
    assert report.pending == 1


def signed_by(hub: HubMachine, till: OpenTill, marks: tuple[Mark, ...]) -> Handler:
    def handle(request: httpx2.Request) -> httpx2.Response:
        digest = hashlib.sha256(request.content).digest()
        reply = Reply(digest, hub.data.keys.hub_id, till.keys.install, marks, 0)
        return httpx2.Response(200, content=make_reply(reply, hub.data.keys.sign))

    return handle


def test_a_hub_that_answers_but_never_moves_ends_the_push(till: OpenTill, hub: HubMachine) -> None:
    stuck = signed_by(hub, till, (Mark(till.run.run, 0, b""),))
    hub.wire.faults = [lambda _hub, request: stuck(request)] * 3
    sell(till, 1)
    report = hub.push(till)
    assert report.refused is not None
    assert report.refused.reason == "hub.stuck"
    assert report.pending == 2
    assert_settled(till, hub.push(till))


def test_a_reply_about_other_runs_only_is_refused(till: OpenTill, hub: HubMachine) -> None:
    other = signed_by(hub, till, (Mark("9-00000000", 5, b"x" * 32),))
    hub.wire.faults = [lambda _hub, request: other(request)]
    sell(till, 1)
    report = hub.push(till)
    assert report.refused is not None
    assert report.refused.reason == "reply.not_about_us"
    assert report.pending == 2


def test_the_background_courier_pushes_by_itself_and_stops(till: OpenTill, hub: HubMachine) -> None:
    ids = sell(till, 3)
    access = Access()
    arrived = threading.Event()

    def notice(real: Handler, request: httpx2.Request) -> httpx2.Response:
        response = real(request)
        arrived.set()
        return response

    hub.wire.faults = [notice]
    with hub.client() as client:
        courier = Courier(till, client, access)
        thread = threading.Thread(target=courier.run_forever)
        thread.start()
        try:
            assert arrived.wait(10)
        finally:
            access.end()
            thread.join(10)
        assert not thread.is_alive()
    assert_booked_once(hub, ids)
    assert_settled(till, hub.push(till))


def test_a_reply_names_the_request_it_answers(till: OpenTill, hub: HubMachine) -> None:
    seen: list[httpx2.Response] = []

    def keep(real: Handler, request: httpx2.Request) -> httpx2.Response:
        seen.append(real(request))
        return seen[-1]

    hub.wire.faults = [keep]
    hub.push(till)
    digest = hashlib.sha256(hub.wire.requests[0]).digest()
    reply = read_reply(seen[0].content, hub.data.keys.public, digest)
    assert isinstance(reply, Reply)
    assert reply.marks[0] == journals.head_of(till.journal.read(), till.run.run)


def test_selling_goes_on_while_the_courier_pushes(till: OpenTill, hub: HubMachine) -> None:
    """Each time the wire is busy with a segment, another sale is made, on the same database."""
    ids = sell(till, 3)

    def sell_meanwhile(real: Handler, request: httpx2.Request) -> httpx2.Response:
        ids.extend(sell(till, 2))
        return real(request)

    hub.wire.faults = [sell_meanwhile] * 4
    assert_settled(till, hub.push(till))
    assert len(ids) == 3 + 4 * 2
    assert_booked_once(hub, ids)


def test_a_database_that_fails_under_the_courier_is_a_fault(
    till: OpenTill, hub: HubMachine
) -> None:
    sell(till, 1)
    with till.journal.transaction() as db:
        db.execute("DROP TABLE mark")
    with pytest.raises(Fault):
        hub.push(till)
