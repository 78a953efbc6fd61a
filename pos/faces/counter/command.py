"""Opening the counter: till, printer and courier around the screens, closed in turn."""

from __future__ import annotations

import os
from contextlib import ExitStack

from pos.faces.counter.hub_threads import hub_threads
from pos.faces.counter.panels import Standing
from pos.faces.counter.services import Services
from pos.faces.printers import make_worker
from pos.rules.key_settings import KeySettings, shown_key
from pos.rules.order import Order
from pos.rules.printer_settings import PrinterSettings
from pos.services.checkout import Checkout
from pos.services.printing import PrintWorker
from pos.services.register import Register
from pos.stores import orders
from sync.faces.answers import accepted
from sync.faces.screen.ending import run_screen
from sync.faces.screen.log import log_file
from sync.rules.refusal import N_, Fault, Refused
from sync.services.signing_in import sign_in
from sync.services.status import read_status
from sync.services.till import OpenTill, open_till
from sync.setup import Setup
from sync.sqlite_driver import SqliteError

# Read when textual is imported: Esc is not waited for long, and a frame not for the next 60th.
TERMINAL = {"ESCDELAY": "25", "TEXTUAL_FPS": "240"}
_NO_PRINTER = Refused(
    "printer.none",
    N_("No printer is set up."),
    N_("Set [printer] transport in the configuration."),
)


def open_counter(setup: Setup) -> None:
    """Open this till's counter and stay until the cashier closes it."""
    for name, value in TERMINAL.items():
        os.environ.setdefault(name, value)
    with ExitStack() as stack:
        key = shown_key(setup.settings.get(KeySettings), "quit")
        opened = open_till(setup, "counter", closed_by=key)
        till = stack.enter_context(accepted(setup, opened))
        stack.enter_context(log_file(till.directory / "counter.log"))
        printing = make_worker(till)
        with till.faults():
            services = make_services(till, printing)
            sign_in(till, setup.till.cashier)
        printing.start()
        stack.callback(printing.stop)
        stack.enter_context(hub_threads(till))
        from pos.faces.counter.app import CounterApp

        run_screen(CounterApp(services))


def make_services(till: OpenTill, printing: PrintWorker) -> Services:
    """Put together what the screens work with; `printing` need not be started."""

    def preview(order: Order) -> list[str]:
        # Loaded with the first receipt: together a tenth of the time to start.
        from pos.rules.escpos_reader import read_text
        from pos.services.receipts import render

        return read_text(render(till, order, "receipt", copy=False)).splitlines()

    def reprint(order: Order) -> Refused | None:
        if till.setup.settings.get(PrinterSettings).transport == "none":
            return _NO_PRINTER
        printing.reprint(order)
        return None

    return Services(
        setup=till.setup,
        register=Register(till),
        checkout=Checkout(till),
        standing=lambda: _standing(till, printing),
        sold=printing.notify,
        preview=preview,
        reprint=reprint,
        last_order=lambda: orders.latest(till.journal.read()),
        faults=till.faults,
    )


def _standing(till: OpenTill, printing: PrintWorker) -> Standing | None:
    """Read how hub and printer stand; None while the database cannot be read."""
    try:
        status = read_status(till)
        waiting = printing.unfinished()
    except (Fault, SqliteError):
        return None
    return Standing(
        status.hub,
        status.reason,
        status.pending,
        printing.state,
        waiting,
        max((fed.age_s // 60 for fed in status.feeds.values()), default=None),
        status.feeds_reason,
    )
