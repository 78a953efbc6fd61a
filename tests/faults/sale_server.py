"""A program that forks itself for each sale, so that a sale can be killed at any system call.

`python -m tests.faults.sale_server`: for each line `DIRECTORY` on standard input it forks a child
that stops until it is told to go on, and answers with its process id; when the child has ended it
answers with how. The child opens the till there, sells one basket with a card and prints it. What
it tells people it appends to `said`, what it prints to `paper`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from pos.rules.order import Order
from pos.rules.printer_settings import PrinterState
from pos.rules.tender import Tender
from pos.services.checkout import Checkout
from pos.services.printing import PrintWorker
from pos.services.register import Register
from pos.stores.print_jobs import Document
from sync.rules.refusal import Fault, Refused
from sync.services.till import OpenTill, open_till
from sync.setup import Setup
from tests.pos.stocked_till import CAKE, TEA_CODE
from tests.sync.tills import FakeClock, make_setup

from .recorded_sales import Said

SAID, PAPER = "said", "paper"
CASH = [Tender("cash", 100_000)]


@dataclass(frozen=True)
class Paper:
    """A printer that is a file: a line for each document."""

    path: Path
    exists: bool = True

    def ask(self) -> PrinterState:
        return "unasked"

    @contextlib.contextmanager
    def session(self) -> Iterator[Paper]:
        yield self

    def send(self, data: bytes) -> None:
        paper = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(paper, data)
        os.close(paper)


def one_line(
    till: OpenTill, order: Order, document: Document, *, copy: bool, drawer: bool
) -> bytes:
    """Name a document in a line."""
    return f"{document} {order.order_id} {'copy' if copy else 'first'}\n".encode()


def print_all(till: OpenTill, paper: Path) -> None:
    """Print what waits at an open till."""
    PrintWorker(till, Paper(paper), one_line).print_waiting()


def sell(setup: Setup) -> None:
    """Sell one basket and print it; say what came of it."""
    said = Said(setup.root / SAID)
    try:
        till = open_till(setup, "counter")
        if isinstance(till, Refused):
            said("refused", till.reason)
            return
        with till:
            register = Register(till)
            for scanned in (register.scan(TEA_CODE), register.add_item(CAKE), register.join()):
                if isinstance(scanned, Refused):
                    said("refused", scanned.reason)
            completed = Checkout(till).complete(register.cart, CASH)
            if isinstance(completed, Refused):
                said("refused", completed.reason)
                return
            said("paid", completed.order.order_id)
            print_all(till, setup.root / PAPER)
    except Fault as fault:
        said("fault", fault.refused.reason)


def main() -> None:
    """Serve sales until standard input ends."""
    base = make_setup(Path())
    logging.disable()
    for line in sys.stdin:
        setup = structs.replace(base, root=Path(line.strip()), clock=FakeClock())
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
            sell(setup)
            os._exit(0)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    main()
