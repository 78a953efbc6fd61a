"""What a shop does with its till, by commands; and what its hub has booked of it."""

import sqlite3
from typing import Any

from .conftest import Place, RunningHub


def stocked(till: Place) -> Place:
    till.run("pos", "import", "--demo")
    return till


def enrolled(till: Place, hub: RunningHub, url: str | None = None) -> Place:
    code = hub.invite(till.till, till.center)
    till.run("sync", "enrol", code, "--hub", url or hub.url)
    return till


def barcode(till: Place, query: str) -> str:
    return str(till.ask("pos", "items", query)["items"][0]["barcodes"][0])


def sell(till: Place, *arguments: str, cash: str = "500.00") -> dict[str, Any]:
    code = barcode(till, "xymj")
    return till.ask("pos", "sell", "--scan", code, "--tender", f"cash={cash}", *arguments)


def booked(hub: RunningHub) -> dict[str, tuple[int, int]]:
    """Ask the hub's own database: order id → (times booked, paid fen)."""
    path = hub.place.directory / "xuanpin" / "hub" / "hub.db"
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT order_id, count(*), max(paid_fen) FROM hub_order GROUP BY order_id"
    ).fetchall()
    connection.close()
    return {order: (times, paid) for order, times, paid in rows}
