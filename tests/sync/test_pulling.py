"""A till follows what its hub feeds: at first by a snapshot, then by steps."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.database import hub_transaction
from sync.reference import POINTER
from sync.rules import feed as wire
from sync.services import publishing, pulling
from sync.services.status import read_status
from sync.stores import hub_feeds
from tests.hub_databases import NewDatabase

from .feed_scenes import FeedingHub, feeding_hub
from .tills import down


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[FeedingHub]:
    with feeding_hub(tmp_path, new_database()) as hub:
        yield hub


def test_what_is_published_arrives(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan", "cup": "9 yuan"})
    assert till.pulled().anew == ("goods",)
    assert till.rows() == {"tea": "5 yuan", "cup": "9 yuan"}


def test_changes_and_removals_come_as_steps(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan", "cup": "9 yuan"})
    till.pulled()
    hub.publish({"tea": "6 yuan", "pot": "30 yuan"})
    hub.remove(["cup"])
    report = till.pulled()
    assert (report.anew, report.rows) == ((), 3)
    assert till.rows() == {"tea": "6 yuan", "pot": "30 yuan"}


def test_nothing_new_costs_one_request(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    till.pulled()
    assert till.pulled().rows == 0
    assert till.asked == ["/v1/challenge", "/v1/feeds"]


def test_what_is_unchanged_gets_no_new_version(hub: FeedingHub) -> None:
    first = hub.publish({"tea": "5 yuan", "cup": "9 yuan"})
    again = hub.publish({"tea": "5 yuan", "cup": "9 yuan"})
    assert (first.changed, again.changed) == (2, 0)
    assert first.versions == again.versions == {0: 2}


def test_a_feed_that_was_never_published_leaves_what_is_here(hub: FeedingHub) -> None:
    till = hub.till()
    till.put_here({"own": "1 yuan"})
    hub.publish({"Li": "cashier"}, "people")
    assert till.pulled().anew == ("people",)
    assert till.rows() == {"own": "1 yuan"}
    assert till.rows("people") == {"Li": "cashier"}


def test_the_first_that_is_published_replaces_what_was_here(hub: FeedingHub) -> None:
    till = hub.till()
    till.put_here({"own": "1 yuan"})
    hub.publish({"tea": "5 yuan"})
    till.pulled()
    assert till.rows() == {"tea": "5 yuan"}


def test_a_center_is_fed_its_own_rows_only(hub: FeedingHub) -> None:
    here, there = hub.till(), hub.till("CH-01", "chenghai")
    hub.publish({"Li": "cashier"}, "people", 1)
    hub.publish({"Wu": "manager", "Li": "supervisor"}, "people", 2)
    here.pulled()
    there.pulled()
    assert here.rows("people") == {"Li": "cashier"}
    assert there.rows("people") == {"Wu": "manager", "Li": "supervisor"}
    hub.remove(["Li"], "people", 2)
    here.pulled()
    there.pulled()
    assert here.rows("people") == {"Li": "cashier"}
    assert there.rows("people") == {"Wu": "manager"}


def test_what_is_booked_arrives_without_being_published(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    till.pulled()
    hub.book({"cup": "9 yuan"})
    till.pulled()
    assert till.rows() == {"tea": "5 yuan", "cup": "9 yuan"}


def test_a_till_too_far_behind_takes_a_snapshot(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MOST_TOMBSTONES", 2)
    till = hub.till()
    hub.publish({f"k{i}": "1" for i in range(10)})
    till.pulled()
    hub.remove([f"k{i}" for i in range(2)])
    assert till.pulled().anew == ()
    hub.remove([f"k{i}" for i in range(2, 8)])
    assert till.pulled().anew == ("goods",)
    assert till.rows() == {"k8": "1", "k9": "1"} == hub.rows()


def test_a_till_that_would_take_too_many_steps_takes_a_snapshot(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "MOST_STEPS", 5)
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    till.pulled()
    hub.publish({f"k{i}": "1" for i in range(5)})
    assert till.pulled().anew == ()
    hub.publish({f"k{i}": "2" for i in range(6)})
    assert till.pulled().anew == ("goods",)
    assert till.rows() == hub.rows()


def test_beside_a_counter_a_snapshot_is_left_to_another_process(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({f"k{number}": "1" for number in range(wire.MOST_FRESH + 1)})
    report = till.pull(snapshots=False, gently=True)
    assert (report.due, report.rows, till.rows()) == (("goods",), 0, {})
    till.pulled()
    hub.publish({"tea": "6 yuan"})
    report = till.pull(snapshots=False, gently=True)
    assert (report.due, report.rows) == ((), 1)
    assert till.rows() == hub.rows()


def test_what_is_small_is_taken_whole_in_place(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "GENTLE_ROWS", 7)
    till = hub.till()
    till.put_here({"own": "1 yuan"})
    hub.publish({f"k{number}": "1" for number in range(20)})
    interrupted = [lambda handle, request: handle(request)] * 3 + [down]
    till.wire.faults += interrupted  # challenge, overview and one page
    assert till.pull(snapshots=False, gently=True).refused is not None
    assert len(till.rows()) == 7
    report = till.pull(snapshots=False, gently=True)
    assert (report.refused, report.due) == (None, ())
    assert till.rows() == hub.rows()
    assert not (till.till.directory / POINTER).exists()


def test_small_pages_arrive_whole(hub: FeedingHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "GENTLE_ROWS", 7)
    monkeypatch.setattr(pulling, "GENTLE_PAUSE_S", 0)
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    till.pulled()
    hub.publish({f"k{i}": str(i) for i in range(50)})
    assert till.pull(gently=True).rows == 50
    assert till.asked.count("/v1/feeds/goods") == 8
    assert till.rows() == hub.rows()


def test_a_hub_put_back_is_found_out_and_everybody_pulls_anew(hub: FeedingHub) -> None:
    till, other = hub.till(), hub.till("ZZ-02")
    hub.publish({"tea": "5 yuan"})
    copy = hub.backup()
    hub.publish({"tea": "6 yuan", "cup": "9 yuan"})
    till.pulled()
    other.pulled()
    hub.put_back(copy)
    assert till.pulled().anew == ("goods",)
    assert till.rows() == {"tea": "5 yuan"}
    hub.publish({"pot": "30 yuan", "can": "40 yuan", "mat": "50 yuan"})
    assert other.pulled().anew == ("goods",)
    assert other.rows() == hub.rows()
    assert till.pulled().anew == ()
    assert till.rows() == hub.rows()


def test_without_a_network_nothing_changes(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    till.pulled()
    hub.publish({"tea": "6 yuan"})
    till.wire.faults.append(down)
    assert till.refused() == "hub.unreachable"
    till.pulled()
    assert till.rows() == {"tea": "6 yuan"}


def test_what_one_feed_holds_stops_no_other_feed(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    hub.publish({"Li": "cashier"}, "people")
    till.pulled()
    hub.publish({"cup": "unreadable"})
    hub.publish({"Wu": "cashier"}, "people")
    report = till.pull()
    assert report.refused is not None
    assert report.refused.reason == "feed.unreadable"
    assert till.rows() == {"tea": "5 yuan"}
    assert set(till.rows("people")) == {"Li", "Wu"}


def test_the_status_says_how_old_what_is_fed_is(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    till.pulled()
    hub.clock.pass_ms(60_000)
    till.pulled()
    hub.clock.pass_ms(5_000)
    status = read_status(till.till)
    assert {name: (fed.version, fed.age_s) for name, fed in status.feeds.items()} == {
        "goods": (1, 5)
    }
    till.wire.faults.append(down)
    till.pull()
    status = read_status(till.till)
    assert (status.feeds["goods"].age_s, status.feeds_reason) == (5, "hub.unreachable")


def test_removals_are_forgotten_only_beyond_the_newest(hub: FeedingHub) -> None:
    hub.publish({f"k{i}": "1" for i in range(6)})
    hub.remove([f"k{i}" for i in range(4)])
    with hub_transaction(hub.opened.engine) as connection:
        assert hub_feeds.forget_tombstones(connection, "goods", 0, 4) == 0
        assert hub_feeds.forget_tombstones(connection, "goods", 0, 3) == 1
        assert hub_feeds.state(connection, "goods", 0) == hub_feeds.FeedState(10, 7)
