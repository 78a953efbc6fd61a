"""What the hub feeds its tills: rows by key, and versions given to them in commit order.

Whoever changes a row leaves it without a version; versions are assigned afterwards, in short
transactions under a lock, so a version that a till can see is never followed by a smaller one.
Each center has versions of its own, and what is for all has some as center 0. A row that is
removed stays as a tombstone until those grow too many.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Select,
    SmallInteger,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
    text,
    update,
)

from sync.rules.feed_row import MOST_DATA_BYTES, MOST_KEY, FeedRow
from sync.stores.hub_locks import alone
from sync.stores.hub_rows import add_missing, put_changed
from sync.stores.hub_tables import METADATA

ASSIGNED_AT_ONCE = 5000
_READ_AT_ONCE = 1000

FEED = Table(  # `oldest`: a till that is further behind than this has missed removals
    "feed",
    METADATA,
    Column("feed", String(32), primary_key=True),
    Column("center", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("oldest", BigInteger, nullable=False),
)

FEED_ROW = Table(  # `center` 0: for all; no data: a tombstone; no version: not assigned yet
    "feed_row",
    METADATA,
    Column("feed", String(32), primary_key=True),
    Column("center", SmallInteger, primary_key=True, autoincrement=False),
    # Pages go by key: in byte order, whatever the database's language is.
    Column(
        "key",
        String(MOST_KEY).with_variant(String(MOST_KEY, collation="C"), "postgresql"),
        primary_key=True,
    ),
    Column("data", LargeBinary, nullable=False),
    Column("version", BigInteger),
)
Index("feed_row_version", FEED_ROW.c.feed, FEED_ROW.c.center, FEED_ROW.c.version)
_UNASSIGNED = FEED_ROW.c.version.is_(None)
Index(
    "feed_row_unassigned",
    FEED_ROW.c.feed,
    FEED_ROW.c.center,
    FEED_ROW.c.key,
    postgresql_where=_UNASSIGNED,
    sqlite_where=_UNASSIGNED,
)
_ASSIGN = (  # row by row: a join would depend on what the database thinks of a new table
    update(FEED_ROW)
    .where(
        FEED_ROW.c.feed == bindparam("of_feed"),
        FEED_ROW.c.center == bindparam("of_center"),
        FEED_ROW.c.key == bindparam("of_key"),
    )
    .values(version=bindparam("to_version"))
)


class FeedState(msgspec.Struct, frozen=True):
    """How far a feed is for a center: the version assigned last, 0 if nothing was ever fed.

    From a version before `oldest` on, steps no longer lead here: a snapshot does.
    """

    version: int
    oldest: int


NEVER_FED = FeedState(0, 0)
Versions = dict[int, int]  # at which a feed is, by the number of the center (0: for all)


def put(connection: Connection, feed: str, rows: Sequence[tuple[int, FeedRow]]) -> int:
    """Write rows, each with the number of its center (0: all), each key once per center.

    Empty data removes a row. What is unchanged keeps its version; returns how many changed.
    """
    ordered = sorted(rows, key=lambda row: (row[0], row[1].key))
    assert all(
        len(row.key) <= MOST_KEY and len(row.data) <= MOST_DATA_BYTES for _, row in ordered
    ), "the size of what is fed is checked before"
    values = [
        {"feed": feed, "center": center, "key": row.key, "data": row.data, "version": None}
        for center, row in ordered
    ]
    return put_changed(connection, FEED_ROW, values, unless_same="data")


def take_stock(connection: Connection) -> None:
    """Let PostgreSQL count anew after many rows: else it looks them up by the wrong index."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE feed_row"))


def has_unassigned(connection: Connection, feed: str, center: int) -> bool:
    """Tell whether there are rows without a version."""
    found = select(FEED_ROW.c.key).where(
        FEED_ROW.c.feed == feed, FEED_ROW.c.center == center, _UNASSIGNED
    )
    return connection.execute(found.limit(1)).first() is not None


def unassigned_centers(connection: Connection, feed: str) -> list[int]:
    """Return for which centers there are rows without a version."""
    found = select(FEED_ROW.c.center).where(FEED_ROW.c.feed == feed, _UNASSIGNED).distinct()
    return sorted(connection.execute(found).scalars())


def versions(connection: Connection, feed: str) -> Versions | None:
    """Return how far a feed is for each center; None while rows of it have no version.

    Twice the same says that nothing of the feed was changed in between.
    """
    unassigned = select(FEED_ROW.c.key).where(FEED_ROW.c.feed == feed, _UNASSIGNED).limit(1)
    if connection.execute(unassigned).first() is not None:
        return None
    found = connection.execute(select(FEED.c.center, FEED.c.version).where(FEED.c.feed == feed))
    return {row.center: row.version for row in found}


def assign(connection: Connection, feed: str, center: int) -> int:
    """Give versions to rows without one, as many as a short transaction can; return how many.

    A row that another transaction is changing is passed over: it comes after its commit.
    """
    alone(connection, f"feed {feed} {center}")
    known = state(connection, feed, center)
    if known == NEVER_FED:
        add_missing(connection, FEED, [{"feed": feed, "center": center, "version": 0, "oldest": 0}])
    keys = connection.execute(
        select(FEED_ROW.c.key)
        .where(FEED_ROW.c.feed == feed, FEED_ROW.c.center == center, _UNASSIGNED)
        .order_by(FEED_ROW.c.key)
        .limit(ASSIGNED_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).scalars()
    versions = [
        {"of_key": key, "to_version": version}
        for version, key in enumerate(keys, known.version + 1)
    ]
    if versions:
        connection.execute(_ASSIGN, [{"of_feed": feed, "of_center": center, **v} for v in versions])
    _set(connection, feed, center, version=known.version + len(versions))
    return len(versions)


def _set(connection: Connection, feed: str, center: int, **values: int) -> None:
    one = (FEED.c.feed == feed) & (FEED.c.center == center)
    connection.execute(update(FEED).where(one).values(values))


def state(connection: Connection, feed: str, center: int) -> FeedState:
    """Return how far a feed is for a center."""
    found = connection.execute(
        select(FEED.c.version, FEED.c.oldest).where(FEED.c.feed == feed, FEED.c.center == center)
    ).first()
    return NEVER_FED if found is None else FeedState(found.version, found.oldest)


def changed_rows(
    connection: Connection, feed: str, center: int, after: int, upto: int, limit: int
) -> list[tuple[int, FeedRow]]:
    """Return up to `limit` rows that changed after a version, in order, with their versions."""
    found = connection.execute(
        select(FEED_ROW.c.version, FEED_ROW.c.key, FEED_ROW.c.data)
        .where(
            FEED_ROW.c.feed == feed,
            FEED_ROW.c.center == center,
            FEED_ROW.c.version > after,
            FEED_ROW.c.version <= upto,
        )
        .order_by(FEED_ROW.c.version)
        .limit(limit)
    )
    return [(row.version, FeedRow(row.key, row.data)) for row in found]


def rows_by_key(
    connection: Connection, feed: str, center: int, after: str, limit: int
) -> list[FeedRow]:
    """Return up to `limit` rows behind a key, in the order of keys, without tombstones."""
    found = connection.execute(_live(feed, center, after).limit(limit))
    return [FeedRow(row.key, row.data) for row in found]


def _live(feed: str, center: int, after: str) -> Select[tuple[str, bytes]]:
    return (
        select(FEED_ROW.c.key, FEED_ROW.c.data)
        .where(
            FEED_ROW.c.feed == feed,
            FEED_ROW.c.center == center,
            FEED_ROW.c.key > after,
            func.length(FEED_ROW.c.data) > 0,
        )
        .order_by(FEED_ROW.c.key)
    )


def count(connection: Connection, feed: str, center: int) -> int:
    """Count the rows that are fed to a center."""
    live = _live(feed, center, "").order_by(None).subquery()
    return connection.execute(select(func.count()).select_from(live)).scalar() or 0


def fed(
    connection: Connection, feed: str, rows: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], bytes]:
    """Return the contents of those of the rows `(center, key)` that are fed, no tombstones."""
    wanted: dict[int, list[str]] = {}
    for center, key in rows:
        wanted.setdefault(center, []).append(key)
    found: dict[tuple[int, str], bytes] = {}
    for center, keys in wanted.items():
        for start in range(0, len(keys), _READ_AT_ONCE):
            part = keys[start : start + _READ_AT_ONCE]
            live = _live(feed, center, "").where(FEED_ROW.c.key.in_(part))
            found.update(((center, row.key), row.data) for row in connection.execute(live))
    return found


def all_fed(connection: Connection, feed: str, center: int = 0) -> Iterator[FeedRow]:
    """Stream every row that is fed to a center, in the order of keys."""
    after = ""
    while rows := rows_by_key(connection, feed, center, after, _READ_AT_ONCE):
        yield from rows
        after = rows[-1].key


def forget_tombstones(connection: Connection, feed: str, center: int, keep: int) -> int:
    """Forget all tombstones but the newest `keep`; tills further behind take a snapshot."""
    alone(connection, f"feed {feed} {center}")
    dead = (
        FEED_ROW.c.feed == feed,
        FEED_ROW.c.center == center,
        func.length(FEED_ROW.c.data) == 0,
    )
    versions = select(FEED_ROW.c.version).where(*dead, ~_UNASSIGNED)
    last = connection.execute(
        versions.order_by(FEED_ROW.c.version.desc()).offset(keep).limit(1)
    ).scalar()
    if last is None:
        return 0
    _set(connection, feed, center, oldest=last)
    return connection.execute(delete(FEED_ROW).where(*dead, FEED_ROW.c.version <= last)).rowcount
