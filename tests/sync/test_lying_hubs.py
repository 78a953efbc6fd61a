"""A hub with the right keys that speaks of another time, center or feed is not followed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from sync.rules.feed import Overview, Page, read, read_page, write, write_page
from sync.rules.feed_cursor import Cursor, make_cursor
from sync.rules.refusal import Refused
from sync.services.feeding import Feeding
from sync.stores.feeds import cursors

from .feed_scenes import FedTill, FeedingHub, feeding_hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FeedingHub]:
    with feeding_hub(tmp_path) as hub:
        yield hub


@pytest.fixture
def till(hub: FeedingHub) -> FedTill:
    till = hub.till()
    hub.publish({"tea": "5 yuan", "cup": "9 yuan"})
    till.pulled()
    hub.publish({"tea": "6 yuan"})
    return till


def lie_of_all(monkeypatch: pytest.MonkeyPatch, lie: Callable[[Overview], Overview]) -> None:
    honest = Feeding.overview

    def overview(self: Feeding, center: int, body: bytes) -> bytes | Refused:
        content = honest(self, center, body)
        assert isinstance(content, bytes)
        told = read(content, Overview)
        assert isinstance(told, Overview)
        return write(lie(told))

    monkeypatch.setattr(Feeding, "overview", overview)


def lie_of_pages(monkeypatch: pytest.MonkeyPatch, hub: FeedingHub, **changed: Any) -> None:
    """Change what pages say, and sign a cursor to match."""
    honest = Feeding.page

    def page(self: Feeding, feed: str, center: int, body: bytes) -> bytes | Refused:
        content = honest(self, feed, center, body)
        assert isinstance(content, bytes)
        told = read_page(content)
        assert isinstance(told, Page)
        lie = structs.replace(told, **changed)
        at = Cursor(lie.hub_id, lie.feed, lie.center, lie.epoch, lie.to_version)
        cursor = make_cursor(at, hub.opened.keys.sign)
        return write_page(structs.replace(lie, cursor=cursor))

    monkeypatch.setattr(Feeding, "page", page)


def test_an_epoch_that_is_over_is_refused_and_told(
    hub: FeedingHub, till: FedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie_of_all(monkeypatch, lambda told: structs.replace(told, epoch=told.epoch - 1))
    assert till.refused() == "feed.lower_epoch"


def test_an_earlier_version_is_refused(
    hub: FeedingHub, till: FedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def earlier(told: Overview) -> Overview:
        stands = [structs.replace(stand, version=1) for stand in told.stands]
        return structs.replace(told, stands=tuple(stands))

    lie_of_all(monkeypatch, earlier)
    assert till.refused() == "feed.lower_version"


def test_the_overview_of_another_center_is_refused(
    hub: FeedingHub, till: FedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie_of_all(monkeypatch, lambda told: structs.replace(told, center=2))
    assert till.refused() == "feed.other_center"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"epoch": 1}, "feed.lower_epoch"),
        ({"center": 2}, "feed.other_feed"),
        ({"feed": "people"}, "feed.other_feed"),
        ({"hub_id": "0" * 32}, "feed.other_feed"),
        ({"from_version": 1}, "feed.lower_version"),
        ({"to_version": 1}, "feed.lower_version"),
    ],
)
def test_a_page_of_something_else_is_refused(
    hub: FeedingHub,
    till: FedTill,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, Any],
    reason: str,
) -> None:
    before = cursors(till.till.reference.read())["goods"].cursor
    lie_of_pages(monkeypatch, hub, **changed)
    assert till.refused() == reason
    assert cursors(till.till.reference.read())["goods"].cursor == before
    monkeypatch.undo()
    till.pulled()
    assert till.rows() == hub.rows()


def test_cursors_of_another_hub_are_refused_by_the_hub(hub: FeedingHub, till: FedTill) -> None:
    with till.till.reference.feeding() as db:
        db.execute("UPDATE feed_cursor SET signed = ?", [b"\x92\xc4\x00\xc4\x00"])
    assert till.refused() == "hub.refused"


def test_a_till_cannot_make_the_hub_begin_epochs(hub: FeedingHub, till: FedTill) -> None:
    """Only the hub's own signed words of the future do that."""
    epochs = "SELECT count(*) FROM hub_epoch"
    kept = cursors(till.till.reference.read())["goods"]
    future = structs.replace(kept.cursor, version=10**9)
    with till.till.reference.feeding() as db:
        db.execute("UPDATE feed_cursor SET signed = ?", [make_cursor(future, till.till.keys.sign)])
    assert till.refused() == "hub.refused"
    with hub.opened.engine.connect() as connection:
        assert connection.exec_driver_sql(epochs).scalar() == 1
