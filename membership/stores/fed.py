"""What feeds tell a till about membership, in reference.db: its center's members, revoked cards."""

from collections.abc import Sequence

from sqlite_utils import Database

from membership.rules import fed_member, revocation
from membership.rules.fed_member import FedMember
from sync.package import FeedRow
from sync.rules.feed_row import contents


def apply_members(db: Database, rows: Sequence[FeedRow]) -> None:
    """Write rows of the feed `members`; a tombstone forgets one. Raises `Fault`."""
    told, gone = contents(fed_member.FEED, rows, fed_member.read_fed)
    db.conn.executemany("DELETE FROM membership WHERE serial = ?", [(serial,) for serial in gone])
    db.conn.executemany(
        "INSERT OR REPLACE INTO membership (serial, card, phone_hash, last4, sold_by, seller)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (key, each.card, each.phone_hash or None, each.last4, each.sold_by, each.seller)
            for key, each in told.items()
        ],
    )


def clear_members(db: Database) -> None:
    """Forget every member that was fed."""
    db.execute("DELETE FROM membership")


def apply_revocations(db: Database, rows: Sequence[FeedRow]) -> None:
    """Write rows of the feed `revocations`; a tombstone reinstates the card. Raises `Fault`."""
    told, gone = contents(revocation.FEED, rows, revocation.read_fed)
    db.conn.executemany("DELETE FROM revocation WHERE serial = ?", [(serial,) for serial in gone])
    db.conn.executemany(
        "INSERT OR REPLACE INTO revocation (serial) VALUES (?)", [(serial,) for serial in told]
    )


def clear_revocations(db: Database) -> None:
    """Forget every revoked card."""
    db.execute("DELETE FROM revocation")


def fed_member_with(reference: Database, serial: str) -> FedMember | None:
    """Return what the hub feeds of the member with this serial."""
    row = reference.execute(
        "SELECT card, coalesce(phone_hash, ''), last4, sold_by, seller FROM membership"
        " WHERE serial = ?",
        [serial],
    ).fetchone()
    return FedMember(*row) if row else None
