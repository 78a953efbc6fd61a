"""The hub's write-ahead log goes into its file beside the pushes."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, PoolProxiedConnection, QueuePool
from sqlalchemy.exc import SQLAlchemyError

from sync import checkpoints
from sync.checkpoints import checkpoint, checkpointing
from sync.database import BUSY_TIMEOUT_S, hub_snapshot, hub_transaction, open_hub
from sync.sqlite_driver import sqlite3


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_hub(f"sqlite:///{tmp_path / 'hub.db'}")
    with hub_transaction(opened) as connection:
        connection.exec_driver_sql("CREATE TABLE thing (name TEXT)")
    with checkpointing(opened):  # at its end the empty table is in the file
        add(opened, "first")
    yield opened
    opened.dispose()


def add(engine: Engine, name: str) -> None:
    with hub_transaction(engine) as connection:
        connection.exec_driver_sql("INSERT INTO thing VALUES (?)", (name,))


def in_file(root: Path) -> list[str]:
    """Return what the database's file holds without its log."""
    alone = root / "alone.db"
    shutil.copy(root / "hub.db", alone)
    with closing(sqlite3.connect(alone)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM thing")]


def test_what_was_committed_is_in_the_file_once_serving_ends(
    engine: Engine, tmp_path: Path
) -> None:
    add(engine, "before")
    assert in_file(tmp_path) == ["first"]
    with checkpointing(engine, every_s=3600):
        add(engine, "within")
        assert in_file(tmp_path) == ["first"]
    assert in_file(tmp_path) == ["first", "before", "within"]
    add(engine, "after")
    assert in_file(tmp_path) == ["first", "before", "within"]


def test_who_reads_meanwhile_goes_on_seeing_the_same(engine: Engine, tmp_path: Path) -> None:
    with hub_snapshot(engine) as before:
        before.exec_driver_sql("SELECT count(*) FROM thing").scalar()
        with checkpointing(engine, every_s=3600):
            add(engine, "second")
        assert before.exec_driver_sql("SELECT count(*) FROM thing").scalar() == 1
    with checkpointing(engine, every_s=3600):
        add(engine, "third")
    assert in_file(tmp_path) == ["first", "second", "third"]


def test_a_reader_holds_up_only_what_is_behind_it(engine: Engine, tmp_path: Path) -> None:
    with hub_snapshot(engine) as before:
        before.exec_driver_sql("SELECT count(*) FROM thing").scalar()
        add(engine, "second")
        assert not checkpoint(engine)
    assert checkpoint(engine)
    assert in_file(tmp_path) == ["first", "second"]


def test_a_long_log_is_finished_though_somebody_always_writes(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = checkpoints._moved

    def beside_another(connection: PoolProxiedConnection, way: str) -> tuple[int, int, int]:
        if way != "PASSIVE":
            return moved(connection, way)
        with hub_snapshot(engine) as before:
            before.exec_driver_sql("SELECT count(*) FROM thing").scalar()
            add(engine, "third")
            return moved(connection, way)

    monkeypatch.setattr(checkpoints, "_moved", beside_another)
    add(engine, "second")
    assert not checkpoint(engine)
    assert in_file(tmp_path) == ["first"]
    monkeypatch.setattr(checkpoints, "_LONG_LOG_PAGES", 1)
    assert checkpoint(engine)
    assert in_file(tmp_path) == ["first", "second", "third", "third"]
    size = (tmp_path / "hub.db-wal").stat().st_size
    add(engine, "fourth")
    assert (tmp_path / "hub.db-wal").stat().st_size == size  # it has begun anew


def test_nobody_waits_long_for_a_reader_of_long_ago(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_LONG_LOG_PAGES", 0)
    monkeypatch.setattr(checkpoints, "_SHORT_WAIT_MS", 1)
    with hub_snapshot(engine) as before:
        before.exec_driver_sql("SELECT count(*) FROM thing").scalar()
        add(engine, "second")
        assert not checkpoint(engine)
        add(engine, "third")
    assert checkpoint(engine)
    assert in_file(tmp_path) == ["first", "second", "third"]
    with hub_snapshot(engine) as connection:
        waits_ms = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert waits_ms == BUSY_TIMEOUT_S * 1000


def test_what_cannot_be_checkpointed_is_told_once_and_tried_again(
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tried = threading.Semaphore(0)

    def exhausted(_engine: Engine) -> bool:
        tried.release()
        raise SQLAlchemyError("no connection left")

    with checkpointing(engine, every_s=0.001):
        monkeypatch.setattr(checkpoints, "checkpoint", exhausted)
        add(engine, "second")
        for _ in range(3):
            assert tried.acquire(timeout=30)
        monkeypatch.setattr(checkpoints, "checkpoint", checkpoint)
    assert in_file(tmp_path) == ["first", "second"]
    assert [record.message for record in caplog.records] == ["not checkpointed"]


def test_an_older_sqlite_is_written_and_checkpointed_by_one_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 2))
    older = open_hub(f"sqlite:///{tmp_path / 'hub.db'}")
    with checkpointing(older, every_s=3600):
        with hub_transaction(older) as connection:
            connection.exec_driver_sql("CREATE TABLE thing (name TEXT)")
        assert isinstance(older.pool, QueuePool)
        assert (older.pool.size(), older.pool.overflow()) == (1, 0)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        in_file(tmp_path)
    older.dispose()
