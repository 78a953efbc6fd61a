"""When the hub's database is put back or replaced, another epoch begins: tills are fed anew."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import delete, insert, select, text

from sync import durable
from sync.database import hub_snapshot, hub_transaction
from sync.package import FeedRow
from sync.rules.lineage import OTHER, PUT_BACK, Watermark, what_happened
from sync.rules.refusal import Fault
from sync.services.hub_opening import OpenHub, lineage_of, open_hub_data
from sync.services.lineage import Lineage
from sync.setup import Setup
from sync.stores import hub_epoch, hub_feeds, hub_openings
from sync.watermark import NAME, raise_watermark, read_watermark, write_watermark
from tests.hub_databases import HubDatabase, NewDatabase

from .register_scenes import hub_setup
from .tills import START_MS, FakeClock, make_setup


@contextmanager
def opened_hub(setup: Setup, database: HubDatabase | None = None) -> Iterator[OpenHub]:
    opened = open_hub_data(setup, database.url if database else "")
    assert isinstance(opened, OpenHub), opened
    try:
        yield opened
    finally:
        opened.close()


def epoch(opened: OpenHub) -> int:
    with hub_snapshot(opened.engine) as connection:
        return hub_epoch.epoch(connection)


def reasons(opened: OpenHub) -> list[str]:
    with hub_snapshot(opened.engine) as connection:
        found = connection.execute(text("SELECT why FROM hub_epoch ORDER BY epoch"))
        return list(found.scalars())


def begin(opened: OpenHub) -> int:
    """Mint the first epoch, as the first till that pulls does."""
    with hub_transaction(opened.engine) as connection:
        return hub_epoch.mint(connection, START_MS, "the first")


def feed(opened: OpenHub, count: int = 1) -> None:
    """Publish rows, and let them have versions."""
    with hub_transaction(opened.engine) as connection:
        rows = [(0, FeedRow(f"K{index}", b"%d" % id(opened))) for index in range(count)]
        hub_feeds.put(connection, "catalogue", rows)
    with hub_transaction(opened.engine) as connection:
        hub_feeds.assign(connection, "catalogue", 0)


@contextmanager
def put_back(opened: OpenHub) -> Iterator[None]:
    """What happens in the block is lost: then the database is as it was, under whoever serves it.

    So it is with a copy of PostgreSQL's files, which has the same timeline.
    """
    tables = (hub_feeds.FEED, hub_feeds.FEED_ROW, hub_epoch.HUB_EPOCH, hub_openings.OPENING)
    with hub_snapshot(opened.engine) as connection:
        kept = [(table, connection.execute(select(table)).mappings().all()) for table in tables]
    yield
    with hub_transaction(opened.engine) as connection:
        for table, rows in kept:
            connection.execute(delete(table))
            if rows:
                connection.execute(insert(table), [dict(row) for row in rows])


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return make_setup(tmp_path / "hub-machine", clock=FakeClock(), partitions=2)


def test_the_same_database_keeps_its_epoch(setup: Setup, new_database: NewDatabase) -> None:
    database = new_database()
    with opened_hub(setup, database) as opened:
        first = begin(opened)
    for _ in range(3):
        with opened_hub(setup, database) as opened:
            feed(opened)
            lineage_of(setup, opened).look()
            assert epoch(opened) == first


def test_a_database_put_back_begins_an_ordered_epoch(
    setup: Setup, new_database: NewDatabase, tmp_path: Path
) -> None:
    database, kept = new_database(), tmp_path / "kept"
    with opened_hub(setup, database) as opened:
        first = begin(opened)
    kept.mkdir()
    for path in setup.hub_directory.glob("hub.db*"):
        shutil.copy(path, kept)
    database.backup(kept)
    with opened_hub(setup, database):
        pass
    for path in kept.glob("hub.db*"):
        shutil.copy(path, setup.hub_directory)
    database.restore(kept)
    with opened_hub(setup, database) as opened:
        assert epoch(opened) > first
        assert reasons(opened)[-1] in (PUT_BACK, OTHER)
    with opened_hub(setup, database) as opened:
        assert len(reasons(opened)) == 2


def test_a_copy_made_while_the_hub_served_is_told_by_what_it_fed_since(
    setup: Setup, tmp_path: Path
) -> None:
    with opened_hub(setup) as opened:
        first = begin(opened)
        with opened.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql(f"VACUUM INTO '{tmp_path / 'copy.db'}'")
        feed(opened, 3)
        lineage_of(setup, opened).look()
    shutil.copy(tmp_path / "copy.db", setup.hub_directory / "hub.db")
    with opened_hub(setup) as opened:
        assert epoch(opened) > first
        assert reasons(opened)[-1] == PUT_BACK


def test_a_whole_machine_put_back_is_told_by_the_second_medium(tmp_path: Path) -> None:
    medium, kept = tmp_path / "medium", tmp_path / "kept"
    medium.mkdir()
    setup = hub_setup(tmp_path / "hub-machine", FakeClock(), second_medium=str(medium))
    with opened_hub(setup) as opened:
        first = begin(opened)
    shutil.copytree(setup.hub_directory, kept)
    with opened_hub(setup) as opened:
        feed(opened)
        lineage_of(setup, opened).look()
    shutil.rmtree(setup.hub_directory)
    shutil.copytree(kept, setup.hub_directory)
    with opened_hub(setup) as opened:
        assert epoch(opened) > first
        assert reasons(opened)[-1] == PUT_BACK
    with opened_hub(setup) as opened:
        assert len(reasons(opened)) == 2


def test_a_database_that_was_lost_begins_another_epoch(
    setup: Setup, new_database: NewDatabase
) -> None:
    database = new_database()
    with opened_hub(setup, database) as opened:
        first = begin(opened)
        lineage_of(setup, opened).look()
    database.forget(setup.hub_directory)
    with opened_hub(setup, database) as opened:
        assert epoch(opened) > first


def test_the_hub_keeps_its_watermark_while_it_serves(setup: Setup) -> None:
    with opened_hub(setup) as opened:
        with lineage_of(setup, opened).watching():
            feed(opened, 2)
        kept = read_watermark(setup.hub_directory)
    assert kept is not None
    assert kept.progress == 2


def test_a_database_put_back_under_a_serving_hub_begins_an_epoch(
    setup: Setup, new_database: NewDatabase
) -> None:
    with opened_hub(setup, new_database()) as opened:
        first, lineage = begin(opened), lineage_of(setup, opened)
        feed(opened)
        with put_back(opened):
            feed(opened, 3)
            lineage.look()
        lineage.look()
        assert reasons(opened) == ["the first", PUT_BACK]
        assert epoch(opened) > first
        feed(opened, 2)
        lineage.look()
        lineage_of(setup, opened).look()
        assert len(reasons(opened)) == 2


def test_several_that_look_at_once_at_a_database_put_back_begin_one_epoch(
    setup: Setup, new_database: NewDatabase, tmp_path: Path
) -> None:
    with opened_hub(setup, new_database()) as opened:
        begin(opened)
        elsewhere = [tmp_path / "other-machine", tmp_path / "third-machine"]
        here = [setup.hub_directory] * 2
        for place in elsewhere:
            place.mkdir()
        looking = [
            Lineage(opened.engine, opened.register, place, setup.clock)
            for place in (*here, *elsewhere)
        ]
        with put_back(opened):
            feed(opened, 2)
            for lineage in looking:
                lineage.look()
        with ThreadPoolExecutor(len(looking)) as pool:
            list(pool.map(Lineage.look, looking))
            list(pool.map(Lineage.look, looking))
        assert reasons(opened) == ["the first", PUT_BACK]


def test_a_look_never_lowers_the_watermark_nor_takes_a_late_one_for_evidence(
    setup: Setup, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened_hub(setup, new_database()) as opened:
        begin(opened)
        slow, quick = lineage_of(setup, opened), lineage_of(setup, opened)
        feed(opened)
        keep = slow._keep

        def overtaken(places: Sequence[Path]) -> None:
            feed(opened, 5)
            quick.look()
            keep(places)

        monkeypatch.setattr(slow, "_keep", overtaken)
        slow.look()
        kept = read_watermark(setup.hub_directory)
        assert kept is not None
        assert kept.progress == 5
        assert reasons(opened) == ["the first"]


def test_the_watermark_of_a_database_put_back_stays_until_the_epoch_has_begun(
    setup: Setup, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened_hub(setup, new_database()) as opened:
        begin(opened)
        lineage = lineage_of(setup, opened)
        with put_back(opened):
            feed(opened, 2)
            lineage.look()
        with monkeypatch.context() as failing:
            failing.setattr(hub_epoch, "mint", _full)
            with pytest.raises(OSError, match="full"):
                lineage.look()
        kept = read_watermark(setup.hub_directory)
        assert kept is not None
        assert kept.progress == 2
        lineage_of(setup, opened).look()
        assert reasons(opened) == ["the first", PUT_BACK]


def test_no_push_waits_for_a_second_medium_that_does_not_answer(
    tmp_path: Path, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    medium = tmp_path / "medium"
    medium.mkdir()
    setup = hub_setup(tmp_path / "hub-machine", FakeClock(), second_medium=str(medium))
    asked, answers = threading.Event(), threading.Event()

    def slow(path: Path, data: bytes) -> None:
        if path.parent == medium:
            asked.set()
            assert answers.wait(60)
        durable.place(path, data)

    with opened_hub(setup, new_database()) as opened, ThreadPoolExecutor(1) as pool:
        begin(opened)
        feed(opened, 2)
        monkeypatch.setattr("sync.watermark.place", slow)
        look = pool.submit(lineage_of(setup, opened).look)
        try:
            assert asked.wait(60)
            feed(opened, 3)
            kept = read_watermark(setup.hub_directory)
            assert kept is not None
            assert kept.progress == 2
        finally:
            answers.set()
        look.result()
        kept = read_watermark(medium)
        assert kept is not None
        assert kept.progress == 2


def test_no_new_connection_asks_the_second_medium(
    tmp_path: Path, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    medium = tmp_path / "medium"
    medium.mkdir()
    setup = hub_setup(tmp_path / "hub-machine", FakeClock(), second_medium=str(medium))
    asked: list[Path] = []
    connecting = threading.current_thread()

    def read(place: Path) -> Watermark | None:
        if threading.current_thread() is connecting:
            asked.append(place)
        return read_watermark(place)

    with opened_hub(setup, new_database()) as opened:
        monkeypatch.setattr("sync.services.lineage.read_watermark", read)
        with lineage_of(setup, opened).watching():
            opened.engine.dispose()
            feed(opened)
            assert medium not in asked
        kept = read_watermark(medium)
        assert kept is not None
        assert kept.progress == 1


def test_a_watermark_is_raised_and_never_lowered(tmp_path: Path) -> None:
    seen = Watermark("", 5, 9, 100)
    raise_watermark(tmp_path, seen)
    for behind in (Watermark("", 4, 10, 200), Watermark("", 5, 8, 100), Watermark("", 5, 9, 99)):
        raise_watermark(tmp_path, behind)
        assert read_watermark(tmp_path) == seen
    with ThreadPoolExecutor(1) as pool, FileLock(tmp_path / f"{NAME}.lock"):
        late = pool.submit(raise_watermark, tmp_path, Watermark("", 5, 9, 101))
        write_watermark(tmp_path, Watermark("", 6, 9, 102))
    late.result()
    assert read_watermark(tmp_path) == Watermark("", 6, 9, 102)


def test_the_directory_of_a_second_medium_that_is_away_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="not there"):
        raise_watermark(tmp_path / "medium", Watermark("", 5, 9, 100))
    assert not (tmp_path / "medium").exists()


def _full(*_arguments: object, **_options: object) -> int:
    raise OSError("full")


def test_without_a_watermark_nothing_is_concluded(setup: Setup) -> None:
    with opened_hub(setup) as opened:
        first = begin(opened)
    for spoiled in (b"", b"{"):
        (setup.hub_directory / NAME).write_bytes(spoiled)
        with opened_hub(setup) as opened:
            assert epoch(opened) == first


def test_progress_counts_within_one_epoch_alone() -> None:
    seen = Watermark("", 5, 9, 100)
    assert what_happened(seen, Watermark("", 5, 9, 100)) == ""
    assert what_happened(seen, Watermark("", 5, 8, 100)) == PUT_BACK
