"""The tables of a till's journal: entries are append-only, which triggers enforce."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

MIGRATIONS = Migrations("sync.journal")

_JOURNAL = """
CREATE TABLE install (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    install TEXT NOT NULL
) STRICT;

CREATE TABLE run (
    number INTEGER PRIMARY KEY,
    run TEXT NOT NULL UNIQUE,
    parent_run TEXT NOT NULL,
    opened_at_ms INTEGER NOT NULL,
    opened_mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    closed_at_ms INTEGER,
    successor TEXT
) STRICT;

CREATE TABLE entry (
    run TEXT NOT NULL REFERENCES run (run),
    seq INTEGER NOT NULL CHECK (seq > 0),
    prev BLOB NOT NULL,
    hash BLOB NOT NULL,
    header BLOB NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT;

CREATE TABLE private (
    run TEXT NOT NULL,
    seq INTEGER NOT NULL,
    salt BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (run, seq),
    FOREIGN KEY (run, seq) REFERENCES entry (run, seq)
) STRICT;

CREATE TABLE mark (
    run TEXT PRIMARY KEY REFERENCES run (run),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE TRIGGER entry_update BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER entry_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER entry_replace BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE run = NEW.run AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER private_update BEFORE UPDATE ON private
BEGIN SELECT RAISE(ABORT, 'personal data is deleted, never changed'); END;

CREATE TRIGGER install_update BEFORE UPDATE ON install
BEGIN SELECT RAISE(ABORT, 'a journal belongs to one till for good'); END;

CREATE TRIGGER install_delete BEFORE DELETE ON install
BEGIN SELECT RAISE(ABORT, 'a journal belongs to one till for good'); END;
"""

_HUB = """
CREATE TABLE enrolment (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    hub_url TEXT NOT NULL,
    hub_id TEXT NOT NULL,
    hub_public BLOB NOT NULL,
    hub_seal_public BLOB NOT NULL,
    certificate BLOB NOT NULL,
    number INTEGER NOT NULL,
    center INTEGER NOT NULL,
    name TEXT NOT NULL,
    enrolled_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE contact (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    tried_at_ms INTEGER NOT NULL,
    answered_at_ms INTEGER
) STRICT;

CREATE TABLE hub_clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL
) STRICT;
"""

_CLOSED = """
ALTER TABLE run ADD COLUMN agreed_seq INTEGER;
UPDATE run SET agreed_seq = coalesce((SELECT seq FROM mark WHERE mark.run = run.run), 0)
WHERE closed_at_ms IS NOT NULL;
"""


@MIGRATIONS()
def journal(db: Database) -> None:
    """Create the journal: install, runs, entries with their private parts, marks."""
    db.executescript(_JOURNAL)


@MIGRATIONS()
def hub(db: Database) -> None:
    """Create what the till knows of its hub: the enrolment and the last contact."""
    db.executescript(_HUB)


@MIGRATIONS()
def closed_at(db: Database) -> None:
    """Keep up to where a closed run was agreed: its mark may go down, with the hub's."""
    db.executescript(_CLOSED)


@MIGRATIONS()
def alarms(db: Database) -> None:
    """Keep which alarms the hub had about this till when it last answered."""
    db.executescript("ALTER TABLE contact ADD COLUMN alarms TEXT NOT NULL DEFAULT ''")


@MIGRATIONS()
def heard(db: Database) -> None:
    """Keep when the hub wrote the newest reply that came without a network."""
    db.executescript("ALTER TABLE contact ADD COLUMN heard_ms INTEGER NOT NULL DEFAULT 0")
