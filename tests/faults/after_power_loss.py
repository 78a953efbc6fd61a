"""Opening what a power cut left with the real code: nothing that people were told is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sync.database import hub_snapshot
from sync.rules.refusal import Fault, Refused
from sync.services.till import OpenTill, open_till
from sync.services.verifying import verify_journal
from sync.setup import Setup
from tests.sync.tills import HubMachine, hub_machine

from .recorded_sales import HUB, TILL
from .seen import Eye


@dataclass
class Told:
    """What people had been told when the power went."""

    paid: set[str] = field(default_factory=set)
    printed: set[str] = field(default_factory=set)
    acknowledged: set[tuple[str, int, str]] = field(default_factory=set)

    def hear(self, line: str) -> None:
        """Remember one line that was said."""
        match line.split():
            case ["paid", order_id]:
                self.paid.add(order_id)
            case ["printed", order_id]:
                self.printed.add(order_id)
            case ["acknowledged", run, seq, own]:
                self.acknowledged.add((run, int(seq), own))


def problems_at_till(setup: Setup, told: Told) -> Iterator[str]:
    """Open a till's files as after a power cut, and name what is wrong."""
    try:
        till = open_till(setup, "counter")
    except Fault as fault:
        yield f"the till does not open: {fault.refused.reason} {fault.refused.values}"
        return
    if isinstance(till, Refused):
        yield f"the till does not open: {till.reason} {till.values}"
        return
    with till:
        yield from _in_the_journal(till, told)


def _in_the_journal(till: OpenTill, told: Told) -> Iterator[str]:
    db = till.journal.read()
    for pragma in ("integrity_check", "foreign_key_check"):
        found = db.execute(f"PRAGMA {pragma}").fetchall()
        if found not in ([], [("ok",)]):
            yield f"{pragma}: {found[:3]}"
    verified = verify_journal(till)
    if isinstance(verified, Refused):
        yield f"the chain does not verify: {verified.values}"
    seen = Eye().till(till)
    orders = {order_id for order_id, line in seen.orders.items() if line is not None}
    jobs = {(order_id, document): state for order_id, document, state in seen.jobs}
    for order_id in told.paid - orders:
        yield f"{order_id} was said to be paid, and is lost"
    for order_id in told.printed - orders:
        yield f"{order_id} was printed, and is lost"
    for order_id in orders:
        if (order_id, "receipt") not in jobs:
            yield f"{order_id} is printed nowhere and waits nowhere"
    for order_id, document in jobs:
        if order_id not in orders:
            yield f"a {document} waits for {order_id}, which is lost"


def problems_at_hub(root: Path, told: Told) -> Iterator[str]:
    """Open a hub's files as after a power cut, and name what is wrong."""
    try:
        with hub_machine(root) as hub:
            yield from _at_the_hub(hub, told)
    except (Fault, AssertionError) as error:
        yield f"the hub does not open: {error}"


def _at_the_hub(hub: HubMachine, told: Told) -> Iterator[str]:
    with hub_snapshot(hub.data.engine) as connection:
        checked = connection.exec_driver_sql("PRAGMA integrity_check").fetchall()
    if [tuple(row) for row in checked] != [("ok",)]:
        yield f"integrity_check: {checked[:3]}"
    seen = Eye().hub(hub.data.engine)
    there = {(line.run, line.seq, line.hash.hex()) for line in seen.lines()}
    for run, seq, own in told.acknowledged:
        if seq and (run, seq, own) not in there:
            yield f"{run} {seq} was acknowledged, and is lost"
    for (_, run), lines in seen.entries.items():
        if [line.seq for line in lines] != list(range(1, len(lines) + 1)):
            yield f"{run} has a gap"
        if not all(line.sound for line in lines):
            yield f"{run} is damaged"
    if len(seen.bookings) != len({line.thing for line in seen.lines()}):
        yield "what is booked is not what was received"


def problems_of(image: Path, setup: Setup, told: Told, *, at_hub: bool) -> list[str]:
    """Open one side of what a power cut left below `image`."""
    if at_hub:
        return list(problems_at_hub(image / HUB, told)) if (image / HUB).is_dir() else []
    return list(problems_at_till(setup, told)) if (image / TILL).is_dir() else []
