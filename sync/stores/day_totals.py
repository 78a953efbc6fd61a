"""The till's own totals per business day and kind, kept in step with its journal.

Each entry is counted in the transaction that appends it, and only once: what is carried over
verbatim from a closed run was counted when it happened. A day with a `day_closed` is closed.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from sync.rules.closing import DAY_CLOSED
from sync.rules.entry import decode_header
from sync.rules.totals import DayTotals, KindTotal, Total

MIGRATIONS = Migrations("sync.day_totals")

_COUNT = """INSERT INTO day_total (day, kind, count, amount_fen) VALUES (?, ?, 1, ?)
ON CONFLICT (day, kind) DO UPDATE SET count = count + 1, amount_fen = amount_fen + ?3"""
_OPEN = """SELECT day FROM day_total GROUP BY day
HAVING sum(kind = ?) = 0 ORDER BY day DESC"""
_DAYS = "SELECT DISTINCT day FROM day_total ORDER BY day DESC LIMIT ?"


@MIGRATIONS()
def day_totals(db: Database) -> None:
    """Keep totals, beginning with what the journal has already."""
    db.execute("""
        CREATE TABLE day_total (
            day TEXT NOT NULL,
            kind TEXT NOT NULL,
            count INTEGER NOT NULL,
            amount_fen INTEGER NOT NULL,
            PRIMARY KEY (day, kind)
        ) STRICT, WITHOUT ROWID
    """)
    totals: dict[tuple[str, str], Total] = {}
    for day, kind, amount_fen in _distinct(db):
        before = totals.get((day, kind), Total())
        totals[day, kind] = before + Total(1, amount_fen)
    rows = [(*key, total.count, total.amount_fen) for key, total in totals.items()]
    db.conn.executemany("INSERT INTO day_total VALUES (?, ?, ?, ?)", rows)


def _distinct(db: Database) -> Iterator[tuple[str, str, int]]:
    """Yield day, kind and amount of everything journalled; what was carried over only once."""
    seen: set[tuple[str, str, bytes]] = set()
    for (data,) in db.execute("SELECT header FROM entry"):
        header = decode_header(data)
        key = (header.kind, header.id, header.body_sha256)
        if key not in seen:
            seen.add(key)
            yield header.day, header.kind, header.amount_fen


def count(db: Database, day: str, kind: str, amount_fen: int) -> None:
    """Count an entry that is appended."""
    db.execute(_COUNT, (day, kind, amount_fen))


def of_day(db: Database, day: str) -> dict[str, Total]:
    """Return the totals of a day by kind."""
    rows = db.execute("SELECT kind, count, amount_fen FROM day_total WHERE day = ?", (day,))
    return {kind: Total(number, fen) for kind, number, fen in rows}


def is_closed(db: Database, day: str) -> bool:
    """Tell whether a day is closed at this till."""
    found = db.execute("SELECT 1 FROM day_total WHERE day = ? AND kind = ?", (day, DAY_CLOSED))
    return found.fetchone() is not None


def first_open(db: Database, day: date) -> str:
    """Return a day if it is open, else the next one that is."""
    while is_closed(db, day.isoformat()):
        day += timedelta(days=1)
    return day.isoformat()


def open_days(db: Database, most: int) -> tuple[int, tuple[DayTotals, ...]]:
    """Return how many days with entries are open, and the totals of the newest of them."""
    days = [day for (day,) in db.execute(_OPEN, (DAY_CLOSED,)).fetchall()]
    return len(days), tuple(
        DayTotals(
            day,
            tuple(
                KindTotal(kind, total.count, total.amount_fen)
                for kind, total in of_day(db, day).items()
            ),
        )
        for day in days[:most]
    )


def newest_days(db: Database, most: int) -> list[str]:
    """Return the newest days that have entries, newest first."""
    return [day for (day,) in db.execute(_DAYS, (most,))]
