"""Printers over real sockets: off, silent, out of paper, dying; a sale never waits or is lost."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import structs

from pos.faces.printers import EscposPrinter, EscposSession, make_worker
from pos.rules.escpos_reader import read_text
from pos.rules.order import Order
from pos.rules.printer_settings import PrinterSettings, PrinterState
from pos.rules.tender import Tender
from pos.services import printing as printing_service
from pos.services.checkout import Checkout, Completed
from pos.services.printing import PrinterTrouble, PrintWorker
from pos.services.register import Register
from pos.stores import print_jobs
from pos.stores.print_jobs import Document
from sync.services.till import OpenTill
from sync.sqlite_driver import sqlite3

from .fake_printer import COVER_OPEN, PAPER_OUT, READY, FakePrinter
from .stocked_till import TEA_CODE, make_test_setup, opened, stock

DRAWER_PULSE = b"\x1bp"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[OpenTill]:
    with opened(make_test_setup(tmp_path)) as till:
        stock(till)
        yield till


@pytest.fixture
def printer() -> Iterator[FakePrinter]:
    fake = FakePrinter()
    yield fake
    fake.close()


def sell(till: OpenTill) -> Order:
    register = Register(till)
    register.scan(TEA_CODE)
    completed = Checkout(till).complete(register.cart, [Tender("cash", 16800)])
    assert isinstance(completed, Completed)
    return completed.order


def render(till: OpenTill, order: Order, document: Document, *, copy: bool, drawer: bool) -> bytes:
    mark = f"{' COPY' if copy else ''}{'' if drawer else ' SHUT'}"
    return f"{document} {order.receipt_no}{mark};".encode()


def worker_for(till: OpenTill, address: str, *, silent_is_ready: bool = False) -> PrintWorker:
    settings = PrinterSettings(
        transport="network", address=address, timeout_s=1, silent_is_ready=silent_is_ready
    )
    return PrintWorker(till, EscposPrinter(settings), render)


def worker(till: OpenTill, printer: FakePrinter, *, silent_is_ready: bool = False) -> PrintWorker:
    return worker_for(till, f"127.0.0.1:{printer.port}", silent_is_ready=silent_is_ready)


def original(order: Order) -> bytes:
    return f"receipt {order.receipt_no};".encode()


def asked_again(order: Order) -> bytes:
    return f"receipt {order.receipt_no} COPY SHUT;".encode()


def copied(order: Order) -> bytes:
    return f"receipt {order.receipt_no} COPY;".encode()


def test_sales_print_in_order_and_once(till: OpenTill, printer: FakePrinter) -> None:
    sales = [sell(till), sell(till)]
    printing = worker(till, printer)
    assert printing.print_waiting() == "ready"
    assert printing.print_waiting() == "ready"
    printer.wait_for(2)
    assert printer.printed == [original(sale) for sale in sales]
    assert printing.unfinished() == 0


def test_a_printer_that_is_off_keeps_its_jobs(till: OpenTill, printer: FakePrinter) -> None:
    printer.close()
    sale = sell(till)
    assert worker(till, printer).print_waiting() == "offline"
    with_paper = FakePrinter()
    assert worker(till, with_paper).print_waiting() == "ready"
    with_paper.wait_for(1)
    with_paper.close()
    assert with_paper.printed == [original(sale)]


@pytest.mark.parametrize(
    ("status", "state"), [(PAPER_OUT, "paper"), (COVER_OPEN, "cover"), (None, "silent")]
)
def test_a_printer_that_is_not_ready_gets_nothing(
    till: OpenTill,
    printer: FakePrinter,
    status: tuple[int, int, int] | None,
    state: PrinterState,
) -> None:
    printer.status = status
    sale = sell(till)
    printing = worker(till, printer)
    assert printing.print_waiting() == state
    assert printer.received == b""
    assert printing.unfinished() == 1
    printer.status = READY
    assert printing.print_waiting() == "ready"
    printer.wait_for(1)
    assert printer.printed == [original(sale)]


def test_a_printer_that_hangs_up_gets_the_document_when_it_stays(
    till: OpenTill, printer: FakePrinter
) -> None:
    printer.hangs_up = True
    sale = sell(till)
    printing = worker(till, printer)
    assert printing.print_waiting() in ("offline", "silent")
    assert printing.unfinished() == 1
    printer.hangs_up = False
    assert printing.print_waiting() == "ready"
    printer.wait_for(1)
    assert printer.printed == [original(sale)]


def test_a_printer_known_to_be_silent_prints(till: OpenTill, printer: FakePrinter) -> None:
    printer.status = None
    sale = sell(till)
    assert worker(till, printer, silent_is_ready=True).print_waiting() == "ready"
    printer.wait_for(1)
    assert printer.printed == [original(sale)]


def test_a_printer_that_dies_in_a_document_prints_it_again_as_a_copy(
    till: OpenTill, printer: FakePrinter
) -> None:
    sale = sell(till)
    printer.die_after = 5
    printing = worker(till, printer)
    assert printing.print_waiting() in ("offline", "silent")
    assert printing.unfinished() == 1
    assert printing.print_waiting() == "ready"
    printer.wait_for(1)
    assert printer.printed == [copied(sale)]


def test_a_job_found_half_sent_at_the_start_is_a_copy(till: OpenTill, printer: FakePrinter) -> None:
    sale = sell(till)
    with till.journal.transaction() as db:
        job = print_jobs.first_waiting(db)
        assert job is not None
        print_jobs.mark_sending(db, job.id)
    worker(till, printer).print_waiting()
    printer.wait_for(1)
    assert printer.printed == [copied(sale)]


def test_the_worker_prints_by_itself_and_reprints_are_copies(
    till: OpenTill, printer: FakePrinter
) -> None:
    printing = worker(till, printer)
    printing.start()
    sale = sell(till)
    printing.notify()
    printer.wait_for(1)
    printing.reprint(sale)
    printer.wait_for(2)
    printing.stop()
    assert printer.printed == [original(sale), asked_again(sale)]
    assert printing.unfinished() == 0


def test_the_drawer_opens_for_the_sale_also_as_a_copy_and_never_for_a_reprint(
    tmp_path: Path,
) -> None:
    paper = tmp_path / "paper"
    plain = make_test_setup(tmp_path)
    printer = PrinterSettings(transport="file", address=str(paper), drawer=True)
    with opened(structs.replace(plain, settings=plain.settings.having(printer))) as till:
        stock(till)
        sale = sell(till)
        with till.journal.transaction() as db:
            print_jobs.mark_sending(db, 1)
        printing = make_worker(till)
        assert printing.print_waiting() == "ready"
        broke_off = paper.read_bytes()
        assert "COPY" in read_text(broke_off)
        assert broke_off.count(DRAWER_PULSE) == 1
        printing.reprint(sale)
        with till.journal.transaction() as db:
            print_jobs.mark_sending(db, 2)
        assert make_worker(till).print_waiting() == "ready"
        assert paper.read_bytes().count(DRAWER_PULSE) == 1


def test_without_a_printer_nothing_piles_up(till: OpenTill) -> None:
    sell(till)
    printing = PrintWorker(till, EscposPrinter(PrinterSettings()), render)
    assert printing.print_waiting() == "none"
    assert printing.unfinished() == 0


def test_a_file_keeps_every_document(till: OpenTill, tmp_path: Path) -> None:
    path = tmp_path / "paper.bin"
    settings = PrinterSettings(transport="file", address=str(path))
    printing = PrintWorker(till, EscposPrinter(settings), render)
    sales = [sell(till), sell(till)]
    assert printing.print_waiting() == "ready"
    assert path.read_bytes() == b"".join(original(sale) for sale in sales)


def test_a_disk_that_is_full_keeps_the_job_and_the_worker(till: OpenTill) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no device that is always full")
    sell(till)
    settings = PrinterSettings(transport="file", address="/dev/full")
    printing = PrintWorker(till, EscposPrinter(settings), render)
    assert printing.print_waiting() == "offline"
    assert printing.unfinished() == 1


def test_a_database_that_cannot_be_read_keeps_the_worker(
    till: OpenTill, printer: FakePrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = sell(till)
    printing = worker(till, printer)
    with monkeypatch.context() as broken:
        broken.setattr(till.journal, "read", unreadable)
        assert printing.print_waiting() == "error"
    assert printing.print_waiting() == "ready"
    printer.wait_for(1)
    assert printer.printed == [original(sale)]


def unreadable() -> object:
    raise sqlite3.OperationalError("disk I/O error")


def test_a_windows_printer_that_fails_says_so_in_its_own_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class PywinError(Exception):
        pass

    class Spooler:
        def _raw(self, data: bytes) -> None:
            raise PywinError(data)

    monkeypatch.setitem(sys.modules, "pywintypes", SimpleNamespace(error=PywinError))
    session = EscposSession(Spooler(), PrinterSettings(transport="windows", address="Receipts"))
    with pytest.raises(PrinterTrouble):
        session.send(b"a receipt")


@pytest.mark.parametrize(
    ("transport", "address"),
    [
        ("network", ""),
        ("network", "printer:port"),
        ("network", "printer:0"),
        ("network", "printer:65536"),
        ("network", "printer..local"),
        ("usb", "04b8"),
        ("file", ""),
        ("serial", ""),
    ],
)
def test_an_address_that_fits_no_transport_is_refused(transport: str, address: str) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        PrinterSettings(transport=transport, address=address)  # type: ignore[arg-type]


def test_a_printer_is_asked_before_anything_is_to_print(
    till: OpenTill, printer: FakePrinter
) -> None:
    printer.status = PAPER_OUT
    printing = worker(till, printer)
    assert printing.state == "unasked"
    assert printing.print_waiting() == "paper"
    printer.status = READY
    assert printing.print_waiting() == "ready"
    printer.close()
    assert printing.print_waiting() == "offline"
    assert printer.printed == []


def test_the_thread_asks_a_printer_that_has_nothing_to_do(
    till: OpenTill, printer: FakePrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    ask = EscposPrinter.ask

    def noted(self: EscposPrinter) -> PrinterState:
        state = ask(self)
        asked.set()
        return state

    monkeypatch.setattr(EscposPrinter, "ask", noted)
    monkeypatch.setattr(printing_service, "FIRST_ASKED_AFTER_S", 0)
    printing = worker(till, printer)
    printing.start()
    assert asked.wait(10)
    printing.stop()
    assert printing.state == "ready"


def test_a_file_is_not_made_before_there_is_something_to_print(
    till: OpenTill, tmp_path: Path
) -> None:
    path = tmp_path / "paper.bin"
    settings = PrinterSettings(transport="file", address=str(path))
    printing = PrintWorker(till, EscposPrinter(settings), render)
    assert printing.print_waiting() == "unasked"
    assert not path.exists()
    sell(till)
    assert [printing.print_waiting(), printing.print_waiting()] == ["ready", "ready"]


def test_a_driver_that_fails_when_asked_is_out_of_order(
    till: OpenTill, printer: FakePrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: EscposPrinter) -> PrinterState:
        raise ValueError("a driver's own")

    monkeypatch.setattr(EscposPrinter, "ask", fails)
    assert worker(till, printer).print_waiting() == "error"


def test_stopping_waits_for_no_printer_that_is_only_asked(
    till: OpenTill, printer: FakePrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answers = threading.Event(), threading.Event()

    def slow(self: EscposPrinter) -> PrinterState:
        asked.set()
        assert answers.wait(30)
        return "ready"

    monkeypatch.setattr(EscposPrinter, "ask", slow)
    monkeypatch.setattr(printing_service, "FIRST_ASKED_AFTER_S", 0)
    printing = worker(till, printer)
    printing.start()
    assert asked.wait(10)
    printing.stop()
    assert printing._thread is not None
    assert printing._thread.is_alive()
    answers.set()
    printing._thread.join(10)
    assert not printing._thread.is_alive()
