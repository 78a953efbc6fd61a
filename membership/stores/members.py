"""Memberships and revocations in a till's databases.

`journal.db` holds the memberships granted here; `reference.db` those that a feed brought for
this center, in a table of the same shape, and the revoked serials. What a membership is worth
is never stored: it is read from its signed card.
"""

from collections.abc import Iterable

import msgspec
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from membership.rules.grant import Grant
from membership.rules.phone import PhoneToken

MIGRATIONS = Migrations("membership")
REFERENCE_MIGRATIONS = Migrations("membership_reference")


class Kept(msgspec.Struct, frozen=True):
    """What is kept of a membership: its card's text, and four digits of a phone or none."""

    card: str
    last4: str


@MIGRATIONS()
def granted_here(db: Database) -> None:
    """Create the table of memberships that this till granted."""
    db.execute(
        """
        CREATE TABLE membership (
            serial TEXT PRIMARY KEY,
            order_id TEXT NOT NULL UNIQUE,
            counter INTEGER NOT NULL,
            provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)),
            from_day TEXT NOT NULL,
            until TEXT NOT NULL,
            card TEXT NOT NULL,
            phone_hash TEXT,
            last4 TEXT NOT NULL
        ) STRICT
        """
    )
    db.execute("CREATE INDEX membership_counter ON membership (counter)")
    db.execute(
        "CREATE INDEX membership_phone ON membership (phone_hash) WHERE phone_hash IS NOT NULL"
    )


@REFERENCE_MIGRATIONS()
def fed_memberships_and_revocations(db: Database) -> None:
    """Create what feeds fill: this center's members, and serials that are no longer good."""
    db.execute(
        """
        CREATE TABLE membership (
            serial TEXT PRIMARY KEY,
            card TEXT NOT NULL,
            phone_hash TEXT,
            last4 TEXT NOT NULL
        ) STRICT
        """
    )
    db.execute(
        "CREATE INDEX membership_phone ON membership (phone_hash) WHERE phone_hash IS NOT NULL"
    )
    db.execute("CREATE TABLE revocation (serial TEXT PRIMARY KEY) STRICT, WITHOUT ROWID")


@REFERENCE_MIGRATIONS()
def who_sold_a_provisional_card(db: Database) -> None:
    """Let the feed say whose key signed a provisional card that the hub has confirmed."""
    db.execute("ALTER TABLE membership ADD COLUMN sold_by TEXT NOT NULL DEFAULT ''")


@REFERENCE_MIGRATIONS()
def who_sold_a_fed_card(db: Database) -> None:
    """Let the feed say which till sold a card; what was fed before is fed anew, with that."""
    db.execute("ALTER TABLE membership ADD COLUMN seller TEXT NOT NULL DEFAULT ''")
    db.execute("DELETE FROM feed_cursor WHERE feed = 'members'")


def next_counter(db: Database, first: int) -> int:
    """Return the next card counter at or above `first` that this till has not used."""
    row = db.execute("SELECT max(counter) FROM membership WHERE counter >= ?", [first]).fetchone()
    return first if row[0] is None else int(row[0]) + 1


def add(db: Database, grant: Grant, order_id: str, token: PhoneToken | None) -> None:
    """Keep a membership granted by an order, in that order's transaction.

    Of a phone number only its keyed hash and last four digits are kept here.
    """
    card = grant.card
    db.execute(
        "INSERT INTO membership (serial, order_id, counter, provisional, from_day, until, card,"
        " phone_hash, last4) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            card.serial,
            order_id,
            card.counter,
            int(grant.provisional),
            card.from_day.isoformat(),
            card.until.isoformat(),
            grant.text,
            token.hash if token else None,
            token.last4 if token else "",
        ],
    )


def by_serial(db: Database, serial: str) -> Kept | None:
    """Return the membership with this serial, of either database."""
    row = db.execute("SELECT card, last4 FROM membership WHERE serial = ?", [serial]).fetchone()
    return Kept(*row) if row else None


def by_phone_hash(db: Database, phone_hash: str) -> list[Kept]:
    """Return the memberships joined with this phone number, of either database."""
    rows = db.execute("SELECT card, last4 FROM membership WHERE phone_hash = ?", [phone_hash])
    return [Kept(*row) for row in rows]


def revoked_serials(reference: Database, among: Iterable[str]) -> frozenset[str]:
    """Return which of these serials the last feed called revoked."""
    found = (
        reference.execute("SELECT serial FROM revocation WHERE serial = ?", [serial]).fetchone()
        for serial in among
    )
    return frozenset(row[0] for row in found if row)
