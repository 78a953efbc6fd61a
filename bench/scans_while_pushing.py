"""Scans on the real counter while it pushes a long day to its hub, beside scans while it waits.

The hub runs on the same machine: worse for the counter than one elsewhere. It is stopped and
continued, block by block: a machine's pace drifts, and both kinds of scan are to meet the same of
it. What is in flight while the hub stands still waits for its answer.
"""

import contextlib
import dataclasses
import signal
import subprocess
from collections.abc import Iterator, Sequence

from bench.goods import scattered
from bench.hub_process import running_hub
from bench.orders import sell
from bench.place import Place, stock
from bench.report import Figure, in_ms, percentile
from bench.scans import LINES, QUIET_S, Counter, open_counter, whole_screen
from pos.rules.items import Item
from sync.services.till import OpenTill
from sync.stores import journal as journals

TILL = "BUSY"
GOODS = 5_000
ORDERS = 20_000  # ten thousand are through before enough scans were made
BLOCK, WARM_UP = 10, 20
LEAST_SCANS = 100
MOST_TIMES = 1.2
HUB_STOPPED_S = 120


def measure(place: Place) -> list[Figure]:
    """Sell offline, then scan in turn while the hub stands still and while it takes the orders."""
    own = _patient(place)
    goods = stock(own, TILL, GOODS)[:LINES]
    with own.till(TILL) as till:
        sell(till, ORDERS)
    with running_hub(own, TILL) as hub, _stopped(hub.process):
        waiting, pushing = _at_counter(own, goods, hub.process)
    assert len(pushing) >= LEAST_SCANS, f"only {len(pushing)} scans while orders were pushed"
    times = percentile(pushing, 50) / percentile(waiting, 50)
    return [
        Figure(
            f"Scan while {ORDERS:,} orders are pushed in the background, {LINES} lines",
            f"p50 {times:.2f} × ({in_ms(pushing)}; {in_ms(waiting)}; {len(pushing)} scans)",
            f"p50 ≤ {MOST_TIMES} × that while the hub stands still",
            times <= MOST_TIMES,
        )
    ]


def _at_counter(
    place: Place, goods: Sequence[Item], hub: subprocess.Popen[bytes]
) -> tuple[list[float], list[float]]:
    with open_counter(place, TILL) as terminal, place.till(TILL, selling=False) as till:
        terminal.wait_for(*whole_screen(place.setup(TILL)))
        counter = Counter(terminal)
        for item in goods:
            counter.scan(item)
        return _in_turn(counter, goods, hub, till)


def _in_turn(
    counter: Counter, goods: Sequence[Item], hub: subprocess.Popen[bytes], till: OpenTill
) -> tuple[list[float], list[float]]:
    """Scan in blocks until all is pushed; return the seconds while waiting and while pushing.

    A block while pushing counts only if something was pending to its end.
    """
    _block(counter, goods, WARM_UP)
    waiting: list[float] = []
    pushing: list[float] = []
    while _pending(till):
        waiting += _block(counter, goods, BLOCK)
        hub.send_signal(signal.SIGCONT)
        scans = _block(counter, goods, BLOCK)
        if _pending(till):
            pushing += scans
        hub.send_signal(signal.SIGSTOP)
    return waiting, pushing


def _block(counter: Counter, goods: Sequence[Item], count: int) -> list[float]:
    scans = []
    for turn in range(count):
        counter.terminal.drain(QUIET_S)
        scans.append(counter.scan(goods[scattered(turn) % len(goods)]))
    return scans


def _pending(till: OpenTill) -> int:
    return sum(state.pending for state in journals.runs(till.journal.read()))


@contextlib.contextmanager
def _stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let a process stand still until someone continues it, at the latest at the end."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def _patient(place: Place) -> Place:
    """Return the place under settings by which a till waits for as long as the hub stands still."""
    settings = place.directory / "patient.toml"
    text = place.settings.read_text("utf-8")
    for old, new in (
        ("timeout_s = 10 ", f"timeout_s = {HUB_STOPPED_S} "),
        ("push_every_s = 5 ", "push_every_s = 1 "),
    ):
        assert old in text
        text = text.replace(old, new)
    settings.write_text(text, "utf-8")
    return dataclasses.replace(place, settings=settings)
