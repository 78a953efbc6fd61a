"""Printing what waits, outside the screen: a sale never waits for its printer.

Every job is marked `sending` durably before its first byte leaves, and `done` after its last; a
job that breaks off in between is printed again as a copy. A document that cannot be made keeps
waiting and is tried again; the others are printed meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pos.rules.order import Order
from pos.rules.printer_settings import PrinterState
from pos.stores import orders, print_jobs
from pos.stores.print_jobs import Document, PrintJob
from sync.rules.refusal import Fault
from sync.services.till import OpenTill
from sync.sqlite_driver import SqliteError

RETRY_AFTER_S = (1, 2, 5, 10, 15)
FIRST_ASKED_AFTER_S = 2  # a counter that is just starting has better things to do
ASKED_EVERY_S = 30
_LOG = logging.getLogger("xuanpin.printing")


class PrinterTrouble(Exception):  # noqa: N818 - the printer's, not the program's
    """The printer cannot go on; `state` says why."""

    def __init__(self, state: PrinterState) -> None:
        super().__init__(state)
        self.state = state


class Session(Protocol):
    """A fresh connection to a printer that is ready."""

    def send(self, data: bytes) -> None:
        """Hand over a whole document; raises `PrinterTrouble` if any of it may be lost."""
        ...


class Printer(Protocol):
    """A printer, or none at all."""

    @property
    def exists(self) -> bool:
        """Tell whether there is paper at all."""
        ...

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Connect and ask for its state; raises `PrinterTrouble` before anything is sent."""
        ...

    def ask(self) -> PrinterState:
        """Return how it stands while nothing waits; `unasked` if only a document can tell.

        Raises `PrinterTrouble` and `Fault` as `session` does.
        """
        ...


class Render(Protocol):
    """Make the bytes of one document of an order."""

    def __call__(
        self, till: OpenTill, order: Order, document: Document, *, copy: bool, drawer: bool
    ) -> bytes:
        """Return bytes for the configured printer; with `drawer` they may open the drawer."""
        ...


class PrintWorker:
    """Prints one till's jobs, oldest first, in a thread of its own or at once."""

    def __init__(self, till: OpenTill, printer: Printer, render: Render) -> None:
        """Take over what an earlier process left: jobs it was sending wait again as copies."""
        self._till = till
        self._printer = printer
        self._render = render
        self._state: PrinterState = "unasked" if printer.exists else "none"
        self._wake = threading.Event()
        self._stopping = False
        self._asking = False
        self._logged: set[int] = set()
        self._thread: threading.Thread | None = None
        till.journal.repeatable(print_jobs.recover)

    @property
    def state(self) -> PrinterState:
        """Return how the printer stood when it was last met; `unasked` before that."""
        return self._state

    def unfinished(self) -> int:
        """Count the documents that are not known to be on paper."""
        return print_jobs.unfinished(self._till.journal.read())

    def print_waiting(self) -> PrinterState:
        """Try once, now, to print each job that waits; returns the state, jobs wait on trouble.

        If none waits, the printer is only asked how it stands.
        """
        after, failed = 0, False
        try:
            while not self._stopping:
                job = print_jobs.first_waiting(self._till.journal.read(), after)
                if job is None:
                    break
                failed = not self._attempt(job) or failed
                after = job.id
            self._state = "error" if failed else self._met(printed=after > 0)
        except PrinterTrouble as trouble:
            self._state = trouble.state
        except SqliteError:
            self._state = "error"
        return self._state

    def reprint(self, order: Order, document: Document = "receipt") -> int:
        """Let a document wait once more, marked as a copy; returns the job. Raises `Fault`."""
        job = self._till.journal.repeatable(
            lambda db: print_jobs.add(db, order.order_id, document, asked=True)
        )
        self.notify()
        return job

    def start(self) -> None:
        """Print in the background from now on."""
        self._thread = threading.Thread(target=self._work, name="printing", daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """Say that a job was added."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the document under way and end; what waits is printed at the next start.

        A printer that is only being asked is not waited for.
        """
        self._stopping = True
        self._wake.set()
        if self._thread is not None and not self._asking:
            self._thread.join()

    def _met(self, *, printed: bool) -> PrinterState:
        """Return how the printer stands that is in no trouble; one that printed is ready."""
        if not self._printer.exists:
            return "none"
        if printed:
            return "ready"
        self._asking = True  # before `_stopping` is read: whoever stops sees it, or is seen
        try:
            told = self._state if self._stopping else self._printer.ask()
        except (PrinterTrouble, Fault):
            raise
        # The same boundary as of a job: what a driver raises must not end the thread.
        except Exception:  # noqa: BLE001
            if self._state != "error":
                _LOG.exception("the printer could not be asked")
            return "error"
        finally:
            self._asking = False
        return "ready" if told == "unasked" and self._state == "ready" else told

    def _work(self) -> None:
        failures = 0
        if not self._waits():
            self._wake.wait(FIRST_ASKED_AFTER_S)
        while True:
            # Cleared before `_stopping` is read: a stop is seen here or wakes the wait below.
            self._wake.clear()
            if self._stopping:
                return
            try:
                state = self.print_waiting()
            except Fault:
                state = self._state = "error"
            if state in ("ready", "none", "unasked"):
                failures = 0
                self._wake.wait(ASKED_EVERY_S if self._printer.exists else None)
            else:
                self._wake.wait(RETRY_AFTER_S[min(failures, len(RETRY_AFTER_S) - 1)])
                failures += 1

    def _waits(self) -> bool:
        """Tell whether an earlier process left something to print, or that cannot be told."""
        try:
            return self.unfinished() > 0
        except SqliteError:
            return True

    def _attempt(self, job: PrintJob) -> bool:
        """Print one job; False if it failed for a reason of its own and the others may go on."""
        try:
            self._print(job)
        except (PrinterTrouble, Fault):
            raise
        # The boundary of one job: what a renderer or a driver raises that nobody foresaw, or an
        # order on a damaged page, must neither end the only thread that prints nor keep other
        # receipts from paper. The job still waits, the printer's state says so, and the log says
        # why: once, not at every try.
        except Exception:  # noqa: BLE001
            if job.id not in self._logged:
                _LOG.exception("print job %d (%s) failed", job.id, job.document)
                self._logged.add(job.id)
            return False
        return True

    def _print(self, job: PrintJob) -> None:
        journal = self._till.journal
        if not self._printer.exists:
            journal.repeatable(lambda db: print_jobs.mark_done(db, job.id))
            return
        order = orders.by_id(journal.read(), job.order_id)
        assert order is not None, "a job is written with its order"
        # The pulse is the sale's, also where its first print broke off; never a reprint's.
        data = self._render(self._till, order, job.document, copy=job.copy, drawer=not job.asked)
        with self._printer.session() as session:
            journal.repeatable(lambda db: print_jobs.mark_sending(db, job.id))
            try:
                session.send(data)
            except Exception:  # some of it may be on paper, whatever it was that broke off
                journal.repeatable(lambda db: print_jobs.mark_waiting(db, job.id, copy=True))
                raise
            journal.repeatable(lambda db: print_jobs.mark_done(db, job.id))
