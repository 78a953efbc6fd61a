"""Snapshots: built aside, gone on with after an interruption, swapped in whole or not at all."""

import errno
import mmap
import os
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from sync import written_out
from sync.database import hub_transaction
from sync.feed_client import FeedClient
from sync.reference import BUILDING, POINTER, Reference, in_force
from sync.rules import feed as wire
from sync.rules.feed import Wanted, read
from sync.rules.refusal import Fault
from sync.services import snapshots
from sync.stores import feeds, hub_epoch

from .feed_scenes import FedTill, FeedingHub, feeding_hub
from .tills import FakeClock, Handler, down, opened

ROWS = {f"k{number:03d}": str(number) for number in range(50)}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedingHub]:
    monkeypatch.setattr(snapshots, "MOST_ROWS", 10)
    monkeypatch.setattr(wire, "MOST_FRESH", 0)
    with feeding_hub(tmp_path) as hub:
        yield hub


@pytest.fixture
def till(hub: FeedingHub) -> FedTill:
    hub.publish(ROWS)
    return hub.till()


def interrupt(till: FedTill, after_pages: int) -> None:
    """Let the network fail once so many pages of a snapshot have come."""

    def pass_on(hub: Handler, request: httpx2.Request) -> httpx2.Response:
        return hub(request)

    till.wire.faults += [pass_on] * (2 + after_pages) + [down]  # challenge, overview, pages


def building(till: FedTill) -> Path:
    return till.till.directory / BUILDING


def test_an_interrupted_snapshot_is_gone_on_with(hub: FeedingHub, till: FedTill) -> None:
    interrupt(till, after_pages=3)
    assert till.refused() == "hub.unreachable"
    assert building(till).exists()
    assert till.pulled().anew == ("goods",)
    assert till.asked.count("/v1/feeds/goods") == 2 + 1  # two pages by key, and the steps since
    assert till.rows() == ROWS
    assert not building(till).exists()


def test_what_changes_while_a_snapshot_is_taken_is_in_it(hub: FeedingHub, till: FedTill) -> None:
    interrupt(till, after_pages=3)
    till.refused()
    hub.publish({"k005": "changed", "k049": "changed", "k000a": "new", "z": "new"})
    hub.remove(["k001", "k048"])
    till.pulled()
    assert till.rows() == hub.rows()
    assert till.rows()["k005"] == "changed"


def test_what_another_boot_left_is_not_built_upon(hub: FeedingHub, till: FedTill) -> None:
    interrupt(till, after_pages=3)
    till.refused()
    till.till._boot = "another boot"
    till.pulled()
    assert till.asked.count("/v1/feeds/goods") == len(ROWS) // 10 + 1  # all pages, and the steps
    assert till.rows() == ROWS


def test_where_nobody_tells_the_boot_another_process_goes_on_with_a_snapshot(
    hub: FeedingHub, till: FedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeClock, "boot_lasts", lambda _clock: False)
    interrupt(till, after_pages=3)
    till.refused()
    till.till._boot = "another process"
    till.pulled()
    assert till.asked.count("/v1/feeds/goods") == 2 + 1
    assert till.rows() == ROWS


def test_a_disk_that_fails_to_take_a_snapshot_has_it_fetched_anew(
    hub: FeedingHub, till: FedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr(snapshots, "write_out", fails)
        with pytest.raises(Fault):
            till.pull(gently=True)
    assert not building(till).exists()
    till.pulled()
    assert till.asked.count("/v1/feeds/goods") == len(ROWS) // 10 + 1
    assert till.rows() == ROWS


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system names no open files")
def test_a_snapshot_is_synced_before_it_is_named_and_named_before_that_is_kept(
    hub: FeedingHub, till: FedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, rename, replace = os.fsync, Path.rename, Path.replace

    def synced(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync(descriptor)

    def renamed(path: Path, target: Path) -> Path:
        done.append(f"{path.name} to {target.name}")
        return rename(path, target)

    def replaced(path: Path, target: Path) -> Path:
        done.append(f"{path.name} to {target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(Path, "replace", replaced)
    till.pulled()
    directory = till.till.directory.name
    assert done == [
        f"sync {BUILDING}",
        f"{BUILDING} to reference-1.db",
        f"sync {directory}",
        f"sync .{POINTER}.part",
        f".{POINTER}.part to {POINTER}",
        f"sync {directory}",
    ]


def test_a_gentle_snapshot_reaches_the_disk_in_parts_before_it_is_in_force(
    hub: FeedingHub, till: FedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written_out, "PART_BYTES", mmap.ALLOCATIONGRANULARITY)
    rests = []
    pause = FeedClient.pause

    def rest(client: FeedClient, _seconds: float) -> None:
        rests.append(in_force(till.till.directory).name)
        pause(client, 0)

    monkeypatch.setattr(FeedClient, "pause", rest)
    assert till.pull(gently=True).refused is None
    size = in_force(till.till.directory).stat().st_size
    assert len(rests) >= size // mmap.ALLOCATIONGRANULARITY > 1
    assert set(rests) == {"reference.db"}
    assert till.rows() == ROWS


def test_a_gentle_snapshot_rests_as_long_as_each_page_took(
    hub: FeedingHub, till: FedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    monkeypatch.setattr(FeedClient, "pause", lambda _client, seconds: rests.append(seconds))

    def slowly(handle: Handler, request: httpx2.Request) -> httpx2.Response:
        hub.clock.pass_ms(300)
        return handle(request)

    till.wire.faults += [slowly] * 20
    assert till.pull(gently=True).refused is None
    assert rests[: len(ROWS) // 10] == [0.3] * (len(ROWS) // 10)


def test_a_snapshot_of_an_epoch_that_is_over_is_begun_anew(hub: FeedingHub, till: FedTill) -> None:
    interrupt(till, after_pages=3)
    till.refused()
    with hub_transaction(hub.opened.engine) as connection:
        hub_epoch.mint(connection, hub.clock.now_ms(), "a test")
    assert till.pulled().rows == len(ROWS)
    assert till.rows() == ROWS


def test_an_epoch_that_ends_under_a_snapshot_ends_it(hub: FeedingHub, till: FedTill) -> None:
    def over(handle: Handler, request: httpx2.Request) -> httpx2.Response:
        with hub_transaction(hub.opened.engine) as connection:
            hub_epoch.mint(connection, hub.clock.now_ms(), "a test")
        return handle(request)

    interrupt(till, after_pages=3)
    till.wire.faults[-1] = over
    assert till.refused() == "hub.refused"
    assert not building(till).exists()
    assert till.pulled().anew == ("goods",)
    assert till.rows() == ROWS


def test_a_snapshot_of_other_feeds_is_begun_anew(hub: FeedingHub, till: FedTill) -> None:
    interrupt(till, after_pages=3)
    till.refused()
    hub.publish({"Li": "cashier"}, "people")
    assert set(till.pulled().anew) == {"goods", "people"}
    assert (till.rows(), till.rows("people")) == (ROWS, {"Li": "cashier"})


def test_goods_imported_here_meanwhile_are_not_lost(hub: FeedingHub) -> None:
    hub.publish({f"p{number:02d}": "cashier" for number in range(30)}, "people")
    till = hub.till()
    interrupt(till, after_pages=2)
    till.refused()
    till.put_here({"own": "1 yuan"})
    till.pulled()
    assert till.rows() == {"own": "1 yuan"}
    assert len(till.rows("people")) == 30


def test_goods_imported_in_the_last_moment_put_a_snapshot_off(
    hub: FeedingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.publish({"Li": "cashier"}, "people")
    till = hub.till()
    complete = snapshots.Snapshots._complete

    def and_import(self: snapshots.Snapshots, *given: object) -> object:
        done = complete(self, *given)  # type: ignore[arg-type]
        till.put_here({"own": "1 yuan"})
        return done

    monkeypatch.setattr(snapshots.Snapshots, "_complete", and_import)
    report = till.pull()
    assert report.refused is not None
    assert report.refused.reason == "pull.disturbed"
    monkeypatch.undo()
    till.pulled()
    assert (till.rows(), till.rows("people")) == ({"own": "1 yuan"}, {"Li": "cashier"})


def test_a_damaged_half_built_file_is_begun_anew(hub: FeedingHub, till: FedTill) -> None:
    interrupt(till, after_pages=3)
    till.refused()
    building(till).write_bytes(b"not a database at all" * 1000)
    assert till.pulled().rows == len(ROWS)
    assert till.rows() == ROWS


def test_a_file_that_came_out_damaged_is_not_put_in_force(
    hub: FeedingHub, till: FedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "is_sound", lambda _db: False)
    assert till.refused() == "pull.damaged"
    assert not building(till).exists()
    monkeypatch.undo()
    till.pulled()
    assert till.rows() == ROWS


def test_a_full_disk_is_left_to_the_sales(
    hub: FeedingHub, till: FedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1, 1, 1000))
    assert till.refused() == "pull.no_room"
    assert not building(till).exists()


def test_a_feed_that_needs_no_snapshot_comes_along_up_to_date(
    hub: FeedingHub, till: FedTill
) -> None:
    till.pulled()
    hub.publish({"Li": "cashier"}, "people")

    def change(handle: Handler, request: httpx2.Request) -> httpx2.Response:
        hub.publish({"k001": "changed"})
        return handle(request)

    interrupt(till, after_pages=0)
    till.wire.faults[-1] = change
    assert till.pulled().anew == ("people",)
    assert till.rows()["k001"] == "changed"


def test_who_reads_keeps_the_file_until_it_goes_over(hub: FeedingHub, till: FedTill) -> None:
    with opened(till.till.setup, "read") as other:
        db = other.reference.read()
        assert list(db.execute("SELECT key FROM goods")) == []
        till.pulled()
        assert list(db.execute("SELECT key FROM goods")) == []
        assert other.reference.follow()
        assert len(list(other.reference.read().execute("SELECT key FROM goods"))) == len(ROWS)
        assert not other.reference.follow()


def test_who_writes_goes_over_first(hub: FeedingHub, till: FedTill) -> None:
    other = Reference(till.till.directory)
    try:
        till.pulled()
        with other.transaction() as db:
            db.execute("INSERT INTO goods VALUES ('own', x'78')")
        assert other.path == till.till.reference.path
    finally:
        other.close()
    assert set(till.rows()) == {*ROWS, "own"}


def test_files_no_longer_in_force_are_removed_when_the_till_is_opened(
    hub: FeedingHub, till: FedTill
) -> None:
    directory = till.till.directory
    for number in range(3):
        hub.publish({"k001": str(number)})
        with hub_transaction(hub.opened.engine) as connection:
            hub_epoch.mint(connection, hub.clock.now_ms(), "a test")
        till.pulled()
    assert in_force(directory).name == "reference-3.db"
    assert sorted(path.name for path in directory.glob("reference*.db")) == [
        "reference-2.db",
        "reference-3.db",
    ]
    till.till.close()
    opened(till.till.setup).close()
    assert sorted(path.name for path in directory.glob("reference*")) == [
        "reference-3.db",
        POINTER,
    ]


@pytest.mark.parametrize(
    "named", ["", "journal.db", "../x", "reference-0.db", "reference.db\n\n x"]
)
def test_a_pointer_that_names_no_file_of_reference_data_is_a_fault(
    hub: FeedingHub, till: FedTill, named: str
) -> None:
    (till.till.directory / POINTER).write_text(named, "ascii")
    with pytest.raises(Fault):
        in_force(till.till.directory)


def test_a_page_is_asked_for_by_key(hub: FeedingHub, till: FedTill) -> None:
    till.pulled()
    wanted = [read(body, Wanted) for body in till.wire.requests]
    asked = [(each.kind, each.after) for each in wanted if isinstance(each, Wanted)]
    keys = ["", "k009", "k019", "k029", "k039"]
    assert asked == [*(("snapshot", key) for key in keys), ("steps", "")]
    assert feeds.is_fed(till.till.reference.read(), "goods")
    assert not feeds.is_fed(till.till.reference.read(), "people")
