"""A sale of ten lines, priced, journalled and durable, beside a bare transaction of its rows."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.place import Place, stock
from bench.report import Figure, in_ms, percentile
from pos.rules.answers import Scanned
from pos.rules.items import Item
from pos.rules.tender import Tender
from pos.services.checkout import Checkout, Completed
from pos.services.register import Register
from sync.services.till import OpenTill
from sync.sqlite_driver import sqlite3

TILL = "SALES"
SALES = 400
WARM_UP = 20
LINES = 10
MOST_TIMES = 4
CASH = (Tender("cash", 1000_00),)

_ROWS = {
    "sale_order": "SELECT * FROM sale_order WHERE order_id = ?",
    "order_line": "SELECT * FROM order_line WHERE order_id = ?",
    "payment": "SELECT * FROM payment WHERE order_id = ?",
    "entry": "SELECT entry.* FROM entry JOIN sale_order USING (run, seq) WHERE order_id = ?",
    "print_job": "SELECT * FROM print_job WHERE order_id = ?",
}


class BareTables:
    """The tables that a sale writes, with their indexes and nothing else, on SQLite alone."""

    def __init__(self, path: Path, till: OpenTill) -> None:
        """Make the tables as they are in a till's journal; no triggers, no foreign keys."""
        self._till = till
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        made = till.journal.read().execute(
            "SELECT sql, tbl_name FROM sqlite_master"
            " WHERE type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC"
        )
        for statement, table in made.fetchall():
            if table in _ROWS:
                self._connection.execute(statement)

    def write(self, order_id: str) -> float:
        """Write the rows of a sale that was made, in one transaction; return its seconds."""
        db = self._till.journal.read()
        rows = {table: db.execute(query, [order_id]).fetchall() for table, query in _ROWS.items()}
        statements = [(_insert(table, found), found) for table, found in rows.items()]
        assert len(rows["order_line"]) == LINES
        started_s = time.perf_counter()
        self._connection.execute("BEGIN IMMEDIATE")
        for statement, found in statements:
            self._connection.executemany(statement, found)
        self._connection.execute("COMMIT")
        return time.perf_counter() - started_s

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def measure(place: Place) -> list[Figure]:
    """Sell and write bare in turn; the bare rows are those of the sale just made."""
    goods = stock(place, TILL, 1000)
    with place.till(TILL) as till:
        register, checkout = Register(till), Checkout(till)
        bare = BareTables(place.directory / "bare.db", till)
        pairs = []
        for turn in range(WARM_UP + SALES):
            _fill_cart(register, goods[turn : turn + LINES])
            started_s = time.perf_counter()
            sold = checkout.complete(register.cart, CASH)
            sale_s = time.perf_counter() - started_s
            assert isinstance(sold, Completed)
            register.start_new()
            pairs.append((sale_s, bare.write(sold.order.order_id)))
        bare.close()
    sales, bares = ([pair[side] for pair in pairs[WARM_UP:]] for side in (0, 1))
    times = percentile(sales, 50) / percentile(bares, 50)
    return [
        Figure(
            f"Sale of {LINES} lines: priced, journal entry, print job, durable",
            f"{times:.1f} × bare ({in_ms(sales)}; bare {in_ms(bares)})",
            f"p50 ≤ {MOST_TIMES} × a bare transaction of the same rows",
            times <= MOST_TIMES,
        )
    ]


def _fill_cart(register: Register, goods: Sequence[Item]) -> None:
    for item in goods:
        assert isinstance(register.scan(item.barcodes[0]), Scanned)


def _insert(table: str, rows: Sequence[Sequence[Any]]) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})"
