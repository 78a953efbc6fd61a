"""A hub's SQLite: what its write-ahead log holds is put into the file beside the pushes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from sync.sqlite_driver import several_may_write, sqlite3

if TYPE_CHECKING:
    from sqlalchemy import Engine

EVERY_S = 1.0


@contextmanager
def checkpointing(engine: Engine, every_s: float = EVERY_S) -> Iterator[None]:
    """Checkpoint soon after a commit, in a thread of its own, until the block ends; then once more.

    Else a push now and then does it for all before it, and waits for the disk. What fails here is
    left to the next; who reads or writes meets the same disk, and tells of it. It is left to the
    commits where only one connection may write.
    """
    from sqlalchemy import event

    if engine.dialect.name != "sqlite" or not several_may_write():
        yield
        return
    committed, over = threading.Event(), threading.Event()

    def note(_connection: object) -> None:
        committed.set()

    def work() -> None:
        with closing(engine.raw_connection()) as connection:
            ended = False
            while not ended:
                ended = over.wait(every_s)
                if committed.is_set():
                    committed.clear()
                    with suppress(sqlite3.DatabaseError):
                        connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    event.listen(engine, "commit", note)
    thread = threading.Thread(target=work, name="checkpoints", daemon=True)
    thread.start()
    try:
        yield
    finally:
        event.remove(engine, "commit", note)
        over.set()
        thread.join()
