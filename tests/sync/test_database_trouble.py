"""What a database does when its disk does not: repeat, keep others out, stop, connect anew."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database as SqliteUtils
from sqlite_utils.migrations import Migrations

from sync.database import CommitUnknown, Database
from sync.disk_faults import disk_faults
from sync.rules.refusal import Fault, Refused
from sync.sqlite_driver import SqliteError, sqlite3

STEPS = Migrations("test")


@STEPS()
def make_table(db: SqliteUtils) -> None:
    db.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY) STRICT")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "journal.db", [STEPS])
    yield opened
    opened.close()


def things(database: Database) -> list[int]:
    return [row[0] for row in database.read().execute("SELECT id FROM thing").fetchall()]


def put(db: SqliteUtils) -> None:
    db.execute("INSERT OR REPLACE INTO thing VALUES (1)")


class FailingCommit:
    """A connection whose next COMMIT raises after it took effect."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def execute(self, sql: str, *parameters: Any) -> Any:
        done = self.connection.execute(sql, *parameters)
        if sql == "COMMIT":
            raise SqliteError("disk I/O error")
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


def spoil(database: Database) -> None:
    writer: Any = database._writer
    writer.conn = FailingCommit(writer.conn)


def test_a_repeatable_action_of_unknown_outcome_is_done_again(database: Database) -> None:
    spoil(database)
    database.repeatable(put)
    assert things(database) == [1]


def test_nothing_is_written_after_a_commit_of_unknown_outcome_until_all_is_synced(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed to sync lies before it in the WAL: a power cut would take both."""
    unsynced = Fault(Refused("disk", "It does not sync."))

    def fail() -> None:
        raise unsynced

    spoil(database)
    with pytest.raises(CommitUnknown), database.transaction() as db:
        put(db)
    with monkeypatch.context() as broken:
        broken.setattr(database, "checkpoint", fail)
        for _ in range(2):
            with pytest.raises(Fault, match="does not sync"), database.transaction():
                pass
    database.repeatable(put)
    assert wal_bytes(database) > 0
    database.checkpoint()
    database.repeatable(put)
    assert things(database) == [1]


def test_what_a_killed_process_left_in_the_wal_is_synced_before_anything_is_written(
    tmp_path: Path, database: Database
) -> None:
    database.repeatable(put)
    left = tmp_path / "left" / "journal.db"
    left.parent.mkdir()
    for ending in ("", "-wal"):
        shutil.copy(f"{database.path}{ending}", f"{left}{ending}")
    opened = Database(left, [STEPS])
    main = sqlite3.connect(f"{left.as_uri()}?mode=ro&immutable=1", uri=True)
    assert main.execute("SELECT id FROM thing").fetchall() == [(1,)]
    main.close()
    opened.close()


def wal_bytes(database: Database) -> int:
    return database.path.with_name(f"{database.path.name}-wal").stat().st_size


def test_a_repeatable_action_that_cannot_be_written_is_a_fault(database: Database) -> None:
    with pytest.raises(Fault):
        database.repeatable(lambda db: db.execute("INSERT INTO nothing VALUES (1)"))
    assert things(database) == []


@pytest.mark.parametrize("error", [sqlite3.DatabaseError, sqlite3.OperationalError])
def test_what_a_disk_does_to_a_write_or_a_read_is_a_fault(
    database: Database, error: type[Exception]
) -> None:
    def fail(_db: object) -> None:
        raise error("database disk image is malformed")

    with pytest.raises(Fault, match="malformed"):
        database.repeatable(fail)
    with pytest.raises(Fault, match="malformed"), disk_faults(database.path):
        fail(database.read())
    database.repeatable(put)
    assert things(database) == [1]


def test_a_file_that_is_really_damaged_is_a_fault(database: Database) -> None:
    database.repeatable(put)
    database.checkpoint()
    size = database.path.stat().st_size
    database.path.write_bytes(b"\xff" * size)
    with pytest.raises(Fault), disk_faults(database.path):
        things(database)


def test_a_mistake_of_the_program_is_not_told_as_a_fault_of_the_disk(database: Database) -> None:
    def twice(db: SqliteUtils) -> None:
        put(db)
        db.execute("INSERT INTO thing VALUES (1)")

    with pytest.raises(sqlite3.IntegrityError):
        database.repeatable(twice)
    assert things(database) == []


def test_a_stopped_database_takes_nothing_more_and_is_still_read(database: Database) -> None:
    database.repeatable(put)
    database.stop(Refused("stopped", "No more."))
    with pytest.raises(Fault, match=r"No more\."), database.transaction():
        pass
    assert things(database) == [1]


def test_nobody_writes_between_the_transactions_of_an_exclusive_thread(database: Database) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def other() -> None:
        waiting.set()
        database.repeatable(put)
        order.append("other")

    thread = threading.Thread(target=other)
    with database.exclusive():
        thread.start()
        waiting.wait(10)
        database.repeatable(put)
        database.repeatable(put)
        order.append("exclusive")
    thread.join()
    assert order == ["exclusive", "other"]


def test_a_reader_of_another_thread_lives_through_a_reopening(database: Database) -> None:
    reading, reopened = threading.Event(), threading.Event()
    seen: list[object] = []

    def reader() -> None:
        cursor = database.read().execute("SELECT 1 UNION SELECT 2")
        seen.append(cursor.fetchone())
        reading.set()
        reopened.wait(10)
        seen.append(cursor.fetchone())
        seen.append(things(database))

    thread = threading.Thread(target=reader)
    thread.start()
    reading.wait(10)
    database.reopen()
    database.repeatable(put)
    reopened.set()
    thread.join()
    assert seen == [(1,), (2,), [1]]
