"""Reading a till's journal by business day: each thing that is in it, once."""

from collections.abc import Callable

from sqlite_utils import Database

from sync.rules.center_day import Listed
from sync.rules.day_report import Recorded
from sync.rules.entry import decode_header

_EVERY = "SELECT header FROM entry ORDER BY run, seq"
_EVERY_ROW = "SELECT rowid, header FROM entry ORDER BY rowid"
_TELL_EVERY = 20_000


def recorded(db: Database, day: str, till_name: str) -> list[Recorded]:
    """Return everything journalled for a day with its body, each thing once, in order."""
    found: dict[tuple[str, str, bytes], Recorded] = {}
    for number, data in db.execute(_EVERY_ROW):
        header = decode_header(data)
        key = (header.kind, header.id, header.body_sha256)
        if header.day == day and key not in found:
            (body,) = db.execute("SELECT body FROM entry WHERE rowid = ?", (number,)).fetchone()
            found[key] = Recorded(till_name, *key, header.at_ms, header.amount_fen, body)
    return list(found.values())


def listed(db: Database, day: str, tell: Callable[[int, int], None]) -> list[Listed]:
    """Return everything journalled for a day, each thing once, by walking the whole journal.

    `tell` is told how many entries were looked at, of how many.
    """
    (count,) = db.execute("SELECT count(*) FROM entry").fetchone()
    found: dict[tuple[str, str, bytes], Listed] = {}
    for number, (data,) in enumerate(db.execute(_EVERY)):
        if number % _TELL_EVERY == 0:
            tell(number, count)
        header = decode_header(data)
        if header.day == day:
            key = (header.kind, header.id, header.body_sha256)
            found.setdefault(key, Listed(*key, header.run, header.seq, header.amount_fen))
    tell(count, count)
    return list(found.values())
