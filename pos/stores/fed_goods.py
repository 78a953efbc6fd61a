"""The feed `catalogue` at a till: items by sku, into reference.db with all that finds them."""

from collections.abc import Sequence

from sqlite_utils import Database

from pos.rules.items import Item
from pos.stores import catalogue
from sync.package import FeedRow
from sync.rules.decoding import json_reader
from sync.rules.feed_row import UnreadableRow, contents

FEED = "catalogue"
_decode = json_reader(Item)


def apply(db: Database, rows: Sequence[FeedRow]) -> None:
    """Write items, and remove those whose row is a tombstone. Raises `Fault`.

    The hub lets no two items have one code. While steps are under way, the item written last has
    it: its old owner's row, which no longer has it, takes nothing from it when it comes.
    """
    told, gone = contents(FEED, rows, _decode)
    for sku, item in told.items():
        if item.sku != sku:
            raise UnreadableRow(FEED, sku)
    catalogue.remove(db, gone)
    catalogue.upsert(db, list(told.values()))
