"""Goods lists and a catalogue of a test's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pos.rules.items import Item
from pos.services.importing import Imported, import_goods
from pos.stores import catalogue, price_schedule
from pos.stores.catalogue_batches import Written
from sync.database import Database
from sync.rules.bad_rows import BadRows
from sync.rules.refusal import Refused
from sync.stores import feeds

NOW_MS = 1_795_320_000_000  # 2026-11-22 12:00 in China
CENTERS = ("zhengzhou", "chenghai", "yiwu")


@contextmanager
def empty_catalogue(directory: Path) -> Iterator[Database]:
    database = Database(
        directory / "reference.db",
        [catalogue.MIGRATIONS, price_schedule.MIGRATIONS, feeds.MIGRATIONS],
    )
    try:
        yield database
    finally:
        database.close()


def stock(database: Database, *items: Item) -> Written:
    with database.transaction() as db:
        return catalogue.upsert(db, items)


def imported(database: Database, path: Path) -> Imported:
    done = import_goods(database, path, CENTERS)
    assert isinstance(done, Imported), done
    return done


def bad_cells(database: Database, path: Path) -> list[tuple[int, str, str]]:
    """Import a list that must be refused; nothing may have been written."""
    before = contents(database)
    done = import_goods(database, path, CENTERS)
    assert isinstance(done, BadRows), done
    assert contents(database) == before
    return [(p.row, p.column, p.refused.reason) for p in done.problems]


def refusal(database: Database, path: Path) -> Refused:
    done = import_goods(database, path, CENTERS)
    assert isinstance(done, Refused), done
    return done


def contents(database: Database) -> list[tuple[object, ...]]:
    """Return every row of the catalogue's tables; of the words, the index itself."""
    db = database.read()
    tables = ("item", "item_code", "item_initials", "item_words_data")
    return [(name, *row.values()) for name in tables for row in db.table(name).rows]
