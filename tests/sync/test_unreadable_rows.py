"""Rows that a till's program cannot read: they stop their own feed, and no other."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from sync.database import hub_transaction
from sync.rules import feed as wire
from sync.services import snapshots
from sync.services.status import read_status
from sync.stores import hub_epoch

from .feed_scenes import FedTill, FeedingHub, feeding_hub
from .tills import Handler, down

ROWS = {f"k{number:03d}": str(number) for number in range(50)}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedingHub]:
    monkeypatch.setattr(snapshots, "MOST_ROWS", 10)
    monkeypatch.setattr(wire, "MOST_FRESH", 0)
    with feeding_hub(tmp_path) as hub:
        hub.publish(ROWS)
        yield hub


def interrupt(till: FedTill, after_pages: int) -> None:
    """Let the network fail once so many pages of a snapshot have come."""

    def pass_on(hub: Handler, request: httpx2.Request) -> httpx2.Response:
        return hub(request)

    till.wire.faults += [pass_on] * (2 + after_pages) + [down]  # challenge, overview, pages


def other_epoch(hub: FeedingHub) -> None:
    with hub_transaction(hub.opened.engine) as connection:
        hub_epoch.mint(connection, hub.clock.now_ms(), "a test")


def test_a_row_that_nobody_here_can_read_stops_its_own_feed_only(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({"Li": "cashier"}, "people")
    till.pulled()
    hub.publish({"k049": "unreadable", "k000": "changed"})
    hub.publish({"Wu": "cashier"}, "people")
    other_epoch(hub)
    report = till.pull()
    assert (report.anew, report.due) == (("people",), ("goods",))
    assert report.refused is not None
    assert report.refused.reason == "feed.unreadable"
    assert report.refused.values == {"feed": "goods", "key": "k049"}
    assert (till.rows(), set(till.rows("people"))) == (ROWS, {"Li", "Wu"})
    assert till.refused() == "feed.unreadable"
    till.pull(snapshots=False)
    assert read_status(till.till).feeds_reason == "feed.unreadable"
    hub.publish({"Hu": "cashier"}, "people")
    till.pull()
    assert set(till.rows("people")) == {"Li", "Wu", "Hu"}
    hub.publish({"k049": "readable"})
    assert till.pulled().anew == ("goods",)
    assert till.rows() == hub.rows()


def test_a_snapshot_without_a_feed_that_is_left_out_is_gone_on_with(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({f"p{number:02d}": "cashier" for number in range(30)}, "people")
    hub.publish({"k000": "unreadable"})
    interrupt(till, after_pages=3)  # one of goods, and anew two of people
    till.refused()
    report = till.pull()
    assert report.refused is not None
    assert (report.refused.reason, report.anew) == ("feed.unreadable", ("people",))
    assert till.asked.count("/v1/feeds/people") == 1 + 1  # the last page, and the steps since
    assert (till.rows(), till.rows("people")) == ({}, hub.rows("people", 1))


def test_a_copied_feed_that_cannot_go_on_stops_no_snapshot(hub: FeedingHub) -> None:
    till = hub.till()
    till.pulled()
    hub.publish({"Li": "cashier"}, "people")

    def change(handle: Handler, request: httpx2.Request) -> httpx2.Response:
        hub.publish({"k001": "unreadable"})
        return handle(request)

    interrupt(till, after_pages=0)
    till.wire.faults[-1] = change
    assert till.pulled().anew == ("people",)
    assert (till.rows(), till.rows("people")) == (ROWS, {"Li": "cashier"})
