"""How far a hub's database is: its lineage as it was last seen, and what in it only grows."""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    SmallInteger,
    String,
    Table,
    func,
    select,
    update,
)

from sync.rules.lineage import Watermark
from sync.stores.hub_epoch import epoch
from sync.stores.hub_feeds import FEED
from sync.stores.hub_lineage import lineage_of
from sync.stores.hub_rows import add_missing
from sync.stores.hub_tables import ACT

OPENING = Table(
    "opening",
    MetaData(),
    Column("one", SmallInteger, primary_key=True, autoincrement=False),  # always 1
    Column("lineage", String(128), nullable=False),
    Column("openings", BigInteger, nullable=False),
)


def seen(connection: Connection) -> Watermark:
    """Return how far the database is."""
    row = connection.execute(select(OPENING.c.openings)).first()
    registered = connection.execute(select(func.max(ACT.c.seq))).scalar() or 0
    fed = connection.execute(select(func.sum(FEED.c.version))).scalar() or 0
    return Watermark(
        lineage=lineage_of(connection),
        epoch=epoch(connection),
        openings=row.openings if row else 0,
        progress=int(registered + fed),
    )


def known_lineage(connection: Connection) -> str | None:
    """Return the lineage that the database itself remembers; None before it was first opened."""
    return connection.execute(select(OPENING.c.lineage)).scalar()


def remember(connection: Connection, lineage: str) -> None:
    """Let the database remember its lineage, and count that it was opened or looked after."""
    add_missing(connection, OPENING, [{"one": 1, "lineage": lineage, "openings": 0}])
    connection.execute(update(OPENING).values(lineage=lineage, openings=OPENING.c.openings + 1))
