"""The catalogue in reference.db: items whole as JSON, found by code, sku, offer or words.

An item is one JSON value; beside it stand its codes, its pinyin initials (a B-tree, searched by
prefix) and its words (FTS5, every hanzi a word). `upsert` writes all four together.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from pos.rules.code_keys import code_key
from pos.rules.codes import half_width
from pos.rules.items import Item
from pos.rules.search_words import index_words, match_query

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


@MIGRATIONS(name="0001_catalogue")
def _create(db: Database) -> None:
    for table in _TABLES:
        db.execute(table)


_decode = msgspec.json.Decoder(Item).decode
_encode = msgspec.json.Encoder().encode
_encode_all = msgspec.json.Encoder().encode_lines
_Numbered = tuple[int, Item, str]  # its number in the table, and itself as JSON
_Parameters = tuple[object, ...]

_LAST = "\U0010ffff"  # sorts behind every text with the same beginning

_BY_CODE = """SELECT item.data FROM item_code JOIN item ON item.number = item_code.item
    WHERE item_code.code = ? AND (item.centers = '' OR instr(item.centers, ?))"""
_BY_SKU = "SELECT data FROM item WHERE sku = ?"
_BY_OFFER = """SELECT data FROM item
    WHERE offer_id = ? AND (item.centers = '' OR instr(item.centers, ?)) ORDER BY sku LIMIT ?"""
_CODES_FROM = """SELECT item.data FROM item_code JOIN item ON item.number = item_code.item
    WHERE item_code.code BETWEEN ? AND ?
    AND (item.centers = '' OR instr(item.centers, ?)) ORDER BY item_code.code LIMIT ?"""
_SKUS_FROM = """SELECT data FROM item
    WHERE sku BETWEEN ? AND ?
    AND (item.centers = '' OR instr(item.centers, ?)) ORDER BY sku LIMIT ?"""
_INITIALS_FROM = """SELECT item.data FROM item_initials
    JOIN item ON item.number = item_initials.item
    WHERE item_initials.initials BETWEEN ? AND ? AND (item.centers = '' OR instr(item.centers, ?))
    ORDER BY item_initials.initials, item_initials.item LIMIT ?"""
_WORDS = """SELECT item.data FROM item_words JOIN item ON item.number = item_words.rowid
    WHERE item_words MATCH ? AND (item.centers = '' OR instr(item.centers, ?))
    ORDER BY item_words.rowid LIMIT ?"""


def by_code(db: Database, codes: Sequence[str], center: str) -> Item | None:
    """Return the item that owns one of these spellings of a code and is sold in `center`."""
    here = f"|{center}|"
    for key in dict.fromkeys(map(code_key, codes)):
        row = db.execute(_BY_CODE, (key, here)).fetchone()
        if row is not None:
            return _decode(row[0])
    return None


def by_sku(db: Database, sku: str) -> Item | None:
    """Return the item with this sku, wherever it is sold."""
    row = db.execute(_BY_SKU, (sku,)).fetchone()
    return None if row is None else _decode(row[0])


def by_offer(db: Database, offer_id: str, center: str) -> Item | None:
    """Return the item of a 1688 offer; None too when several items share it: nobody guesses."""
    rows = db.execute(_BY_OFFER, (offer_id, f"|{center}|", 2)).fetchall()
    return _decode(rows[0][0]) if len(rows) == 1 else None


def search(db: Database, text: str, center: str, limit: int = 20) -> list[Item]:
    """Find items sold in `center`, best first: by code, sku, offer id, initials, then words.

    A whole code or sku finds that one item; the beginning of a code, sku, pinyin initials or
    English word finds all that begin so; hanzi find names that hold them in this order.
    """
    wanted = half_width(text).strip()
    if not wanted:
        return []
    one = by_code(db, (wanted,), center) or _by_sku_here(db, wanted, center)
    if one is not None:
        return [one]
    found: dict[str, Item] = {}
    here = f"|{center}|"
    for statement, arguments in _ways_to_find(wanted):
        if len(found) >= limit:
            break
        for (data,) in db.execute(statement, (*arguments, here, limit)):
            item = _decode(data)
            found.setdefault(item.sku, item)
    return list(found.values())[:limit]


def _by_sku_here(db: Database, sku: str, center: str) -> Item | None:
    item = by_sku(db, sku)
    return item if item and (not item.centers or center in item.centers) else None


def _ways_to_find(wanted: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    if wanted.isascii() and " " not in wanted:
        yield _BY_OFFER, (wanted,)
        if wanted.isdigit() and len(wanted) >= 4:
            for zeros in (1, 0, 2, 6):  # a GTIN's key stands behind so many zeros
                start = "0" * zeros + wanted
                yield _CODES_FROM, (start, start + _LAST)
        yield _SKUS_FROM, (wanted.upper(), wanted.upper() + _LAST)
        yield _INITIALS_FROM, (wanted.lower(), wanted.lower() + _LAST)
    query = match_query(wanted)
    if query:
        yield _WORDS, (query,)


def count(db: Database) -> int:
    """Return how many items the catalogue holds, of all centers."""
    return int(db.execute("SELECT count(*) FROM item").fetchone()[0])


def items_by_sku(db: Database, skus: Sequence[str]) -> dict[str, Item]:
    """Return the known ones among these skus."""
    return {sku: _decode(data) for sku, (_, data) in _known(db, skus).items()}


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


@dataclass(frozen=True, slots=True)
class Written:
    """How many items an `upsert` added, changed, and found as they were already."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """Items made into statements: `changing` with rows of parameters, `adding` whole batches.

    SQLite takes a batch apart by itself, and meanwhile lets go of the interpreter.
    """

    changing: tuple[tuple[str, Sequence[_Parameters]], ...]
    adding: tuple[tuple[str, _Parameters], ...]
    written: Written


def upsert(db: Database, items: Sequence[Item]) -> Written:
    """Write items by sku, each once, with their codes, initials and words; delete none.

    A code moves to the item written last: who may own it is decided before.
    """
    return write(db, prepare(db, items))


def write(db: Database, prepared: Prepared) -> Written:
    """Write what was prepared, before anything else is prepared."""
    for statement, rows in prepared.changing:
        db.conn.executemany(statement, rows)
    for statement, batch in prepared.adding:
        db.execute(statement, batch)
    return prepared.written


def prepare(db: Database, items: Sequence[Item]) -> Prepared:
    """Make items into the statements that `write` runs."""
    known = _known(db, [item.sku for item in items])
    (following,) = db.execute("SELECT coalesce(max(number), 0) + 1 FROM item").fetchone()
    encoded = _encode_all(items).decode().split("\n")  # no item's JSON has a line break
    added: list[_Numbered] = []
    changed: list[_Numbered] = []
    outdated: list[_Numbered] = []
    if not known:
        added = list(zip(itertools.count(following), items, encoded, strict=False))
    else:
        for item, data in zip(items, encoded, strict=False):
            before = known.get(item.sku)
            if before is None:
                added.append((following + len(added), item, data))
            elif before[1] != data:
                changed.append((before[0], item, data))
                outdated.append((before[0], _decode(before[1]), before[1]))
    return Prepared(
        changing=(*_forgetting(outdated), *_changing(changed)),
        adding=(*_adding(following, added), *_finding(added + changed)),
        written=Written(len(added), len(changed), len(items) - len(added) - len(changed)),
    )


def _known(db: Database, skus: Sequence[str]) -> dict[str, tuple[int, str]]:
    rows = db.execute(
        """SELECT item.sku, item.number, item.data FROM json_each(?) AS given
        JOIN item ON item.sku = given.value""",
        (_encode(skus).decode(),),
    )
    return {sku: (number, data) for sku, number, data in rows}


def _centers(item: Item) -> str:
    return f"|{'|'.join(item.centers)}|" if item.centers else ""


def _words(item: Item) -> str:
    return index_words(item.name_zh, item.name_en)


def _forgetting(
    numbered: Sequence[_Numbered],
) -> Iterator[tuple[str, Sequence[_Parameters]]]:
    codes = [(code_key(code), number) for number, item, _ in numbered for code in item.barcodes]
    yield "DELETE FROM item_code WHERE code = ? AND item = ?", codes
    spellings = [(s, number) for number, item, _ in numbered for s in item.mnemonic.split("|")]
    yield "DELETE FROM item_initials WHERE initials = ? AND item = ?", spellings
    yield "DELETE FROM item_words WHERE rowid = ?", [(number,) for number, _, _ in numbered]


def _changing(
    numbered: Sequence[_Numbered],
) -> Iterator[tuple[str, Sequence[_Parameters]]]:
    yield (
        "UPDATE item SET centers = ?, offer_id = ?, data = ? WHERE number = ?",
        [(_centers(item), item.offer_id or None, data, number) for number, item, data in numbered],
    )
    yield (
        "INSERT INTO item_words (rowid, words) VALUES (?, ?)",
        [(number, _words(item)) for number, item, _ in numbered],
    )


def _adding(following: int, numbered: Sequence[_Numbered]) -> Iterator[tuple[str, _Parameters]]:
    rows = [(item.sku, _centers(item), item.offer_id or None, data) for _, item, data in numbered]
    yield (
        """INSERT INTO item (number, sku, centers, offer_id, data)
        SELECT ? + key, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)""",
        (following, _encode(rows).decode()),
    )
    yield (
        "INSERT INTO item_words (rowid, words) SELECT ? + key, value FROM json_each(?)",
        (following, _encode([_words(item) for _, item, _ in numbered]).decode()),
    )


def _finding(numbered: Sequence[_Numbered]) -> Iterator[tuple[str, _Parameters]]:
    codes = {code_key(code): number for number, item, _ in numbered for code in item.barcodes}
    yield (
        "INSERT OR REPLACE INTO item_code (code, item) SELECT key, value FROM json_each(?)",
        (_encode(codes).decode(),),
    )
    spellings = {number: item.mnemonic for number, item, _ in numbered if item.mnemonic}
    while spellings:
        firsts = {number: spelling.partition("|") for number, spelling in spellings.items()}
        yield (
            """INSERT OR IGNORE INTO item_initials (initials, item)
            SELECT value, CAST(key AS INTEGER) FROM json_each(?)""",
            (_encode({number: first for number, (first, _, _) in firsts.items()}).decode(),),
        )
        spellings = {number: rest for number, (_, _, rest) in firsts.items() if rest}
