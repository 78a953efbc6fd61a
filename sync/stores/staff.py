"""Staff of a till's center in reference.db, as the feed brings them; looked up to sign in."""

from collections.abc import Sequence

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from sync.rules.feed_row import FeedRow, contents
from sync.rules.staff import FEED, Staff, read_fed

MIGRATIONS = Migrations("sync.staff")


@MIGRATIONS()
def staff(db: Database) -> None:
    """Create the table of staff; `pin` is an argon2id hash."""
    db.execute(
        "CREATE TABLE staff (number TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL,"
        " pin TEXT NOT NULL) STRICT, WITHOUT ROWID"
    )


def apply(db: Database, rows: Sequence[FeedRow]) -> None:
    """Write rows of the feed `staff`; a tombstone says that somebody left. Raises `Fault`."""
    told, gone = contents(FEED, rows, read_fed)
    db.conn.executemany("DELETE FROM staff WHERE number = ?", [(number,) for number in gone])
    db.conn.executemany(
        "INSERT OR REPLACE INTO staff (number, name, role, pin) VALUES (?, ?, ?, ?)",
        [(number, each.name, each.role, each.pin) for number, each in told.items()],
    )


def clear(db: Database) -> None:
    """Forget everybody."""
    db.execute("DELETE FROM staff")


def staff_numbered(reference: Database, number: str) -> Staff | None:
    """Return who has this staff number in the till's center."""
    row = reference.execute(
        "SELECT name, role, pin FROM staff WHERE number = ?", [number]
    ).fetchone()
    return None if row is None else Staff(*row)


def any_staff(reference: Database) -> bool:
    """Tell whether the hub feeds anybody: then a PIN can be asked for."""
    return reference.execute("SELECT 1 FROM staff LIMIT 1").fetchone() is not None
