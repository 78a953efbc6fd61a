"""The thread that prints outlives a document nobody can make, and ends whenever it is told to."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pos.rules.order import Order
from pos.rules.printer_settings import PrinterState
from pos.rules.tender import Tender
from pos.services.checkout import Checkout, Completed
from pos.services.printing import PrintWorker
from pos.services.register import Register
from pos.stores import orders
from pos.stores.print_jobs import Document
from sync.services.till import OpenTill
from sync.sqlite_driver import sqlite3

from .stocked_till import TEA_CODE, make_test_setup, opened, stock


class Paper:
    """A printer that is always ready and keeps what it got; `jams` breaks it off in a way."""

    exists = True

    def __init__(self) -> None:
        self.printed: list[bytes] = []
        self.got = threading.Event()
        self.jams: Exception | None = None

    def ask(self) -> PrinterState:
        return "unasked"

    @contextmanager
    def session(self) -> Iterator["Paper"]:
        yield self

    def send(self, data: bytes) -> None:
        if self.jams is not None:
            raise self.jams
        self.printed.append(data)
        self.got.set()


class Draughtsman:
    """Makes documents, but not those of the orders in `cannot`."""

    def __init__(self) -> None:
        self.cannot: set[str] = set()

    def __call__(
        self, till: OpenTill, order: Order, document: Document, *, copy: bool, **_choices: bool
    ) -> bytes:
        if order.order_id in self.cannot:
            raise ValueError("no glyph")
        return f"{document} {order.receipt_no}{' COPY' if copy else ''};".encode()


@pytest.fixture
def till(tmp_path: Path) -> Iterator[OpenTill]:
    with opened(make_test_setup(tmp_path)) as till:
        stock(till)
        yield till


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def draughtsman() -> Draughtsman:
    return Draughtsman()


@pytest.fixture
def printing(till: OpenTill, paper: Paper, draughtsman: Draughtsman) -> PrintWorker:
    return PrintWorker(till, paper, draughtsman)


def sell(till: OpenTill) -> Order:
    register = Register(till)
    register.scan(TEA_CODE)
    completed = Checkout(till).complete(register.cart, [Tender("cash", 16800)])
    assert isinstance(completed, Completed)
    return completed.order


def receipt(order: Order, mark: str = "") -> bytes:
    return f"receipt {order.receipt_no}{mark};".encode()


def test_a_document_that_cannot_be_made_waits_and_the_others_print(
    till: OpenTill,
    paper: Paper,
    draughtsman: Draughtsman,
    printing: PrintWorker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad, good = sell(till), sell(till)
    draughtsman.cannot = {bad.order_id}
    with caplog.at_level(logging.ERROR):
        assert printing.print_waiting() == "error"
        assert printing.print_waiting() == "error"
    assert paper.printed == [receipt(good)]
    assert printing.unfinished() == 1
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "no glyph" in str(record.exc_info[1])
    draughtsman.cannot = set()
    assert printing.print_waiting() == "ready"
    assert paper.printed == [receipt(good), receipt(bad)]


def test_a_driver_that_fails_as_nobody_foresaw_prints_again_as_a_copy(
    till: OpenTill, paper: Paper, printing: PrintWorker
) -> None:
    sale = sell(till)
    paper.jams = ZeroDivisionError()
    assert printing.print_waiting() == "error"
    assert printing.unfinished() == 1
    paper.jams = None
    assert printing.print_waiting() == "ready"
    assert paper.printed == [receipt(sale, " COPY")]


def test_an_order_on_a_damaged_page_does_not_keep_the_next_from_paper(
    till: OpenTill, paper: Paper, printing: PrintWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = sell(till), sell(till)
    by_id = orders.by_id

    def damaged(db: object, order_id: str) -> Order | None:
        if order_id == bad.order_id:
            raise sqlite3.DatabaseError("database disk image is malformed")
        return by_id(db, order_id)  # type: ignore[arg-type]

    monkeypatch.setattr(orders, "by_id", damaged)
    assert printing.print_waiting() == "error"
    assert paper.printed == [receipt(good)]


def test_the_thread_lives_on_behind_a_document_that_cannot_be_made(
    till: OpenTill, paper: Paper, draughtsman: Draughtsman, printing: PrintWorker
) -> None:
    bad = sell(till)
    draughtsman.cannot = {bad.order_id}
    printing.start()
    good = sell(till)
    printing.notify()
    assert paper.got.wait(10)
    printing.stop()
    assert paper.printed == [receipt(good)]
    assert printing.state == "error"


class StoppedMeanwhile(threading.Event):
    """An event that is cleared just after somebody called `stop`: the worst moment there is."""

    def __init__(self, printing: PrintWorker) -> None:
        super().__init__()
        self.printing = printing

    def clear(self) -> None:
        self.printing.stop()
        super().clear()


def test_a_stop_between_the_test_and_the_clearing_is_not_missed(printing: PrintWorker) -> None:
    printing._wake = StoppedMeanwhile(printing)
    thread = threading.Thread(target=printing._work, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_stopping_leaves_what_waits_for_the_next_start(
    till: OpenTill, paper: Paper, printing: PrintWorker
) -> None:
    sell(till)
    printing.stop()
    printing.print_waiting()
    assert paper.printed == []
    assert printing.unfinished() == 1
