"""kill -9 at every step of a sale: what was acknowledged is there, the rest never happened."""

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pos.rules.order import Order
from pos.rules.printer_settings import PrinterState
from pos.rules.tender import Tender
from pos.services.checkout import Checkout, Completed
from pos.services.printing import PrintWorker
from pos.services.register import Register
from pos.stores import print_jobs
from pos.stores.print_jobs import Document
from sync.clock import SystemClock
from sync.rules.refusal import Refused
from sync.services.till import OpenTill
from sync.services.verifying import verify_journal
from sync.setup import Setup

from .killed import die, die_at, killed
from .stocked_till import TEA_CODE, make_test_setup, opened, rows, stock

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks the processes it kills")

SALE_TABLES = ("sale_order", "payment", "membership")
CASH = [Tender("cash", 100_000)]
STEPS = [
    "BEGIN",
    "INTO entry",
    "INTO sale_order",
    "INTO order_line",
    "INTO payment",
    "INTO membership",
    "FROM cart",
    "INTO print_job",
    "COMMIT",
]


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    setup = make_test_setup(tmp_path, SystemClock())
    with opened(setup) as till:
        stock(till)
    return setup


def fill(till: OpenTill) -> Register:
    register = Register(till)
    assert not isinstance(register.scan(TEA_CODE), Refused)
    assert register.join() is None
    return register


def sell(till: OpenTill, register: Register) -> Completed:
    completed = Checkout(till).complete(register.cart, CASH)
    assert isinstance(completed, Completed)
    return completed


@dataclass(frozen=True)
class Paper:
    """A printer that is a file; a process can be made to die after some bytes of a document."""

    path: Path
    dies_after: int | None = None
    exists: bool = True

    def ask(self) -> PrinterState:
        return "unasked"

    @contextmanager
    def session(self) -> Iterator["Paper"]:
        yield self

    def send(self, data: bytes) -> None:
        with self.path.open("ab") as paper:
            paper.write(data if self.dies_after is None else data[: self.dies_after])
        if self.dies_after is not None:
            die()

    def whole(self) -> bool:
        """Tell whether no document broke off."""
        return not self.path.is_file() or self.path.read_bytes().endswith(b"\n")

    def lines(self) -> list[str]:
        return self.path.read_text("utf-8").splitlines() if self.path.is_file() else []


def one_line(
    till: OpenTill, order: Order, document: Document, *, copy: bool, drawer: bool
) -> bytes:
    assert drawer
    return f"{'COPY ' if copy else ''}{document} {order.order_id}\n".encode()


def healthy(till: OpenTill) -> None:
    """The chain verifies, and every order has its entry, its membership and its print jobs."""
    assert not isinstance(verify_journal(till), Refused)
    orders = rows(till, "sale_order")
    assert [rows(till, table) for table in SALE_TABLES] == [orders] * 3
    assert rows(till, "print_job") == 2 * orders


@pytest.mark.parametrize("step", STEPS)
def test_killed_before_commit_nothing_was_sold_and_the_basket_is_still_there(
    setup: Setup, step: str
) -> None:
    def act(till: OpenTill) -> None:
        register = fill(till)
        die_at(till, step)
        sell(till, register)

    killed(setup, act)
    with opened(setup) as till:
        assert rows(till, "sale_order") == 0
        register = Register(till)
        assert [line.item.kind for line in register.cart.lines] == ["goods", "plan"]
        sell(till, register)
        assert rows(till, "sale_order") == 1
        healthy(till)


def test_killed_right_after_commit_the_sale_is_whole_and_waits_to_be_printed(
    setup: Setup,
) -> None:
    def act(till: OpenTill) -> None:
        register = fill(till)
        die_at(till, "COMMIT", after=True)
        sell(till, register)

    killed(setup, act)
    with opened(setup) as till:
        assert rows(till, "sale_order") == 1
        assert Register(till).cart.lines == ()
        assert print_jobs.unfinished(till.journal.read()) == 2
        healthy(till)


def test_killed_while_scanning_the_basket_goes_on_with_what_was_scanned(setup: Setup) -> None:
    def act(till: OpenTill) -> None:
        register = Register(till)
        register.scan(TEA_CODE)
        register.scan("3*" + TEA_CODE)
        die()

    killed(setup, act)
    with opened(setup) as till:
        assert [line.quantity for line in Register(till).cart.lines] == [4]
        assert rows(till, "cart") == 1


def test_a_second_seller_is_refused_naming_the_first_and_a_killed_one_blocks_nobody(
    setup: Setup,
) -> None:
    from sync.services.till import open_till

    with opened(setup) as till:
        second = open_till(setup, "counter")
        assert isinstance(second, Refused)
        assert str(os.getpid()) in setup.say.refusal(second)
        sell(till, fill(till))
    killed(setup, lambda _till: die())
    with opened(setup) as till:
        assert rows(till, "sale_order") == 1


PRINT_STEPS = [
    ("BEGIN", None, ["", ""]),
    ("state = 'sending'", None, ["", ""]),
    (None, 0, ["COPY ", ""]),
    (None, 12, ["COPY ", ""]),
    (None, 999, ["", "COPY ", ""]),
    ("state = 'done'", None, ["", "COPY ", ""]),
]


@pytest.mark.parametrize(("statement", "dies_after", "printed"), PRINT_STEPS)
def test_killed_while_printing_all_is_printed_and_any_second_print_says_copy(
    setup: Setup,
    tmp_path: Path,
    statement: str | None,
    dies_after: int | None,
    printed: list[str],
) -> None:
    paper = Paper(tmp_path / "paper")

    def act(till: OpenTill) -> None:
        sell(till, fill(till))
        worker = PrintWorker(till, dataclasses.replace(paper, dies_after=dies_after), one_line)
        if statement is not None:
            die_at(till, statement)
        worker.print_waiting()

    killed(setup, act)
    if not paper.whole():
        paper.path.unlink()
    with opened(setup) as till:
        assert rows(till, "sale_order") == 1
        PrintWorker(till, paper, one_line).print_waiting()
        assert print_jobs.unfinished(till.journal.read()) == 0
        order_id = till.journal.read().execute("SELECT order_id FROM sale_order").fetchone()[0]
        healthy(till)
    documents = ["receipt", "card"] if len(printed) == 2 else ["receipt", "receipt", "card"]
    assert paper.lines() == [
        f"{mark}{document} {order_id}" for mark, document in zip(printed, documents, strict=True)
    ]
