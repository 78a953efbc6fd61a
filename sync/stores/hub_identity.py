"""Whose database this is: the id of the one hub whose keys belong to it."""

from sqlalchemy import Column, Connection, MetaData, SmallInteger, String, Table, select

from sync.stores.hub_rows import add_missing

IDENTITY = Table(
    "hub",
    MetaData(),
    Column("one", SmallInteger, primary_key=True, autoincrement=False),  # always 1
    Column("hub_id", String(32), nullable=False),
)


def owner(connection: Connection) -> str | None:
    """Return the id of the hub that this database belongs to; None while nobody has claimed it."""
    return connection.execute(select(IDENTITY.c.hub_id)).scalar()


def claim(connection: Connection, hub_id: str) -> str:
    """Make the database this hub's unless it is another's already; return whose it is."""
    add_missing(connection, IDENTITY, [{"one": 1, "hub_id": hub_id}])
    found = owner(connection)
    assert found is not None
    return found
