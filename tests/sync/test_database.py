"""One writer, durable transactions, and a COMMIT whose outcome nobody knows."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database as SqliteUtils
from sqlite_utils.migrations import Migrations

from sync.database import CommitUnknown, Database
from sync.rules.refusal import Fault
from sync.sqlite_driver import SqliteError

STEPS = Migrations("test")


@STEPS()
def make_table(db: SqliteUtils) -> None:
    db.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY) STRICT")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "journal.db", [STEPS])
    yield opened
    opened.close()


def count(database: Database) -> int:
    return int(database.read().execute("SELECT count(*) FROM thing").fetchone()[0])


def insert(db: SqliteUtils, number: int) -> None:
    db.execute("INSERT INTO thing VALUES (?)", [number])


def test_what_commits_is_there_and_what_raises_is_not(database: Database) -> None:
    with database.transaction() as db:
        insert(db, 1)
    with pytest.raises(RuntimeError), database.transaction() as db:
        insert(db, 2)
        raise RuntimeError
    assert count(database) == 1


def test_durability_is_asked_of_sqlite(database: Database) -> None:
    with database.transaction() as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(SqliteError, match="readonly"):
        database.read().execute("INSERT INTO thing VALUES (9)")


def test_threads_write_one_after_the_other(database: Database) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 20):
            with database.transaction() as db:
                before = db.execute("SELECT count(*) FROM thing").fetchone()[0]
                insert(db, number)
                assert db.execute("SELECT count(*) FROM thing").fetchone()[0] == before + 1

    threads = [threading.Thread(target=write, args=(n * 100,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 80


class FailingCommit:
    """A connection whose COMMIT raises, before or after it took effect."""

    def __init__(self, connection: Any, *, durable: bool) -> None:
        self.connection = connection
        self.durable = durable

    def execute(self, sql: str, *parameters: Any) -> Any:
        if sql == "COMMIT":
            if self.durable:
                self.connection.execute(sql)
            raise SqliteError("disk I/O error")
        return self.connection.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


@pytest.mark.parametrize("durable", [True, False])
def test_an_unknown_commit_is_said_and_answered_by_reopening(
    database: Database, *, durable: bool
) -> None:
    with pytest.raises(CommitUnknown), database.transaction() as db:
        insert(db, 1)
        db.conn = FailingCommit(db.conn, durable=durable)  # type: ignore[assignment]
    database.reopen()
    database.checkpoint()
    assert count(database) == int(durable)
    with database.transaction() as db:
        insert(db, 2)
    assert count(database) == int(durable) + 1


def test_a_file_that_is_no_database_is_one_clear_fault(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_text("this is a letter to my aunt, not a database at all" * 40)
    with pytest.raises(Fault) as caught:
        Database(path, [STEPS])
    assert caught.value.refused.reason == "database.unusable"


def test_reading_a_database_that_is_not_there_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(Fault):
        Database(tmp_path / "none.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_gone_is_not_made_anew_under_who_uses_it(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db")
    database.close()
    for path in tmp_path.glob("x.db*"):
        path.unlink()
    with pytest.raises(Fault):
        database.reopen()
    assert not (tmp_path / "x.db").exists()
