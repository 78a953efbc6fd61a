"""Who may read at the hub: names of readers, with the digests of their tokens."""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    delete,
    select,
)

from sync.package import Reader
from sync.stores.hub_rows import add_one_missing
from sync.stores.hub_tables import METADATA

TOKEN = Table(
    "token",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("token_sha256", LargeBinary, nullable=False, unique=True),
    Column("center", SmallInteger, nullable=False),  # 0: all
    Column("created_ms", BigInteger, nullable=False),
)


def add(connection: Connection, reader: Reader, digest: bytes, now_ms: int) -> bool:
    """Let a reader in by a token's digest; False if one has this name already."""
    row = {
        "name": reader.name,
        "token_sha256": digest,
        "center": reader.center,
        "created_ms": now_ms,
    }
    return add_one_missing(connection, TOKEN, row)


def remove(connection: Connection, digest: bytes) -> None:
    """Let nobody in by the token with this digest any more."""
    connection.execute(delete(TOKEN).where(TOKEN.c.token_sha256 == digest))


def digest_of(connection: Connection, name: str) -> bytes | None:
    """Return the digest of a reader's token; None if there is no reader of this name."""
    return connection.execute(select(TOKEN.c.token_sha256).where(TOKEN.c.name == name)).scalar()


def reader_of(connection: Connection, digest: bytes) -> Reader | None:
    """Return whose token has this digest."""
    found = connection.execute(
        select(TOKEN.c.name, TOKEN.c.center).where(TOKEN.c.token_sha256 == digest)
    ).first()
    return None if found is None else Reader(*found)


def all_readers(connection: Connection) -> list[tuple[Reader, int]]:
    """Return every reader with the moment it was let in, by name."""
    found = connection.execute(
        select(TOKEN.c.name, TOKEN.c.center, TOKEN.c.created_ms).order_by(TOKEN.c.name)
    )
    return [(Reader(name, center), created_ms) for name, center, created_ms in found]
