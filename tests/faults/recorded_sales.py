"""A program to be watched: it sells, prints and pushes, and says what people were told.

`python -m tests.faults.recorded_sales DIRECTORY SALES`: a till and a hub are made there. What is
said is appended to the file `said`, a line in one write: so it stands among the system calls.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from pos.rules.order import Order
from pos.services.checkout import Completed
from tests.pos.stocked_till import stock
from tests.sync.tills import FakeClock, HubMachine, hub_machine, make_setup, opened

from . import tills
from .acts import fill, process_of, tendered
from .network import Network
from .tills import TillMachine

SAID, HUB, TILL, NAME = "said", "hub", "till", "ZZ-01"
RESTARTS_EVERY, PUSHES_EVERY, JOINS_EVERY = 45, 2, 9


class Said:
    """What people were told, in the order in which they were."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, *words: object) -> None:
        os.write(self._file, (" ".join(str(word) for word in words) + "\n").encode())


def main(directory: Path, sales: int) -> None:
    """Sell, print and push; start again now and then."""
    said = Said(directory / SAID)
    with hub_machine(directory / HUB) as hub:
        machine = _till(directory, hub)
        draw = random.Random(sales)
        for number in range(sales):
            if number % RESTARTS_EVERY == RESTARTS_EVERY - 1:
                machine.stop()
                assert machine.start() is None
            order = _sell(machine, draw, join=number % JOINS_EVERY == 0)
            said("paid", order.order_id)
            _print(machine, said)
            if number % PUSHES_EVERY == 0:
                _push(machine, said)
            machine.clock.pass_ms(1000)
        machine.stop()


def _till(directory: Path, hub: HubMachine) -> TillMachine:
    setup = make_setup(directory)
    machine = tills.machine(NAME, directory / TILL, setup, Network(hub._handle), FakeClock())
    with opened(machine.setup, "enrol") as till:
        stock(till)
        hub.enrol(till)
    assert machine.start() is None
    return machine


def _sell(machine: TillMachine, draw: random.Random, *, join: bool) -> Order:
    process = process_of(machine)
    fill(process, [draw.getrandbits(16)])
    if join:
        process.register.join()
    tenders = tendered(process, draw.getrandbits(16))
    assert isinstance(tenders, list)
    completed = process.checkout.complete(process.register.cart, tenders)
    assert isinstance(completed, Completed)
    process.register.start_new()
    return completed.order


def _print(machine: TillMachine, said: Said) -> None:
    before = len(machine.known.paper)
    process_of(machine).worker.print_waiting()
    for printed in machine.known.paper[before:]:
        said("printed", printed.order_id)


def _push(machine: TillMachine, said: Said) -> None:
    process = process_of(machine)
    assert process.courier.push().refused is None
    marks = process.till.journal.read().execute("SELECT run, seq, hash FROM mark")
    for run, seq, own in marks.fetchall():
        said("acknowledged", run, seq, own.hex())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
