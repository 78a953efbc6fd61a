"""A first snapshot of a million goods, from publishing to swapped in, and sales made meanwhile.

Sales are rung up one after another with pauses, in turn on the till alone and beside the pull; the
hub has the same two cores, at low priority as the pull, since it is another machine in real life.
"""

import contextlib
import itertools
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.goods import make_goods, write_list
from bench.place import MANY, Place, stock
from bench.report import Figure, in_ms, percentile
from pos.rules.answers import Scanned
from pos.rules.items import Item
from pos.rules.tender import Tender
from pos.services.checkout import Checkout, Completed
from pos.services.register import Register

TILL = "FEEDS"
LINES = 10
ALONE = 400
PAUSE_S = 0.05
MOST_MINUTES = 10
MOST_TIMES = 1.2
CASH = (Tender("cash", 1000_00),)


def measure(place: Place) -> list[Figure]:
    """Publish, then pull beside sales; compare them with sales on the till alone."""
    goods = stock(place, TILL, 1000)
    listed = place.directory / "million.csv"
    write_list(listed, make_goods(MANY), mnemonics=True)
    with _hub(place) as url:
        code = _ask(place, "sync", "invite", TILL)["code"]
        _ask(place, "sync", "enrol", str(code), "--hub", url)
        started_s = time.perf_counter()
        _ask(place, "sync", "publish", "catalogue", str(listed))
        published_s = time.perf_counter() - started_s
        os.sync()  # what the hub wrote is another machine's business in real life
        alone, beside, pulled_s = _sales(place, goods)
    times = percentile(beside, 99) / percentile(alone, 99)
    p50_times = percentile(beside, 50) / percentile(alone, 50)
    return [
        Figure(
            f"Publish {MANY:,} goods at a hub on SQLite",
            f"{published_s:.0f} s",
            f"≤ {MOST_MINUTES} min",
            published_s <= MOST_MINUTES * 60,
        ),
        Figure(
            f"First snapshot of {MANY:,} goods at a till that sells meanwhile, hub beside it",
            f"{pulled_s:.0f} s",
            f"≤ {MOST_MINUTES} min",
            pulled_s <= MOST_MINUTES * 60,
        ),
        Figure(
            f"Sale of {LINES} lines meanwhile",
            f"p99 {times:.2f} ×, p50 {p50_times:.2f} × alone ({in_ms(beside)}; {in_ms(alone)})",
            f"p99 ≤ {MOST_TIMES} × that of the till alone",
            times <= MOST_TIMES,
        ),
    ]


def _sales(place: Place, goods: Sequence[Item]) -> tuple[list[float], list[float], float]:
    """Sell alone, then until the pull has ended; return the seconds of each, and of the pull."""
    with place.till(TILL) as till:
        sell = _seller(Register(till), Checkout(till), goods)
        alone = [sell() for _ in range(ALONE)]
        started_s = time.perf_counter()
        pull = subprocess.Popen(
            place.command(TILL, "sync", "pull", "--gently", "--json"), stdout=subprocess.PIPE
        )
        with pull:
            beside = [sell() for _ in itertools.takewhile(lambda _: pull.poll() is None, _ever())]
            pulled_s = time.perf_counter() - started_s
            assert pull.stdout is not None
            assert json.loads(pull.stdout.read())["anew"] == ["catalogue"]
        alone += [sell() for _ in range(ALONE)]
    return alone, beside, pulled_s


def _ever() -> Iterator[int]:
    return itertools.count()


def _seller(register: Register, checkout: Checkout, goods: Sequence[Item]) -> Callable[[], float]:
    turns = itertools.count()

    def sell() -> float:
        """Ring up ten lines and pay; return the seconds that paying took."""
        time.sleep(PAUSE_S)
        first = next(turns) % (len(goods) - LINES)
        for item in goods[first : first + LINES]:
            assert isinstance(register.scan(item.barcodes[0]), Scanned)
        started_s = time.perf_counter()
        assert isinstance(checkout.complete(register.cart, CASH), Completed)
        took_s = time.perf_counter() - started_s
        register.start_new()
        return took_s

    return sell


@contextlib.contextmanager
def _hub(place: Place) -> Iterator[str]:
    command = ["nice", "-n", "19", *place.command(TILL, "sync", "hub", "--port", "0", "--json")]
    hub = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(place.directory))
    try:
        assert hub.stdout is not None
        yield str(json.loads(hub.stdout.readline())["url"])
    finally:
        hub.terminate()
        hub.communicate()


def _ask(place: Place, *arguments: str) -> dict[str, object]:
    said = subprocess.check_output(place.command(TILL, *arguments, "--json"))
    answer = json.loads(said)
    assert isinstance(answer, dict)
    return answer
