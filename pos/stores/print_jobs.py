"""What is to be printed: jobs that are durable with their sale and outlive a dead printer.

`waiting` → `sending`, made durable before the first byte leaves, → `done`. Whoever finds a job
`sending` at the start cannot know what reached the paper, so it waits again as a copy.
"""

from typing import Literal

import msgspec
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

Document = Literal["receipt", "card"]
MIGRATIONS = Migrations("pos.print_jobs")


@MIGRATIONS(name="0001_print_job")
def _create(db: Database) -> None:
    db.execute(
        """CREATE TABLE print_job (
            id INTEGER PRIMARY KEY,
            order_id TEXT NOT NULL,
            document TEXT NOT NULL CHECK (document IN ('receipt', 'card')),
            state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'done')),
            copy INTEGER NOT NULL DEFAULT 0
        ) STRICT"""
    )
    db.execute("CREATE INDEX print_job_open ON print_job (id) WHERE state <> 'done'")
    db.execute("CREATE INDEX print_job_order ON print_job (order_id)")


@MIGRATIONS(name="0002_asked")
def _add_asked(db: Database) -> None:
    db.execute("ALTER TABLE print_job ADD COLUMN asked INTEGER NOT NULL DEFAULT 0")
    db.execute("UPDATE print_job SET asked = copy")  # what opened no drawer shall open none now


class PrintJob(msgspec.Struct, frozen=True):
    """One document of one order.

    `copy` says that it may be on paper already; `asked` that somebody asked for it once more, so
    that it is not the sale's own.
    """

    id: int
    order_id: str
    document: Document
    copy: bool
    asked: bool


def add(db: Database, order_id: str, document: Document, *, asked: bool = False) -> int:
    """Let a document of a sale wait to be printed, or one `asked` for again; returns the job."""
    (job,) = db.execute(
        "INSERT INTO print_job (order_id, document, copy, asked) VALUES (?, ?, ?, ?) RETURNING id",
        (order_id, document, int(asked), int(asked)),
    ).fetchone()
    return int(job)


def of_order(db: Database, order_id: str) -> tuple[int, ...]:
    """Return the ids of an order's jobs, oldest first."""
    rows = db.execute("SELECT id FROM print_job WHERE order_id = ? ORDER BY id", (order_id,))
    return tuple(row[0] for row in rows)


def first_waiting(db: Database, after: int = 0) -> PrintJob | None:
    """Return the oldest job that waits, of those younger than job `after`."""
    row = db.execute(
        "SELECT id, order_id, document, copy, asked FROM print_job"
        " WHERE state = 'waiting' AND id > ? ORDER BY id LIMIT 1",
        (after,),
    ).fetchone()
    return None if row is None else PrintJob(row[0], row[1], row[2], bool(row[3]), bool(row[4]))


def is_done(db: Database, job: int) -> bool:
    """Tell whether all of a job was handed to the printer."""
    (state,) = db.execute("SELECT state FROM print_job WHERE id = ?", (job,)).fetchone()
    return bool(state == "done")


def unfinished(db: Database) -> int:
    """Count the jobs that are not known to be on paper."""
    return int(db.execute("SELECT count(*) FROM print_job WHERE state <> 'done'").fetchone()[0])


def mark_sending(db: Database, job: int) -> None:
    """Say that bytes of this job are about to leave."""
    db.execute("UPDATE print_job SET state = 'sending' WHERE id = ?", (job,))


def mark_done(db: Database, job: int) -> None:
    """Say that all of this job was handed to the printer."""
    db.execute("UPDATE print_job SET state = 'done' WHERE id = ?", (job,))


def mark_waiting(db: Database, job: int, *, copy: bool) -> None:
    """Let a job wait again; as a copy if some of it may have left."""
    db.execute(
        "UPDATE print_job SET state = 'waiting', copy = max(copy, ?) WHERE id = ?",
        (int(copy), job),
    )


def recover(db: Database) -> int:
    """At start: let jobs found `sending` wait again as copies; returns how many."""
    cursor = db.execute("UPDATE print_job SET state = 'waiting', copy = 1 WHERE state = 'sending'")
    return int(cursor.rowcount)
