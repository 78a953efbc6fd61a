"""The end of a day that was sold offline: everything is pushed, then compared with the hub."""

import time

from bench.hub_process import ask, running_hub
from bench.orders import LINES, sell
from bench.place import Place
from bench.report import Figure

TILL = "EVENING"
ORDERS = 10_000
MOST_S = 5.0


def measure(place: Place) -> list[Figure]:
    """Time `sync eod` as a person runs it, from its start to its answer."""
    with place.till(TILL) as till:
        sell(till, ORDERS)
    with running_hub(place, TILL):
        started_s = time.perf_counter()
        ask(place, TILL, "sync", "eod")
        took_s = time.perf_counter() - started_s
        with place.till(TILL, selling=False) as till:
            (pushed,) = till.journal.read().execute("SELECT sum(seq) FROM mark").fetchone()
        assert pushed >= ORDERS
    return [
        Figure(
            f"End of day with {ORDERS:,} unsynced orders of {LINES} lines, program start included",
            f"{took_s:.1f} s",
            f"≤ {MOST_S:.0f} s",
            took_s <= MOST_S,
        )
    ]
