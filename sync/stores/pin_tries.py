"""Wrong PINs in a row at a till, by staff number, in journal.db: after some none is tried."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from sync.rules.runs import Stamp

MIGRATIONS = Migrations("sync.pin_tries")


@MIGRATIONS()
def pin_tries(db: Database) -> None:
    """Count wrong PINs since the last right one, and when the last was, by the monotonic clock."""
    db.execute(
        "CREATE TABLE pin_try (number TEXT PRIMARY KEY, wrong INTEGER NOT NULL,"
        " mono_ms INTEGER NOT NULL, boot TEXT NOT NULL) STRICT, WITHOUT ROWID"
    )


def wrong_in_a_row(db: Database, number: str) -> tuple[int, Stamp]:
    """Return how many PINs of this number were wrong in a row, and when the last was."""
    row = db.execute("SELECT wrong, mono_ms, boot FROM pin_try WHERE number = ?", [number])
    wrong, mono_ms, boot = row.fetchone() or (0, 0, "")
    return int(wrong), Stamp(0, mono_ms, boot)


def note(db: Database, number: str, now: Stamp, *, right: bool) -> None:
    """Count a PIN that was tried."""
    if right:
        db.execute("DELETE FROM pin_try WHERE number = ?", [number])
        return
    db.execute(
        "INSERT INTO pin_try (number, wrong, mono_ms, boot) VALUES (?1, 1, ?2, ?3)"
        " ON CONFLICT (number) DO UPDATE SET wrong = wrong + 1, mono_ms = ?2, boot = ?3",
        [number, now.mono_ms, now.boot],
    )
