"""Tills that sold offline for long bring everything to a hub of its own process over loopback.

Beside it the rows that the hub made of it are written bare: by SQLite alone, 500 of each table in
a transaction, with nothing read, checked, hashed or sent.
"""

import json
import sys
import time
from contextlib import closing
from pathlib import Path

from bench.hub_process import RunningHub, enrol, running_hub
from bench.orders import GOODS, LINES, sell
from bench.place import Place
from bench.report import Figure
from pos.rules.order import SALE
from sync.rules.refusal import Refused
from sync.rules.segment import MOST_ENTRIES
from sync.services.courier import Courier, hub_client
from sync.sqlite_driver import sqlite3
from tests.postgres_server import postgres_server

ORDERS = 10_000
LEAST_SQLITE, LEAST_POSTGRESQL = 12_000, 6_000
MOST_BYTES = 350
TIMES = 3
_TABLES = ("entry", "booking", "hub_order")


def measure(place: Place) -> list[Figure]:
    """Push into either database, and count what goes over the wire; the best of three counts."""
    rate, sent = _best(place, "PUSH-LITE", "")
    bare = _bare_rate(place.setup("PUSH-LITE-1").hub_directory, place.directory / "bare-hub.db")
    figures = [
        _rate_figure("SQLite", rate, LEAST_SQLITE, f" (its rows alone, bare: {bare:,.0f})"),
        Figure(
            f"An order on the wire, {LINES} lines of {GOODS:,} goods, batches of 500",
            f"{sent / ORDERS:.0f} bytes",
            f"≤ {MOST_BYTES} bytes",
            sent <= MOST_BYTES * ORDERS,
        ),
    ]
    with postgres_server(durable=True) as server:
        if isinstance(server, str):
            print(server, file=sys.stderr)
            return figures
        name = server.create()
        rate, _ = _best(place, "PUSH-PG", server.url(name))
        figures.append(_rate_figure("PostgreSQL", rate, LEAST_POSTGRESQL))
        server.drop(name)
    return figures


def _rate_figure(database: str, rate: float, least: int, beside: str = "") -> Figure:
    return Figure(
        f"Push of {ORDERS:,} orders of {LINES} lines into {database} by loopback, best of {TIMES}",
        f"{rate:,.0f} orders/s{beside}",
        f"≥ {least:,} orders/s",
        rate >= least,
    )


def _best(place: Place, name: str, database: str) -> tuple[float, int]:
    """Push from several tills to one hub, in turn; whatever else runs only makes it slower."""
    first, *others = (f"{name}-{turn}" for turn in range(1, TIMES + 1))
    with running_hub(place, first, database) as hub:
        for other in others:
            enrol(place, other, hub)
        return max(_push(place, till, hub) for till in (first, *others))


def _push(place: Place, name: str, hub: RunningHub) -> tuple[float, int]:
    """Sell and push; return orders a second, and the bytes of all segments."""
    with place.till(name) as till:
        sell(till, ORDERS)
        client = hub_client(till, hub.url)
        assert not isinstance(client, Refused)
        sizes: list[int] = []
        client.event_hooks = {
            "request": [lambda sent: sizes.append(int(sent.headers["content-length"]))]
        }
        with client:
            started_s = time.perf_counter()
            report = Courier(till, client).push()
            took_s = time.perf_counter() - started_s
        assert (report.refused, report.pending) == (None, 0)
        _check(hub, name)
    return ORDERS / took_s, sum(sizes)


def _check(hub: RunningHub, name: str) -> None:
    """Make sure that the hub has booked every order of this till."""
    import httpx2

    tills = json.loads(httpx2.get(f"{hub.url}/v1/summary", trust_env=False).content)["tills"]
    assert [each["kinds"][SALE]["count"] for each in tills if each["name"] == name] == [ORDERS]


def _bare_rate(hub: Path, path: Path) -> float:
    """Write the rows of as many orders bare, into tables with the hub's own indexes."""
    with (
        closing(sqlite3.connect(hub / "hub.db")) as made,
        closing(sqlite3.connect(path, isolation_level=None)) as bare,
    ):
        for pragma in ("page_size = 16384", "journal_mode = WAL", "synchronous = FULL"):
            bare.execute(f"PRAGMA {pragma}")
        for statement, table in made.execute(
            "SELECT sql, tbl_name FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC"
        ):
            if table in _TABLES:
                bare.execute(statement)
        rows = {
            table: made.execute(f"SELECT * FROM {table} LIMIT {ORDERS}").fetchall()
            for table in _TABLES
        }
        started_s = time.perf_counter()
        for first in range(0, ORDERS, MOST_ENTRIES):
            bare.execute("BEGIN IMMEDIATE")
            for table, found in rows.items():
                marks = ", ".join("?" * len(found[0]))
                some = found[first : first + MOST_ENTRIES]
                bare.executemany(f"INSERT INTO {table} VALUES ({marks})", some)
            bare.execute("COMMIT")
        return ORDERS / (time.perf_counter() - started_s)
