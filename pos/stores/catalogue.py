"""The catalogue in reference.db: items whole as JSON, found by code, sku, offer or words.

An item is one JSON value; beside it stand its codes, its pinyin initials (a B-tree, searched by
prefix) and its words (FTS5, every hanzi a word). `upsert` writes all four together. All that is
searched has first where an item is sold, so that other centers' goods cost a search nothing. What
is found comes at the price that holds `at_ms`, a moment by the till's own clock.
"""

from collections.abc import Iterator, Sequence

import msgspec
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from pos.rules.code_keys import code_key
from pos.rules.codes import half_width
from pos.rules.items import Item
from pos.rules.price_schedule import Price, costing
from pos.rules.search_words import match_query
from pos.stores.catalogue_batches import (
    Written,
    keys_of,
    prepare,
    prepare_removal,
    words_of,
    write,
    write_words,
)

MIGRATIONS = Migrations("pos.catalogue")

_TABLES = (
    """CREATE TABLE item (
        number INTEGER PRIMARY KEY,
        sku TEXT NOT NULL UNIQUE,
        centers TEXT NOT NULL,
        offer_id TEXT,
        data TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX item_offer ON item (offer_id) WHERE offer_id IS NOT NULL",
    """CREATE TABLE item_code (
        code TEXT PRIMARY KEY,
        item INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE item_initials (
        initials TEXT NOT NULL,
        item INTEGER NOT NULL,
        PRIMARY KEY (initials, item)
    ) STRICT, WITHOUT ROWID""",
    """CREATE VIRTUAL TABLE item_words USING fts5
        (words, columnsize = 0, tokenize = 'unicode61')""",
)


_Row = tuple[str, str | None]  # an item and the price that holds, both as JSON

_decode = msgspec.json.Decoder(Item).decode
_decode_price = msgspec.json.Decoder(Price).decode
_encode = msgspec.json.Encoder().encode


@MIGRATIONS(name="0001_catalogue")
def _create(db: Database) -> None:
    for table in _TABLES:
        db.execute(table)


@MIGRATIONS(name="0002_words_without_their_text")
def _keep_words_as_an_index_only(db: Database) -> None:
    """The names stand in the items: a second copy took half the time of writing the index."""
    db.execute("DROP TABLE item_words")
    db.execute(
        """CREATE VIRTUAL TABLE item_words USING fts5
        (words, content = '', columnsize = 0, tokenize = 'unicode61')"""
    )
    db.execute("INSERT INTO item_words (item_words, rank) VALUES ('automerge', 16)")
    _index_words(db)


@MIGRATIONS(name="0003_found_by_center")
def _find_by_center(db: Database) -> None:
    db.execute("ALTER TABLE item_code ADD COLUMN centers TEXT NOT NULL DEFAULT ''")
    db.execute(
        """UPDATE item_code SET centers = item.centers
        FROM item WHERE item.number = item_code.item AND item.centers <> ''"""
    )
    db.execute("CREATE INDEX item_code_by_center ON item_code (centers, code)")
    db.execute("CREATE INDEX item_sku_by_center ON item (centers, sku)")
    db.execute("ALTER TABLE item_initials RENAME TO item_initials_before")
    db.execute(
        """CREATE TABLE item_initials (
            centers TEXT NOT NULL,
            initials TEXT NOT NULL,
            item INTEGER NOT NULL,
            PRIMARY KEY (centers, initials, item)
        ) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        """INSERT INTO item_initials (centers, initials, item)
        SELECT item.centers, initials, item FROM item_initials_before
        JOIN item ON item.number = item_initials_before.item"""
    )
    db.execute("DROP TABLE item_initials_before")
    _index_words(db)


def _index_words(db: Database) -> None:
    """Write the index of words anew, from the items."""
    db.execute("INSERT INTO item_words (item_words) VALUES ('delete-all')")
    rows = db.execute("SELECT number, data FROM item")
    words = ((number, words_of(_decode(data))) for number, data in rows)
    db.conn.executemany("INSERT INTO item_words (rowid, words) VALUES (?, ?)", words)


_LAST = "\U0010ffff"  # sorts behind every text with the same beginning

_FOUND = """SELECT item.data, (SELECT item_price.data FROM item_price
    WHERE item_price.sku = item.sku AND item_price.from_ms <= ?
    ORDER BY item_price.from_ms DESC LIMIT 1)"""
_BY_CODE = f"""{_FOUND} FROM item_code JOIN item ON item.number = item_code.item
    WHERE item_code.code = ? AND (item.centers = '' OR instr(item.centers, ?))"""
_BY_SKU = f"{_FOUND} FROM item WHERE sku = ?"
_BY_OFFER = f"""{_FOUND} FROM item
    WHERE offer_id = ? AND (item.centers = '' OR instr(item.centers, ?)) ORDER BY sku LIMIT ?"""
_CODES_FROM = f"""{_FOUND}, code FROM item_code JOIN item ON item.number = item_code.item
    WHERE item_code.centers = ? AND code BETWEEN ? AND ? ORDER BY code LIMIT ?"""
_SKUS_FROM = f"""{_FOUND}, sku FROM item
    WHERE centers = ? AND sku BETWEEN ? AND ? ORDER BY sku LIMIT ?"""
_INITIALS_FROM = f"""{_FOUND}, initials, item FROM item_initials
    JOIN item ON item.number = item_initials.item
    WHERE item_initials.centers = ? AND initials BETWEEN ? AND ?
    ORDER BY initials, item LIMIT ?"""
_WORDS = f"""{_FOUND} FROM item_words JOIN item ON item.number = item_words.rowid
    WHERE item_words MATCH ? ORDER BY item_words.rowid LIMIT ?"""
# Every set of centers that some item is sold in: few, and each found at once in the index.
_CENTERS = """WITH RECURSIVE sold (centers) AS (
        SELECT min(centers) FROM item
        UNION ALL
        SELECT (SELECT min(centers) FROM item WHERE item.centers > sold.centers)
        FROM sold WHERE sold.centers IS NOT NULL)
    SELECT centers FROM sold WHERE centers = '' OR instr(centers, ?)"""


def by_code(db: Database, codes: Sequence[str], center: str, at_ms: int) -> Item | None:
    """Return the item that owns one of these spellings of a code and is sold in `center`."""
    here = f"|{center}|"
    for key in dict.fromkeys(map(code_key, codes)):
        row = db.execute(_BY_CODE, (at_ms, key, here)).fetchone()
        if row is not None:
            return _priced(*row)
    return None


def by_sku(db: Database, sku: str, at_ms: int) -> Item | None:
    """Return the item with this sku, wherever it is sold."""
    row = db.execute(_BY_SKU, (at_ms, sku)).fetchone()
    return None if row is None else _priced(*row)


def by_offer(db: Database, offer_id: str, center: str, at_ms: int) -> Item | None:
    """Return the item of a 1688 offer; None too when several items share it: nobody guesses."""
    rows = db.execute(_BY_OFFER, (at_ms, offer_id, f"|{center}|", 2)).fetchall()
    return _priced(*rows[0]) if len(rows) == 1 else None


def search(db: Database, text: str, center: str, at_ms: int, limit: int = 20) -> list[Item]:
    """Find items sold in `center`, best first: by code, sku, offer id, initials, then words.

    A whole code or sku finds that one item; the beginning of a code, sku, pinyin initials or
    English word finds all that begin so; hanzi find names that hold them in this order.
    """
    wanted = half_width(text).strip()
    if not wanted:
        return []
    one = by_code(db, (wanted,), center, at_ms) or _by_sku_here(db, wanted, center, at_ms)
    if one is not None:
        return [one]
    found: dict[str, Item] = {}
    for rows in _found(db, wanted, center, at_ms, limit):
        for data, price in rows:
            item = _priced(data, price)
            found.setdefault(item.sku, item)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def _found(
    db: Database, wanted: str, center: str, at_ms: int, limit: int
) -> Iterator[Sequence[_Row]]:
    """Find rows in one way after the other, the best first; no more than `limit` in each."""
    if wanted.isascii() and " " not in wanted:
        yield db.execute(_BY_OFFER, (at_ms, wanted, f"|{center}|", limit)).fetchall()
        here = [centers for (centers,) in db.execute(_CENTERS, (f"|{center}|",))]
        for statement, start in _beginnings(wanted):
            rows = [
                row
                for centers in here
                for row in db.execute(statement, (at_ms, centers, start, start + _LAST, limit))
            ]
            rows.sort(key=lambda row: row[2:])
            yield [row[:2] for row in rows[:limit]]
    query = match_query(wanted, center)
    if query:
        yield db.execute(_WORDS, (at_ms, query, limit)).fetchall()


def _beginnings(wanted: str) -> Iterator[tuple[str, str]]:
    if wanted.isdigit() and len(wanted) >= 4:
        for zeros in (1, 0, 2, 6):  # a GTIN's key stands behind so many zeros
            yield _CODES_FROM, "0" * zeros + wanted
    yield _SKUS_FROM, wanted.upper()
    yield _INITIALS_FROM, wanted.lower()


def _by_sku_here(db: Database, sku: str, center: str, at_ms: int) -> Item | None:
    item = by_sku(db, sku, at_ms)
    return item if item and (not item.centers or center in item.centers) else None


def _priced(data: str, price: str | None) -> Item:
    """Read an item, at the price that holds at the moment asked for if there is one."""
    item = _decode(data)
    return item if price is None else costing(item, _decode_price(price))


def count(db: Database) -> int:
    """Return how many items the catalogue holds, of all centers."""
    return int(db.execute("SELECT count(*) FROM item").fetchone()[0])


def owners(db: Database, keys: Sequence[str]) -> dict[str, str]:
    """Return which sku owns each of these code keys; unknown keys are left out."""
    return dict(
        db.execute(
            """SELECT item_code.code, item.sku FROM json_each(?) AS given
            JOIN item_code ON item_code.code = given.value
            JOIN item ON item.number = item_code.item""",
            (_encode(keys).decode(),),
        ).fetchall()
    )


def known(db: Database, skus: Sequence[str]) -> dict[str, tuple[int, Item]]:
    """Return the items that there are with these skus, each with its number in the table."""
    rows = db.execute(
        """SELECT item.sku, item.number, item.data FROM json_each(?) AS given
        JOIN item ON item.sku = given.value""",
        (_encode(skus).decode(),),
    )
    return {sku: (number, _decode(data)) for sku, number, data in rows}


def following(db: Database) -> int:
    """Return the number that the next new item gets."""
    return int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM item").fetchone()[0])


def upsert(db: Database, items: Sequence[Item]) -> Written:
    """Write items by sku, each once, with their codes, initials and words; delete none.

    A code moves to the item written last: who may own it is decided before.
    """
    before = known(db, [item.sku for item in items])
    prepared = prepare(items, keys_of(items), before, following(db))
    write(db, prepared)
    write_words(db, prepared.following, prepared.words)
    return prepared.written


def remove(db: Database, skus: Sequence[str]) -> None:
    """Remove the items with these skus, with their codes, initials and words."""
    write(db, prepare_removal(known(db, skus)))


def clear(db: Database) -> None:
    """Remove every item."""
    db.execute("DELETE FROM item")
    db.execute("DELETE FROM item_code")
    db.execute("DELETE FROM item_initials")
    db.execute("INSERT INTO item_words (item_words) VALUES ('delete-all')")
