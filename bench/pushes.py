"""Tills that sold offline for long bring everything to a hub of its own process over loopback."""

import json
import sys
import time

from bench.hub_process import RunningHub, enrol, running_hub
from bench.orders import GOODS, LINES, sell
from bench.place import Place
from bench.report import Figure
from pos.rules.order import SALE
from sync.rules.refusal import Refused
from sync.services.courier import Courier, hub_client
from tests.postgres_server import postgres_server

ORDERS = 10_000
LEAST_SQLITE, LEAST_POSTGRESQL = 12_000, 6_000
MOST_BYTES = 350
TIMES = 3


def measure(place: Place) -> list[Figure]:
    """Push into either database, and count what goes over the wire; the best of three counts."""
    rate, sent = _best(place, "PUSH-LITE", "")
    figures = [
        _rate_figure("SQLite", rate, LEAST_SQLITE),
        Figure(
            f"An order on the wire, {LINES} lines of {GOODS:,} goods, batches of 500",
            f"{sent / ORDERS:.0f} bytes",
            f"≤ {MOST_BYTES} bytes",
            sent <= MOST_BYTES * ORDERS,
        ),
    ]
    with postgres_server() as server:
        if isinstance(server, str):
            print(server, file=sys.stderr)
            return figures
        name = server.create()
        rate, _ = _best(place, "PUSH-PG", server.url(name))
        figures.append(_rate_figure("PostgreSQL (fsync off)", rate, LEAST_POSTGRESQL))
        server.drop(name)
    return figures


def _rate_figure(database: str, rate: float, least: int) -> Figure:
    return Figure(
        f"Push of {ORDERS:,} orders of {LINES} lines into {database} by loopback, best of {TIMES}",
        f"{rate:,.0f} orders/s",
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
