"""Epochs of the hub's database: which of its lineages the versions of feeds belong to."""

from sqlalchemy import BigInteger, Column, Connection, String, Table, func, insert, select

from sync.stores.hub_locks import alone
from sync.stores.hub_tables import METADATA

HUB_EPOCH = Table(
    "hub_epoch",
    METADATA,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("minted_ms", BigInteger, nullable=False),
    Column("why", String(64), nullable=False),
)


def epoch(connection: Connection) -> int:
    """Return the epoch in force; 0 before the first was minted."""
    return connection.execute(select(func.max(HUB_EPOCH.c.epoch))).scalar() or 0


def mint(
    connection: Connection, now_ms: int, why: str, *, beyond: int = 0, after: int | None = None
) -> int:
    """Begin another epoch, later than every one before and than `beyond`; return it.

    `why` is up to 64 characters for the hub's people. With `after`, nothing begins if another
    epoch than this one is in force by now: that one is returned.
    """
    alone(connection, "epoch")
    known = epoch(connection)
    if after is not None and known != after:
        return known
    minted = max(known + 1, beyond + 1, now_ms)
    row = {"epoch": minted, "minted_ms": now_ms, "why": why}
    connection.execute(insert(HUB_EPOCH).values(row))
    return minted
