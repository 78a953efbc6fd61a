"""A till of the lab: a disk, a clock, and perhaps a process in which somebody sells."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import httpx2
from msgspec import structs

from pos.rules.order import Order
from pos.rules.printer_settings import PrinterState
from pos.services.checkout import Checkout
from pos.services.printing import PrinterTrouble, PrintWorker
from pos.services.register import Register
from pos.stores.print_jobs import Document
from sync.backup_files import checked_manifest
from sync.database import CommitUnknown
from sync.rules.backup import Manifest
from sync.rules.refusal import Refused
from sync.services.backing_up import BackedUp, back_up_till
from sync.services.closing import Closed, close_day
from sync.services.courier import Courier
from sync.services.enrolment import Enroller
from sync.services.hearing import Heard, hear_replies
from sync.services.pulling import Puller, PullReport
from sync.services.restoring_till import RestoredTill, restore_till
from sync.services.till import OpenTill, open_till
from sync.setup import Setup
from sync.stick_files import Stick
from sync.stores.enrolment import Enrolment
from tests.sync.tills import URL, FakeClock, named

from .disks import Host
from .network import Network


@dataclass(frozen=True)
class Printed:
    """A document that came out of the printer, perhaps torn off before its end."""

    order_id: str
    receipt_no: str
    document: str
    copy: bool
    whole: bool


@dataclass
class Known:
    """What people hold of one disk: sales said to be paid (with their body's digest), and paper.

    A copy of the disk carries a copy of this: what was acknowledged before it was made.
    """

    paid: dict[str, bytes] = field(default_factory=dict)
    paper: list[Printed] = field(default_factory=list)

    def copied(self) -> Known:
        return Known(dict(self.paid), list(self.paper))


@dataclass
class Printer:
    """A printer whose paper the lab reads; it can break off in the middle of a document."""

    host: Host
    known: Known
    breaks: bool = False
    exists: bool = True

    def ask(self) -> PrinterState:
        return "unasked"

    @contextlib.contextmanager
    def session(self) -> Iterator[Printer]:
        yield self

    def send(self, data: bytes) -> None:
        if self.breaks:
            self.breaks = False
            self._print(data, whole=False)
            raise PrinterTrouble("error")
        self.host.meet("PRINT", lambda: self._print(data, whole=True))

    def _print(self, data: bytes, *, whole: bool) -> None:
        document, order_id, receipt_no, copy = data.decode().split()
        self.known.paper.append(Printed(order_id, receipt_no, document, copy == "copy", whole))


def render(till: OpenTill, order: Order, document: Document, *, copy: bool, drawer: bool) -> bytes:
    """Name the document instead of drawing it."""
    mark = "copy" if copy else "first"
    return f"{document} {order.order_id} {order.receipt_no} {mark}".encode()


@dataclass
class Process:
    """One start of the counter: the services a cashier works with."""

    till: OpenTill
    register: Register
    checkout: Checkout
    worker: PrintWorker
    printer: Printer
    client: httpx2.Client
    courier: Courier

    def pull(self) -> PullReport | None:
        """Pull; None if a commit's outcome is unknown, after which the cursors say what is so."""
        reference = self.till.reference
        try:
            return Puller(self.till, reference, self.client).pull()
        except CommitUnknown:
            reference.reopen()
            return None

    def close(self) -> None:
        self.client.close()
        self.till.close()


@dataclass
class TillMachine:
    """One till: copies of it are machines of their own."""

    name: str
    origin: str
    setup: Setup
    clock: FakeClock
    host: Host
    network: Network
    known: Known = field(default_factory=Known)
    process: Process | None = None
    runs: list[tuple[str, str]] = field(default_factory=list)

    def start(self) -> Refused | None:
        """Start the counter; raises what a failing disk raises."""
        assert self.process is None
        opened = open_till(self.setup, "counter")
        if isinstance(opened, Refused):
            return opened
        self.runs.append((opened.keys.install, opened.run.run))
        self.take_up(opened)
        return None

    def enrol(self, code: str) -> Enrolment | Refused:
        """Enrol while no counter is open; raises what a failing disk raises."""
        assert self.process is None
        till = open_till(self.setup, "enrol")
        if isinstance(till, Refused):
            return till
        with contextlib.closing(till), self._client() as client:
            return Enroller(till, client).enrol(code)

    def close_day(self, day: str) -> Closed | Refused:
        """Close a day while no counter is open; raises what a failing disk raises."""
        assert self.process is None
        till = open_till(self.setup, "close", day=date.fromisoformat(day))
        if isinstance(till, Refused):
            return till
        with till:
            self.runs.append((till.keys.install, till.run.run))
            return close_day(till, day, self.setup.till.cashier or "Li")

    def hear(self, stick: Stick, names: Sequence[str]) -> Heard | Refused:
        """Follow a stick's replies while no counter is open; raises what a failing disk raises."""
        assert self.process is None
        till = open_till(self.setup, "replies")
        if isinstance(till, Refused):
            return till
        with till:
            return hear_replies(till, stick, names)

    def back_up(self, to: Path) -> None:
        """Back the till up, beside its open counter; raises what a failing disk raises."""
        assert self.process is not None
        made = back_up_till(self.process.till, to, with_keys=False)
        assert isinstance(made, BackedUp), made

    def restore(self, backup: Path) -> bool:
        """Restore the till from a backup while no counter is open.

        Returns whether it was done without being told to leave behind what was not sent.
        """
        assert self.process is None
        manifest = checked_manifest(backup)
        assert isinstance(manifest, Manifest), manifest
        restored = restore_till(self.setup, backup, manifest, leave_unsent=False)
        asked = isinstance(restored, RestoredTill)
        if not asked:
            restored = restore_till(self.setup, backup, manifest, leave_unsent=True)
        assert isinstance(restored, RestoredTill), restored
        if restored.replaced:
            shutil.rmtree(restored.replaced)
        self.host.renewed()
        return asked

    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=URL, transport=httpx2.MockTransport(self.network.carry))

    def take_up(self, till: OpenTill) -> None:
        """Put the counter's services around an open till."""
        printer = Printer(self.host, self.known)
        with contextlib.ExitStack() as undo:
            undo.callback(till.close)
            client = self._client()
            undo.callback(client.close)
            self.process = Process(
                till=till,
                register=Register(till),
                checkout=Checkout(till),
                worker=PrintWorker(till, printer, render),
                printer=printer,
                client=client,
                courier=Courier(till, client),
            )
            undo.pop_all()

    def stop(self) -> None:
        """End the process, in good order or because it is dead already."""
        if self.process is not None:
            self.process.close()
            self.process = None
        self.host.close()


def machine(name: str, root: Path, setup: Setup, network: Network, clock: FakeClock) -> TillMachine:
    """Make a machine whose till lives under `root`; nothing is opened yet.

    `name` is the till's, with a number after a dot for a copy.
    """
    origin = name.split(".")[0]
    own = structs.replace(named(setup, origin), root=root, clock=clock)
    return TillMachine(name, origin, own, clock, Host(root), network)
