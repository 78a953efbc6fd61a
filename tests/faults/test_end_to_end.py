"""Two tills and a hub as processes over sockets, killed and cut off at moments; the ends equal."""

import contextlib
import hashlib
import json
import random
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Place, RunningHub
from tests.e2e.conftest import hub as hub
from tests.e2e.conftest import place as place
from tests.e2e.cutting_proxy import CuttingProxy
from tests.e2e.shop import stocked

pytestmark = pytest.mark.slow
SEED, ROUNDS, TEA = 20261122, 5, "9520123456788"
Rows = list[tuple[Any, ...]]


@dataclass
class Shop:
    """One till with its way to the hub, and the orders that it said were paid."""

    place: Place
    proxy: CuttingProxy
    paid: set[str] = field(default_factory=set)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.place.command(*arguments, "--json"),
            env=self.place.environment(),
            cwd=self.place.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def sell(self, kill_after_s: float | None) -> None:
        """Sell; kill the process after a while, or hear which order was paid."""
        process = self.begin("pos", "sell", "--scan", TEA, "--tender", "cash=500")
        if kill_after_s is not None:
            end(process, kill_after_s)
            return
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        self.paid.add(str(json.loads(said)["order_id"]))


def end(process: subprocess.Popen[str], after_s: float) -> None:
    """Kill a process with SIGKILL, unless it has ended by then."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=after_s)
    process.kill()
    process.communicate()


@pytest.fixture
def shops(place: Callable[..., Place], hub: RunningHub) -> Iterator[list[Shop]]:
    made: list[Shop] = []
    for name in ("ZZ-01", "ZZ-02"):
        proxy = CuttingProxy(hub.port)
        made.append(Shop(stocked(place(name, till=name)), proxy))
        made[-1].place.run("sync", "enrol", hub.invite(name), "--hub", proxy.url)
    yield made
    for shop in made:
        shop.proxy.close()


def test_whatever_is_killed_and_cut_the_ends_are_equal(shops: list[Shop], hub: RunningHub) -> None:
    draw = random.Random(SEED)
    started = time.monotonic()
    shops[0].sell(None)
    whole_s = time.monotonic() - started
    for _ in range(ROUNDS):
        for shop in shops:
            shop.sell(draw.choice([None, whole_s * draw.random()]))
            cut_after = draw.randrange(2000)
            shop.proxy.faults = ["lose_reply" if cut_after < 1000 else cut_after]
        pushes = [shop.begin("sync", "push") for shop in shops]
        time_to_die = whole_s * draw.random()
        if draw.random() < 0.6:
            end(pushes.pop(0), time_to_die)
            hub.stop(hard=True)
            hub.start()
        for process in pushes:
            end(process, 60)
    for shop in shops:
        shop.proxy.faults = []
        shop.place.run("sync", "push")
        assert shop.place.ask("sync", "push")["pending"] == 0
        shop.place.run("sync", "verify")
    hub.stop()
    everything_is_there_once(shops, next(hub.place.directory.rglob("hub.db")))


def everything_is_there_once(shops: list[Shop], database: Path) -> None:
    """What is in the tills' journals is at the hub, byte for byte, and nothing else."""
    stored = rows(database, "SELECT hash, body FROM entry UNION ALL SELECT hash, body FROM fork")
    booked = rows(database, "SELECT order_id, body_sha256 FROM hub_order")
    entries: Rows = []
    orders: Rows = []
    for shop in shops:
        journal = next(shop.place.directory.rglob("journal.db"))
        entries += rows(journal, "SELECT hash, body FROM entry")
        sold = rows(journal, "SELECT order_id, body FROM sale_order JOIN entry USING (run, seq)")
        assert shop.paid <= {order_id for order_id, _ in sold}
        orders += [(order_id, hashlib.sha256(body).digest()) for order_id, body in sold]
    assert sorted(stored) == sorted(entries)
    assert sorted(booked) == sorted(orders)
    assert len({order_id for order_id, _ in orders}) == len(orders)


def rows(path: Path, query: str) -> Rows:
    connection = sqlite3.connect(path)
    found = connection.execute(query).fetchall()
    connection.close()
    return found
