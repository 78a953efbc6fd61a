"""A hub's SQLite: what its write-ahead log holds is put into the file beside the pushes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sync.hub_events import database_problem, tell
from sync.sqlite_driver import SqliteError, several_may_write

if TYPE_CHECKING:
    from sqlalchemy import Engine, PoolProxiedConnection

EVERY_S = 1.0
_MOST_WAIT_S = 10
_LONG_LOG_PAGES = 12_000  # 192 MiB; from 256 MiB on, every commit would checkpoint
_SHORT_WAIT_MS = 100


@contextmanager
def checkpointing(engine: Engine, every_s: float = EVERY_S) -> Iterator[None]:
    """Checkpoint soon after a commit, in a thread of its own, until the block ends; then once more.

    Else a push now and then does it for all before it, and waits for the disk. What fails is
    logged and tried again. It is all left to the commits where only one connection may write.
    """
    from sqlalchemy import event
    from sqlalchemy.exc import SQLAlchemyError

    if engine.dialect.name != "sqlite" or not several_may_write():
        yield
        return
    written, over = threading.Event(), threading.Event()

    def note(_connection: object) -> None:
        written.set()

    def work() -> None:
        ended = failing = False
        while not ended:
            ended = over.wait(every_s)
            if not ended and not written.is_set():
                continue
            written.clear()
            try:
                all_done = checkpoint(engine)
            except (SQLAlchemyError, SqliteError) as error:
                if not failing:  # once an outage, not every second
                    tell(logging.WARNING, "not checkpointed", reason=database_problem(error))
                all_done, failing = False, True
            else:
                failing = False
            if not all_done:
                written.set()

    event.listen(engine, "commit", note)
    thread = threading.Thread(target=work, name="checkpoints", daemon=True)
    thread.start()
    try:
        yield
    finally:
        event.remove(engine, "commit", note)
        over.set()
        thread.join(_MOST_WAIT_S)


def checkpoint(engine: Engine) -> bool:
    """Put into the file what can be without making anybody wait; tell whether that was all.

    Tills that push in turn always leave some of the log: a long one is finished while they wait for
    what came meanwhile, so that it begins anew. Raises SQLAlchemy's and SQLite's errors.
    """
    with closing(engine.raw_connection()) as connection:
        busy, logged, done = _moved(connection, "PASSIVE")
        if done < logged >= _LONG_LOG_PAGES:
            busy, logged, done = _finished(connection)
    return not busy and logged == done


def _finished(connection: PoolProxiedConnection) -> tuple[int, int, int]:
    """Move the rest while writers wait; a reader of long ago is not waited for long."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout")
    (before_ms,) = cursor.fetchone() or (0,)
    cursor.execute(f"PRAGMA busy_timeout = {_SHORT_WAIT_MS}")
    try:
        return _moved(connection, "RESTART")
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {before_ms}")


def _moved(connection: PoolProxiedConnection, way: str) -> tuple[int, int, int]:
    """Checkpoint; return whether somebody was in the way, the pages logged, and those moved."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA wal_checkpoint({way})")
    said = cursor.fetchone()
    assert said is not None, "it always answers with one row"
    busy, logged, done = said
    return busy, logged, done
