"""Revoked tills as a till knows them: fed into reference.db, asked when a card is checked."""

from collections.abc import Sequence

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from sync.package import FeedRow
from sync.rules.revocation import read_fed

MIGRATIONS = Migrations("sync.reference")


@MIGRATIONS()
def revoked_tills(db: Database) -> None:
    """Create the table of revoked tills, and that of the counters that are good all the same."""
    db.execute("CREATE TABLE revoked_till (till TEXT PRIMARY KEY) STRICT, WITHOUT ROWID")
    db.execute(
        "CREATE TABLE revoked_till_good (till TEXT NOT NULL, first INTEGER NOT NULL,"
        " last INTEGER NOT NULL, PRIMARY KEY (till, first)) STRICT, WITHOUT ROWID"
    )


def apply(db: Database, rows: Sequence[FeedRow]) -> None:
    """Write rows of the feed `revoked_tills`; a tombstone says the till was re-instated."""
    for row in rows:
        good = read_fed(row.data)
        db.execute("DELETE FROM revoked_till WHERE till = ?", [row.key])
        db.execute("DELETE FROM revoked_till_good WHERE till = ?", [row.key])
        if good is None:
            continue
        db.execute("INSERT INTO revoked_till (till) VALUES (?)", [row.key])
        for each in good:
            db.execute(
                "INSERT INTO revoked_till_good (till, first, last) VALUES (?, ?, ?)",
                [row.key, each.first, each.last],
            )


def clear(db: Database) -> None:
    """Forget every revocation, for all of them come anew."""
    db.execute("DELETE FROM revoked_till")
    db.execute("DELETE FROM revoked_till_good")


def sold_after_revocation(reference: Database, till: str, counter: int) -> bool:
    """Tell whether a card with this counter was sold by a revoked till beyond its last good one.

    `till` is the install id of the till that sold the card: `Certificate.install`.
    """
    row = reference.execute(
        "SELECT NOT EXISTS (SELECT 1 FROM revoked_till_good g WHERE g.till = r.till"
        " AND ? BETWEEN g.first AND g.last) FROM revoked_till r WHERE r.till = ?",
        [counter, till],
    ).fetchone()
    return row is not None and bool(row[0])
