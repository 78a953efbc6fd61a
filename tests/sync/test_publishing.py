"""Publishing a file as a feed: all of it or nothing, and only what changed gets a version."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from sync.rules.bad_rows import BadRows
from sync.rules.feed_row import MOST_DATA_BYTES, MOST_KEY
from sync.rules.refusal import Fault, Refused
from sync.services.publishing import Progress, Published
from sync.stores import hub_feeds
from tests.hub_databases import NewDatabase

from .feed_scenes import FeedingHub, feeding_hub, meanwhile


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[FeedingHub]:
    with feeding_hub(tmp_path, new_database()) as hub:
        yield hub


def reason(done: Published | BadRows | Refused) -> str:
    assert isinstance(done, Refused), done
    return done.reason


def test_what_is_published_says_how_much_changed(hub: FeedingHub) -> None:
    assert hub.publish({"a": "1", "b": "2"}) == Published(
        feed="goods", rows=2, changed=2, versions={0: 2}
    )
    assert hub.publish({"a": "1", "b": "3", "c": "4"}) == Published(
        feed="goods", rows=3, changed=2, versions={0: 4}
    )
    assert hub.rows() == {"a": "1", "b": "3", "c": "4"}


def test_more_than_one_transaction_can_hold_is_published_whole(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_feeds, "ASSIGNED_AT_ONCE", 300)
    told: list[tuple[int, int]] = []
    progress = Progress(lambda *_: None, lambda done, size: told.append((done, size)))
    rows = {f"k{number}": str(number) for number in range(2500)}
    done = hub.publishing().publish("goods", hub.file(json.dumps(rows)), progress)
    assert isinstance(done, Published)
    assert done.versions == {0: 2500}
    assert hub.rows() == rows
    assert told[-1] == (2500, 2500)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_what_somebody_publishes_meanwhile_is_compared_with_as_well(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read as unchanged has been changed since: the file still says what is fed."""
    hub.publish({"a": "1", "b": "1"})
    meanwhile(monkeypatch, lambda: hub.publish({"a": "2"}))
    assert hub.publish({"a": "1", "b": "2"}).changed == 2
    assert hub.rows() == {"a": "1", "b": "2"}


def test_what_is_booked_without_a_version_yet_is_no_publication(hub: FeedingHub) -> None:
    hub.publish({"a": "1"})
    hub.book({"b": "1"})
    assert hub.publish({"a": "2"}).versions == {0: 3}


def test_who_is_overtaken_over_and_over_is_refused_and_nothing_is_written(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.publish({"a": "1"})
    others = [partial(hub.publish, {"b": str(number)}) for number in range(3)]
    meanwhile(monkeypatch, *others)
    done = hub.publishing().publish("goods", hub.file(json.dumps({"a": "2"})))
    assert reason(done) == "feed.overtaken"
    assert hub.rows() == {"a": "1", "b": "2"}


def test_a_removed_row_can_come_back(hub: FeedingHub) -> None:
    hub.publish({"a": "1"})
    assert hub.remove(["a"]).versions == {0: 2}
    assert hub.rows() == {}
    assert hub.publish({"a": "1"}).versions == {0: 3}


def test_keys_that_are_not_fed_are_named_and_nothing_is_removed(hub: FeedingHub) -> None:
    hub.publish({"a": "1"})
    done = hub.publishing().remove("goods", hub.file("a\n\nb\n c \n"))
    assert isinstance(done, BadRows)
    assert [each.row for each in done.problems] == [3, 4]
    assert hub.rows() == {"a": "1"}


def test_a_row_that_is_removed_already_is_not_fed(hub: FeedingHub) -> None:
    hub.publish({"a": "1"})
    hub.remove(["a"])
    assert isinstance(hub.publishing().remove("goods", hub.file("a")), BadRows)


@pytest.mark.parametrize(
    "rows", [{"a": "1", "k" * (MOST_KEY + 1): "1"}, {"a": "1", "b": "x" * (MOST_DATA_BYTES + 1)}]
)
def test_a_row_too_large_to_feed_is_refused_with_all_others(
    hub: FeedingHub, rows: dict[str, str]
) -> None:
    done = hub.publishing().publish("goods", hub.file(json.dumps(rows)))
    assert reason(done) == "feed.row_too_large"
    assert hub.rows() == {}


def test_what_nobody_publishes_is_refused(hub: FeedingHub) -> None:
    path = hub.file("{}")
    assert reason(hub.publishing().publish("nosuch", path)) == "feed.unknown"
    assert reason(hub.publishing().publish("members", path)) == "feed.not_published"
    assert reason(hub.publishing().remove("revoked_tills", path)) == "feed.not_published"
    assert reason(hub.publishing().remove("goods", hub.file(" \n"))) == "feed.no_keys"
    path.write_bytes(b"\xff\xfe\x00")
    assert reason(hub.publishing().remove("goods", path)) == "feed.no_keys"
    path.unlink()
    with pytest.raises(Fault):
        hub.publishing().remove("goods", path)


def test_a_publication_that_breaks_off_publishes_nothing(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = hub_feeds.put
    calls = []

    def fail(*given: object) -> int:
        calls.append(1)
        if len(calls) == 3:
            raise OSError("the disk is full")
        return put(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(hub_feeds, "put", fail)
    rows = {f"k{number}": "1" for number in range(2500)}
    with pytest.raises(OSError, match="full"):
        hub.publish(rows)
    assert hub.rows() == {}
    monkeypatch.undo()
    assert hub.publish(rows).changed == 2500
