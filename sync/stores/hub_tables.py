"""The hub's own tables, in SQLAlchemy core: what was received, what was booked, what is odd.

Whatever tills send has the till in every unique key, and a push touches one till only, so these
tables partition and distribute by till. Moments are Unix milliseconds, amounts fen.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
)

BY_TILL = "HASH (till)"  # how what grows with sales is partitioned
# Ordered byte by byte in every database, whatever its locale says of digits and letters.
ORDERED_NAME = String(64).with_variant(String(64, collation="C"), "postgresql")

METADATA = MetaData()

TILL = Table(
    "till",
    METADATA,
    Column("till", String(32), primary_key=True),  # the install id
    Column("number", SmallInteger, nullable=False, unique=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("center", SmallInteger, nullable=False),
    Column("center_name", String(64), nullable=False),
    Column("enrolled_ms", BigInteger, nullable=False),
)

CERTIFICATE = Table(
    "certificate",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("counter_first", BigInteger, primary_key=True, autoincrement=False),
    Column("counter_count", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

INVITE = Table(
    "invite",
    METADATA,
    Column("invite", String(16), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("name", String(64), nullable=False),
    Column("center", SmallInteger, nullable=False),
    Column("center_name", String(64), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("till", String(32)),  # which till used it
    Column("granted", LargeBinary),  # the certificate it was given
)

RUN = Table(
    "run",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("run", String(64), primary_key=True),
    Column("parent_run", String(64), nullable=False),
    Column("parent_seq", BigInteger, nullable=False),
    Column("parent_hash", LargeBinary, nullable=False),
    Index("run_parent", "till", "parent_run", "parent_seq"),
)


def _entry_columns() -> list[Column[Any]]:
    return [
        Column("till", String(32), primary_key=True),
        Column("run", String(64), primary_key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("prev", LargeBinary, nullable=False),
        Column("header", LargeBinary, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("salt", LargeBinary),
        Column("private", LargeBinary),
    ]


ENTRY = Table(
    "entry",
    METADATA,
    *_entry_columns(),
    Column("hash", LargeBinary, nullable=False),
    postgresql_partition_by=BY_TILL,
)

FORK = Table(
    "fork",
    METADATA,
    *_entry_columns(),
    Column("hash", LargeBinary, primary_key=True),
    postgresql_partition_by=BY_TILL,
)

SEGMENT = Table(  # the signed heads: evidence of who said what
    "segment",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("run", String(64), primary_key=True),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("last_hash", LargeBinary, primary_key=True),
    Column("head", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    postgresql_partition_by=BY_TILL,
)

BOOKING = Table(  # one row for each thing that happened, however often it was delivered
    "booking",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("id", ORDERED_NAME, primary_key=True),
    Column("body_sha256", LargeBinary, primary_key=True),
    Column("run", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("interpreted", Boolean, nullable=False),
    Index("booking_by_day", "till", "day", "kind", "id"),
    postgresql_partition_by=BY_TILL,
)

ALARM = Table(  # what a manager has to look at; found again it stays one row
    "alarm",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("run", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # 0: the whole run
    Column("about", String(64), primary_key=True),
    Column("noticed_ms", BigInteger, nullable=False),  # when something of it was new
)

SETTLED = Table(  # what a person said of an alarm; noticed anew later, it is unsettled again
    "settled",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("run", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("about", String(64), primary_key=True),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", String(200), nullable=False),
    Column("who", String(64), nullable=False),
    Column("by_till", String(32), nullable=False),  # at which till it was settled
)

STANDING = Table(  # each till's newest signed running totals: the segment head they came in
    "standing",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("head", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

CLOSING = Table(  # the closing entries, for whoever asks about a day
    "closing",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("body_sha256", LargeBinary, primary_key=True),
    Column("run", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)


REVOCATION = Table(  # the revocations in force
    "revocation",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("terms", LargeBinary, nullable=False),  # a `sync.rules.revocation.Revocation` as JSON
    Column("revoked_ms", BigInteger, nullable=False),
)

HELD = Table(  # a revoked till's entries beyond its last good ones, until a person decides
    "held",
    METADATA,
    *_entry_columns(),
    Column("hash", LargeBinary, primary_key=True),
    Column("received_ms", BigInteger, nullable=False),
    postgresql_partition_by=BY_TILL,
)

ACT = Table(  # the register: who was enrolled, renewed, revoked, re-instated; signed and chained
    "act",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

USED_CHALLENGE = Table(  # each signed request uses one, once, at whichever hub process
    "used_challenge",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("nonce", LargeBinary, primary_key=True),
    Column("expires_ms", BigInteger, nullable=False),
)
