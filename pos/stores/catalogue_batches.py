"""A batch of items as the statements that write it: each takes the whole batch as one JSON text.

SQLite takes such a text apart by itself and meanwhile lets go of the interpreter, so that one
thread writes while another makes the next batch. Texts are given as bytes: nobody decodes them
to encode them again.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from sqlite_utils import Database

from pos.rules.code_keys import code_key, code_keys
from pos.rules.items import Item
from pos.rules.search_words import all_index_words, index_words, place_words

Known = Mapping[str, tuple[int, Item]]  # by sku: the item's number in the table, and itself

_encode = msgspec.json.Encoder().encode
_encode_into = msgspec.json.Encoder().encode_into
_Parameters = tuple[object, ...]
_Many = tuple[str, Sequence[_Parameters]]
_One = tuple[str, _Parameters]

# The items stand in ?2, one after another: as texts within a text they would have to be escaped.
_ADD_ITEMS = """INSERT INTO item (number, sku, centers, offer_id, data)
    SELECT ?1 + key, value ->> 0, value ->> 1, value ->> 2,
    CAST(substr(?2, 1 + (value ->> 3), (value ->> 4) - (value ->> 3)) AS TEXT)
    FROM json_each(CAST(?3 AS TEXT))"""
_ADD_WORDS = """INSERT INTO item_words (rowid, words)
    SELECT ? + key, value FROM json_each(CAST(? AS TEXT))"""
# Where a whole batch is sold is ?1; NULL if its items differ in that, and are asked one by one.
_ADD_CODES = """INSERT OR REPLACE INTO item_code (code, item, centers)
    SELECT key, value, coalesce(?1, (SELECT centers FROM item WHERE number = value))
    FROM json_each(CAST(?2 AS TEXT))"""
_ADD_CODE_EACH = """INSERT OR REPLACE INTO item_code (code, item, centers)
    SELECT value, ?3 + key, coalesce(?1, (SELECT centers FROM item WHERE number = ?3 + key))
    FROM json_each(CAST(?2 AS TEXT))"""
_ADD_INITIALS = """INSERT OR IGNORE INTO item_initials (centers, initials, item)
    SELECT coalesce(?1, (SELECT centers FROM item WHERE number = ?3 + key)), value, ?3 + key
    FROM json_each(CAST(?2 AS TEXT)) WHERE value <> ''"""

_CHANGE_ITEM = "UPDATE item SET centers = ?, offer_id = ?, data = ? WHERE number = ?"
_FORGET_ITEM = "DELETE FROM item WHERE number = ?"
_FORGET_CODE = "DELETE FROM item_code WHERE code = ? AND item = ?"
_FORGET_INITIALS = "DELETE FROM item_initials WHERE centers = ? AND initials = ? AND item = ?"
_FORGET_WORDS = "INSERT INTO item_words (item_words, rowid, words) VALUES ('delete', ?, ?)"
_NOTE_WORDS = "INSERT INTO item_words (rowid, words) VALUES (?, ?)"
_NOTE_CODE = "INSERT OR REPLACE INTO item_code (code, item, centers) VALUES (?, ?, ?)"
_NOTE_INITIALS = "INSERT OR IGNORE INTO item_initials (centers, initials, item) VALUES (?, ?, ?)"


class Written(msgspec.Struct, frozen=True):
    """How many items an `upsert` added, changed, and found as they were already."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


class Prepared(msgspec.Struct, frozen=True):
    """Items made into statements: `changing` with rows of parameters, `adding` whole batches.

    `words` are those of the new items, which are numbered from `following`.
    """

    changing: tuple[_Many, ...] = ()
    adding: tuple[_One, ...] = ()
    following: int = 0
    words: Sequence[str] = ()
    written: Written = Written()


def prepare(items: Sequence[Item], keys: Sequence[str], known: Known, following: int) -> Prepared:
    """Make items into the statements that `write` runs; new ones are numbered from `following`.

    `keys` are those of all the items' codes, in their order.
    """
    if items and not known:
        adding = tuple(_adding(following, items, keys))
        return Prepared((), adding, following, _words(items), Written(len(items)))
    added: list[Item] = []
    changed: list[tuple[int, Item]] = []
    outdated: list[tuple[int, Item]] = []
    for item in items:
        number, before = known.get(item.sku, (0, None))
        if before is None:
            added.append(item)
        elif before != item:
            changed.append((number, item))
            outdated.append((number, before))
    return Prepared(
        changing=(*_forgetting(outdated), *_changing(changed)),
        adding=tuple(_adding(following, added, keys_of(added))) if added else (),
        following=following,
        words=_words(added),
        written=Written(len(added), len(changed), len(items) - len(added) - len(changed)),
    )


def prepare_removal(known: Known) -> Prepared:
    """Make what removes these items, with all that finds them."""
    numbered = list(known.values())
    gone: _Many = (_FORGET_ITEM, [(number,) for number, _ in numbered])
    return Prepared((*_forgetting(numbered), gone))


def write(db: Database, prepared: Prepared) -> None:
    """Write what was prepared but the new words; a code moves to the item written last."""
    for statement, rows in prepared.changing:
        db.conn.executemany(statement, rows)
    for statement, batch in prepared.adding:
        db.execute(statement, batch)


def write_words(db: Database, following: int, words: Sequence[str]) -> None:
    """Write the words of new items, numbered from `following`.

    Every portion becomes a segment of the index, to be merged with others: so few large ones.
    """
    if words:
        db.execute(_ADD_WORDS, (following, _encode(words)))


def keys_of(items: Sequence[Item]) -> list[str]:
    """Return the keys of all the items' codes, in their order."""
    return code_keys([code for item in items for code in item.barcodes])


def words_of(item: Item) -> str:
    """Return an item's words as the index has them; what it forgets must be told exactly so."""
    return f"{place_words(item.centers)} {index_words(item.name_zh, item.name_en)}"


def _adding(following: int, items: Sequence[Item], keys: Sequence[str]) -> Iterator[_One]:
    encoded, ends = bytearray(), []
    for item in items:
        _encode_into(item, encoded, -1)  # at its end
        ends.append(len(encoded))
    rows = [
        (item.sku, _centers(item), item.offer_id or None, start, end)
        for item, start, end in zip(items, [0, *ends], ends, strict=False)
    ]
    yield _ADD_ITEMS, (following, encoded, _encode(rows))
    sold = {row[1] for row in rows}
    all_sold = sold.pop() if len(sold) == 1 else None
    if len(keys) == len(items) and all(item.barcodes for item in items):
        yield _ADD_CODE_EACH, (all_sold, _encode(keys), following)
    else:
        numbers = (n for n, item in enumerate(items, following) for _ in item.barcodes)
        yield _ADD_CODES, (all_sold, _encode(dict(zip(keys, numbers, strict=True))))
    spellings = [item.mnemonic for item in items]
    while any(spellings):
        rests = [""] * len(items)
        for place, spelling in enumerate(spellings):
            if "|" in spelling:
                spellings[place], _, rests[place] = spelling.partition("|")
        yield _ADD_INITIALS, (all_sold, _encode(spellings), following)
        spellings = rests


def _words(items: Sequence[Item]) -> list[str]:
    words = all_index_words([item.name_zh for item in items], [item.name_en for item in items])
    places = {centers: place_words(centers) for centers in {item.centers for item in items}}
    return [f"{places[item.centers]} {each}" for item, each in zip(items, words, strict=True)]


def _forgetting(numbered: Sequence[tuple[int, Item]]) -> Iterator[_Many]:
    yield _FORGET_CODE, [(code, number) for code, number, _ in _codes(numbered)]
    yield _FORGET_INITIALS, _initials(numbered)
    yield _FORGET_WORDS, [(number, words_of(item)) for number, item in numbered]


def _changing(numbered: Sequence[tuple[int, Item]]) -> Iterator[_Many]:
    rows = [
        (_centers(item), item.offer_id or None, _encode(item).decode(), number)
        for number, item in numbered
    ]
    yield _CHANGE_ITEM, rows
    yield _NOTE_CODE, _codes(numbered)
    yield _NOTE_INITIALS, _initials(numbered)
    yield _NOTE_WORDS, [(number, words_of(item)) for number, item in numbered]


def _codes(numbered: Sequence[tuple[int, Item]]) -> list[tuple[str, int, str]]:
    return [
        (code_key(code), number, _centers(item))
        for number, item in numbered
        for code in item.barcodes
    ]


def _initials(numbered: Sequence[tuple[int, Item]]) -> list[_Parameters]:
    return [
        (_centers(item), initials, number)
        for number, item in numbered
        for initials in item.mnemonic.split("|")
        if initials
    ]


def _centers(item: Item) -> str:
    return f"|{'|'.join(item.centers)}|" if item.centers else ""
