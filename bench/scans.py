"""A scan on the real counter, from its last byte to the frame with the new total, on a real pty.

Beside it, in turn, the same burst of keys goes to a bare ScrollView that repaints the same lines:
the terminal library's own share, on this machine, in this minute.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.bare_screen import painted
from bench.goods import scattered
from bench.place import MANY, Place, stock
from bench.report import Figure, percentile
from bench.terminal import Terminal
from pos.faces.counter.cart_view import line_row
from pos.faces.counter.command import TERMINAL
from pos.faces.counter.key_bar import LEGEND
from pos.faces.counter.side import INNER
from pos.rules import cart as carting
from pos.rules.basket import PricedBasket
from pos.rules.cart import Cart
from pos.rules.items import Item
from pos.rules.pricing import price_basket
from sync.faces.screen.rows import big
from sync.language import Language
from sync.rules.money import format_yuan
from sync.rules.refusal import Refused
from sync.setup import Setup

TILL = "MILLION"
LINES = 30
SCANS, WARM_UP = 400, 20
STARTS = 5
QUIET_S = 0.04
MOST_P50_TIMES, MOST_P99_TIMES = 1.5, 2
MOST_START_S, MOST_MB = 1.0, 100
CART_CELLS = 65
_BARE = Path(__file__).with_name("bare_screen.py")


class Counter:
    """The counter of one till, and what its cart must come to."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._cart = carting.open_cart("", 0, "")
        self._priced = price_basket((), carting.benefits(self._cart))

    @property
    def priced(self) -> PricedBasket:
        """What the screen shows."""
        return self._priced

    def scan(self, item: Item) -> float:
        """Scan an item; return the seconds until its line and the new total are painted."""
        before, code = self._priced, item.barcodes[0]
        added = carting.add(self._cart, item, code=code)
        assert isinstance(added, Cart)
        self._cart = added
        self._priced = price_basket(added.lines, carting.benefits(added))
        line = next(each for each in self._priced.lines if each.line.number == added.touched)
        wanted = [*_new_total(before, self._priced), format_yuan(line.amount_fen)]
        sent_s = self.terminal.send(f"{code}\r")
        return self.terminal.wait_for(*wanted) - sent_s


class Bare:
    """The yardstick."""

    def __init__(self, terminal: Terminal, lines: Sequence[str]) -> None:
        self.terminal = terminal
        self._last = lines[-1]
        self._total = 0
        self.start_s = terminal.wait_for(painted(self._last, 0)) - terminal.started_s

    def scan(self, item: Item) -> float:
        """Send the same keys; return the seconds until the last line is painted anew."""
        self._total += 1
        sent_s = self.terminal.send(f"{item.barcodes[0]}\r")
        return self.terminal.wait_for(painted(self._last, self._total)) - sent_s


def measure(place: Place) -> list[Figure]:
    """Start the counter some times, then scan into it and into the yardstick in turn."""
    goods = stock(place, TILL, MANY)
    setup = place.setup(TILL)
    starts = [_start_s(place, setup) for _ in range(STARTS)]
    with open_counter(place, TILL) as terminal:
        terminal.wait_for(*whole_screen(setup))
        counter = Counter(terminal)
        for item in goods[:LINES]:
            counter.scan(item)
        lines = _lines(setup.say, counter.priced)
        with _open_bare(place, lines) as bare_terminal:
            bare = Bare(bare_terminal, lines)
            scans, bares = _in_turn(counter, bare, goods[:LINES])
        resident_mb = terminal.resident_kb() / 1024
    return [
        *_latency(scans, bares),
        Figure(
            "Counter: start to first full frame",
            f"{median(starts):.2f} s (worst {max(starts):.2f} s; bare {bare.start_s:.2f} s)",
            f"≤ {MOST_START_S} s",
            median(starts) <= MOST_START_S,
        ),
        Figure(
            f"Counter: resident memory after {LINES + WARM_UP + SCANS} scans",
            f"{resident_mb:.0f} MB",
            f"≤ {MOST_MB} MB",
            resident_mb <= MOST_MB,
        ),
    ]


def _in_turn(
    counter: Counter, bare: Bare, goods: Sequence[Item]
) -> tuple[list[float], list[float]]:
    scans: list[float] = []
    bares: list[float] = []
    for turn in range(WARM_UP + SCANS):
        item = goods[scattered(turn) % len(goods)]
        counter.terminal.drain(QUIET_S)
        scans.append(counter.scan(item))
        bare.terminal.drain(QUIET_S)
        bares.append(bare.scan(item))
    return scans[WARM_UP:], bares[WARM_UP:]


def _latency(scans: Sequence[float], bares: Sequence[float]) -> list[Figure]:
    figures = []
    for percent, most in ((50, MOST_P50_TIMES), (99, MOST_P99_TIMES)):
        ours, bare = percentile(scans, percent) * 1000, percentile(bares, percent) * 1000
        figures.append(
            Figure(
                f"Scan's last byte → frame with the new total, {LINES} lines, p{percent}",
                f"{ours / bare:.2f} × bare ({ours:.1f} ms; bare {bare:.1f} ms)",
                f"≤ {most} × a bare ScrollView repainting the same lines",
                ours <= most * bare,
            )
        )
    return figures


def _start_s(place: Place, setup: Setup) -> float:
    with open_counter(place, TILL) as terminal:
        return terminal.wait_for(*whole_screen(setup)) - terminal.started_s


def open_counter(place: Place, till: str) -> Terminal:
    """Start a till's counter on a terminal of its own."""
    return Terminal(place.command(till, "pos"), environment=_environment())


def _open_bare(place: Place, lines: Sequence[str]) -> Terminal:
    path = place.directory / "lines.txt"
    path.write_text("\n".join(lines), "utf-8")
    return Terminal([sys.executable, str(_BARE), str(path)], environment=_environment())


def _environment() -> dict[str, str]:
    """The counter's own choices for Textual hold for the yardstick too."""
    return {**os.environ, **TERMINAL, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


def whole_screen(setup: Setup) -> list[str]:
    """Return what is painted in every part of an empty counter: bar, cart, total, keys."""
    say, center = setup.say, setup.center()
    assert not isinstance(center, Refused)
    keys = [say(label) for _, label in (LEGEND[0], LEGEND[-1])]
    return [say.pick(center.name_zh, center.name_en), say("A new sale"), *big("0.00", INNER), *keys]


def _new_total(before: PricedBasket, now: PricedBasket) -> list[str]:
    """Return the rows of the large total that differ, each with the blanks before it."""
    old_rows, new_rows = (big(format_yuan(each.total_fen), INNER) for each in (before, now))
    pairs = zip(old_rows, new_rows, strict=True)
    return [f"  {new}" for old, new in pairs if new != old]


def _lines(say: Language, priced: PricedBasket) -> list[str]:
    rows = [
        line_row(say, line, place, CART_CELLS, chosen=False)
        for place, line in enumerate(priced.lines, 1)
    ]
    return ["".join(text for text, _ in row) for row in rows]
