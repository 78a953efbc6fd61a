"""Prices by the moment from which they hold, as the feed `prices` brought them to reference.db."""

from collections.abc import Sequence

import msgspec
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from pos.rules.price_schedule import FEED, Price, read_price_key
from sync.package import FeedRow
from sync.rules.decoding import json_reader
from sync.rules.feed_row import UnreadableRow, contents

MIGRATIONS = Migrations("pos.prices")
_decode = json_reader(Price)
encode = msgspec.json.Encoder().encode


@MIGRATIONS(name="0001_prices")
def _create(db: Database) -> None:
    db.execute(
        """CREATE TABLE item_price (
            sku TEXT NOT NULL,
            from_ms INTEGER NOT NULL,
            data TEXT NOT NULL,
            PRIMARY KEY (sku, from_ms)
        ) STRICT, WITHOUT ROWID"""
    )


def apply(db: Database, rows: Sequence[FeedRow]) -> None:
    """Write rows of the feed `prices`; a tombstone takes a price back. Raises `Fault`."""
    told, gone = contents(FEED, rows, _decode)
    db.conn.executemany(
        "DELETE FROM item_price WHERE sku = ? AND from_ms = ?", [_place(key) for key in gone]
    )
    db.conn.executemany(
        "INSERT OR REPLACE INTO item_price (sku, from_ms, data) VALUES (?, ?, ?)",
        [(*_place(key), encode(price).decode()) for key, price in told.items()],
    )


def clear(db: Database) -> None:
    """Forget every price that was fed."""
    db.execute("DELETE FROM item_price")


def schedule_of(db: Database, sku: str) -> list[tuple[int, Price]]:
    """Return every price of an item with the moment from which it holds, the earliest first."""
    rows = db.execute("SELECT from_ms, data FROM item_price WHERE sku = ? ORDER BY from_ms", [sku])
    return [(from_ms, _decode(data)) for from_ms, data in rows]


def _place(key: str) -> tuple[str, int]:
    try:
        return read_price_key(key)
    except ValueError as error:
        raise UnreadableRow(FEED, key) from error
