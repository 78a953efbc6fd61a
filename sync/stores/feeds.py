"""What a till was fed, in reference.db: its cursor in each feed, beside the rows it stands for.

A file that is being built by a snapshot keeps here how far that is, too.
"""

from collections.abc import Iterable, Mapping

import msgspec
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from sync.rules.feed_cursor import Cursor

MIGRATIONS = Migrations("sync.feeds")


@MIGRATIONS()
def feeds(db: Database) -> None:
    """Create the tables of cursors, of the last pull, and of a snapshot under way."""
    db.execute(
        "CREATE TABLE feed_cursor (feed TEXT PRIMARY KEY, hub_id TEXT NOT NULL,"
        " center INTEGER NOT NULL, epoch INTEGER NOT NULL, version INTEGER NOT NULL,"
        " signed BLOB NOT NULL, current_ms INTEGER NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE feed_pull (one INTEGER PRIMARY KEY CHECK (one = 1),"
        " tried_ms INTEGER NOT NULL, reason TEXT NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE feed_build (one INTEGER PRIMARY KEY CHECK (one = 1), hub_id TEXT NOT NULL,"
        " center INTEGER NOT NULL, epoch INTEGER NOT NULL, base INTEGER NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE feed_building (feed TEXT PRIMARY KEY, version INTEGER NOT NULL,"
        " after TEXT NOT NULL, rows INTEGER NOT NULL, total INTEGER NOT NULL,"
        " signed BLOB NOT NULL, scanned INTEGER NOT NULL CHECK (scanned IN (0, 1))) STRICT"
    )


@MIGRATIONS()
def builds_of_a_boot(db: Database) -> None:
    """Keep in which boot of the machine a snapshot was begun."""
    db.execute("ALTER TABLE feed_build ADD COLUMN boot TEXT NOT NULL DEFAULT ''")


class Kept(msgspec.Struct, frozen=True):
    """A cursor as it is kept: the hub's signed bytes, and when it was last known to be the end."""

    cursor: Cursor
    signed: bytes
    current_ms: int


class LastPull(msgspec.Struct, frozen=True):
    """When this till last pulled (Unix milliseconds), and the slug of what refused it, if so."""

    tried_ms: int
    reason: str


class Build(msgspec.Struct, frozen=True):
    """What a snapshot is made of: for whom, of which epoch, on a copy made after `base` writes.

    `boot` is the machine's boot in which it was begun: its file is not synced on the way, so
    that what another boot left of it is not to be built upon.
    """

    hub_id: str
    center: int
    epoch: int
    base: int
    boot: str


class Building(msgspec.Struct, frozen=True):
    """How far a snapshot is in one feed: all keys up to `after`, `rows` of `total`.

    `signed` is the cursor at `version`, from which steps complete it, empty before its first page;
    `scanned` is 1 once all keys were gone through. Scanned without a page is a feed that is left
    out, as it was before: this program cannot read its row `after`.
    """

    feed: str
    version: int = 0
    after: str = ""
    rows: int = 0
    total: int = 0
    signed: bytes = b""
    scanned: int = 0


def cursors(db: Database) -> dict[str, Kept]:
    """Return the cursor of every feed that was fed here."""
    found = db.execute(
        "SELECT hub_id, feed, center, epoch, version, signed, current_ms FROM feed_cursor"
    )
    return {row[1]: Kept(Cursor(*row[:5]), *row[5:]) for row in found}


def is_fed(db: Database, feed: str) -> bool:
    """Tell whether the hub feeds this till a feed: then nothing else fills its tables."""
    return db.execute("SELECT 1 FROM feed_cursor WHERE feed = ?", [feed]).fetchone() is not None


def keep_cursor(db: Database, cursor: Cursor, signed: bytes, now_ms: int) -> None:
    """Keep how far a feed is, in the transaction that wrote its rows."""
    db.execute(
        "INSERT OR REPLACE INTO feed_cursor"
        " (feed, hub_id, center, epoch, version, signed, current_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            cursor.feed,
            cursor.hub_id,
            cursor.center,
            cursor.epoch,
            cursor.version,
            signed,
            now_ms,
        ],
    )


def note_pull(db: Database, current: Iterable[str], now_ms: int, reason: str) -> None:
    """Keep what came of a pull: which feeds are at their end now, and what was refused."""
    db.conn.executemany(
        "UPDATE feed_cursor SET current_ms = ? WHERE feed = ?", [(now_ms, each) for each in current]
    )
    db.execute(
        "INSERT OR REPLACE INTO feed_pull (one, tried_ms, reason) VALUES (1, ?, ?)",
        [now_ms, reason],
    )


def last_pull(db: Database) -> LastPull | None:
    """Return what came of the last pull; None before the first."""
    row = db.execute("SELECT tried_ms, reason FROM feed_pull").fetchone()
    return None if row is None else LastPull(*row)


def begin_build(
    db: Database, build: Build, wanted: Iterable[str], unread: Mapping[str, str]
) -> None:
    """Begin a snapshot of some feeds in a copy: their cursors go, and those of other hubs.

    `unread` are those of them that are left out, each with the key of the row that nobody here
    can read.
    """
    for feed in wanted:
        if feed in unread:
            keep_building(db, Building(feed, after=unread[feed], scanned=1))
            continue
        db.execute("DELETE FROM feed_cursor WHERE feed = ?", [feed])
        keep_building(db, Building(feed))
    db.execute("DELETE FROM feed_cursor WHERE hub_id <> ?", [build.hub_id])
    db.execute(
        "INSERT INTO feed_build (one, hub_id, center, epoch, base, boot) VALUES (1, ?, ?, ?, ?, ?)",
        [build.hub_id, build.center, build.epoch, build.base, build.boot],
    )


def build_of(db: Database) -> tuple[Build, Mapping[str, Building]] | None:
    """Return the snapshot that is under way in this file; None if none is."""
    row = db.execute("SELECT hub_id, center, epoch, base, boot FROM feed_build").fetchone()
    if row is None:
        return None
    found = db.execute(
        "SELECT feed, version, after, rows, total, signed, scanned FROM feed_building ORDER BY feed"
    )
    return Build(*row), {feed: Building(feed, *rest) for feed, *rest in found}


def left_out(db: Database) -> dict[str, str]:
    """Return the feeds that a snapshot under way leaves out, each with its row in question."""
    found = build_of(db)
    assert found is not None, "a snapshot is under way"
    return {feed: part.after for feed, part in found[1].items() if part.scanned and not part.signed}


def building_of(db: Database, feed: str) -> Building:
    """Return how far a snapshot is in a feed that is part of it."""
    found = build_of(db)
    assert found is not None, "a snapshot is under way"
    return found[1][feed]


def keep_building(db: Database, building: Building) -> None:
    """Keep how far a snapshot is in a feed, in the transaction that wrote its rows."""
    db.execute(
        "INSERT OR REPLACE INTO feed_building"
        " (feed, version, after, rows, total, signed, scanned) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            building.feed,
            building.version,
            building.after,
            building.rows,
            building.total,
            building.signed,
            building.scanned,
        ],
    )


def end_build(db: Database) -> None:
    """Forget how the snapshot came about: from now on the file is as any other."""
    db.execute("DELETE FROM feed_building")
    db.execute("DELETE FROM feed_build")
