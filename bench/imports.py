"""A goods list of many rows, read, checked and written by the import that people use."""

import csv
import time
from contextlib import closing
from pathlib import Path
from statistics import median

from bench.goods import make_goods, write_list
from bench.place import Place
from bench.report import Figure
from pos.services.importing import Imported, import_goods
from sync.setup import CenterSettings
from sync.sqlite_driver import sqlite3

TIMES = 3
GIVEN, MADE = 100_000, 50_000
LEAST_GIVEN, LEAST_MADE = 50_000, 12_000


def measure(place: Place) -> list[Figure]:
    """Import into empty catalogues, with mnemonics in the list and without."""
    return [
        _figure(place, "with mnemonics given", GIVEN, LEAST_GIVEN, mnemonics=True),
        _figure(place, "making the mnemonics", MADE, LEAST_MADE, mnemonics=False),
    ]


def _figure(place: Place, what: str, rows: int, least: int, *, mnemonics: bool) -> Figure:
    path = place.directory / f"goods{rows}.csv"
    write_list(path, make_goods(rows), mnemonics=mnemonics)
    imports, bares = [], []
    for turn in range(TIMES):
        imports.append(rows / _import_s(place, f"IMPORT-{rows}-{turn}", path, rows))
        bares.append(rows / _bare_s(path))
    rate, bare = median(imports), median(bares)
    return Figure(
        f"CSV import of {rows:,} rows {what}",
        f"{rate:,.0f} rows/s (the same cells into one bare table: {bare:,.0f})",
        f"≥ {least:,} rows/s",
        rate >= least,
    )


def _import_s(place: Place, till: str, path: Path, rows: int) -> float:
    with place.till(till) as opened:
        centers = opened.setup.settings.named(CenterSettings)
        started_s = time.perf_counter()
        done = import_goods(opened.reference, path, centers)
        took_s = time.perf_counter() - started_s
    assert isinstance(done, Imported)
    assert done.added == rows
    return took_s


def _bare_s(path: Path) -> float:
    """Put the cells of a list into a table as they are: no checks, no indexes, no search."""
    database = path.with_suffix(".db")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        started_s = time.perf_counter()
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            names = next(rows)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"CREATE TABLE goods ({', '.join(names)})")
            insert = f"INSERT INTO goods VALUES ({', '.join('?' * len(names))})"
            connection.executemany(insert, rows)
            connection.execute("COMMIT")
        took_s = time.perf_counter() - started_s
    database.unlink()
    return took_s
