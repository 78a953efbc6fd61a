"""Pulling in the background: it lives through failures, and ends when it may not go on."""

import threading
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest

from sync.access import Access
from sync.database import CommitUnknown
from sync.faces.child_pull import take_snapshot
from sync.reference import Reference
from sync.rules import feed as wire
from sync.rules.refusal import Refused
from sync.services.pulling import Puller
from sync.sqlite_driver import sqlite3
from sync.stores import feeds

from .feed_scenes import FedTill, FeedingHub, feeding_hub
from .tills import Handler, down


class Impatient(Access):
    """Access that waits for nothing, and ends after so many waits."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.left = waits
        self.pauses_s: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.pauses_s.append(seconds)
        self.left -= 1
        if not self.left:
            threading.Thread(target=self.end).start()
            return super().wait(30)
        return self.ended


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FeedingHub]:
    with feeding_hub(tmp_path) as hub:
        yield hub


def run(till: FedTill, turns: int, snapshot: object = None) -> Impatient:
    access = Impatient(turns)
    puller = Puller(till.till, till.till.reference, till.client, access, gently=True)
    puller.run_forever(lambda: snapshot() if callable(snapshot) else None)
    return access


def test_it_pulls_now_and_then(hub: FeedingHub) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    access = run(till, 2)
    assert till.rows() == hub.rows()
    every_s = till.till.setup.hub.pull_every_s
    assert access.pauses_s == [every_s, every_s]


def test_it_leaves_a_snapshot_to_somebody_else(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MOST_FRESH", 0)
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    taken = []

    def snapshot() -> None:
        taken.append(till.rows())
        assert till.pull().anew == ("goods",)  # as another process does

    run(till, 2, snapshot)
    assert taken == [{}]
    assert till.rows() == hub.rows()


def test_it_goes_on_after_failures_of_every_kind(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan"})

    def surprise(_hub: Handler, _request: object) -> None:
        raise RuntimeError("what nobody foresaw")

    till.wire.faults += [down, surprise, down]  # type: ignore[list-item]
    access = run(till, 5)
    assert till.rows() == hub.rows()
    assert access.left == 0
    assert [record.message for record in caplog.records].count("a pull failed") <= 1


def test_a_commit_of_unknown_outcome_is_met_by_reconnecting(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    feeding = Reference.feeding
    failures = [CommitUnknown(Refused("database.unusable", "The disk."))]

    def doubtful(self: Reference) -> object:
        if failures:
            raise failures.pop()
        return feeding(self)

    monkeypatch.setattr(Reference, "feeding", doubtful)
    run(till, 3)
    assert not failures
    assert till.rows() == hub.rows()


def test_one_pull_at_a_time(hub: FeedingHub) -> None:
    till = hub.till()
    with filelock.FileLock(till.till.directory / "pulling.lock"):
        report = till.pull()
    assert report.refused is not None
    assert report.refused.reason == "pull.busy"
    assert till.asked == []


def test_a_till_that_is_not_enrolled_is_told_to(hub: FeedingHub) -> None:
    till = hub.till()
    with till.till.journal.transaction() as db:
        db.execute("DELETE FROM enrolment")
    assert till.refused() == "sync.not_enrolled"


def test_a_child_is_ended_with_the_counter(hub: FeedingHub) -> None:
    till = hub.till()
    access = Access()
    access.end()
    take_snapshot(till.till.setup, access)
    assert (till.till.directory / "pull.log").exists()


def test_a_damaged_file_is_left_to_whoever_takes_snapshots(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = hub.till()
    hub.publish({"tea": "5 yuan"})
    till.pulled()
    hub.publish({"cup": "9 yuan"})
    calls = []

    def malformed(*_arguments: object) -> object:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    def rebuilt() -> None:
        calls.append(till.rows())
        monkeypatch.undo()

    monkeypatch.setattr(feeds, "cursors", malformed)
    run(till, 1, rebuilt)
    assert calls == [{"tea": "5 yuan"}]
    assert till.rows() == hub.rows()
