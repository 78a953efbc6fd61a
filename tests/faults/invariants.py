"""What must hold after every step, whatever went wrong: each a function that names what does not.

Every docstring is the sentence that is checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from . import closed_days
from .seen import Line, SeenTill
from .tills import TillMachine
from .world import World

Invariant = Callable[[World], Iterator[str]]


def paid_is_durable(world: World) -> Iterator[str]:
    """What the cashier was told is paid is in that disk's journal, byte for byte."""
    for machine, seen in _tills(world):
        for order_id, digest in machine.known.paid.items():
            line = seen.orders.get(order_id)
            if line is None or line.header.body_sha256 != digest:
                yield f"{machine.name}: {order_id} was acknowledged and is not there"


def printed_is_durable(world: World) -> Iterator[str]:
    """Printed implies durable at the till."""
    for machine, seen in _tills(world):
        for printed in machine.known.paper:
            if seen.orders.get(printed.order_id) is None:
                yield f"{machine.name}: {printed.order_id} is on paper and not in the journal"


def durable_is_printed_or_waits(world: World) -> Iterator[str]:
    """Every order has its print jobs, and what a job calls done is on paper whole."""
    for machine, seen in _tills(world):
        whole = {(p.order_id, p.document) for p in machine.known.paper if p.whole}
        jobs = {(order_id, document): state for order_id, document, state in seen.jobs}
        for order_id in seen.orders:
            if (order_id, "receipt") not in jobs:
                yield f"{machine.name}: {order_id} is printed nowhere and waits nowhere"
        for job, state in jobs.items():
            if state == "done" and job not in whole:
                yield f"{machine.name}: {job} is said to be printed and is not"


def printed_again_says_copy(world: World) -> Iterator[str]:
    """What is printed a second time by one disk is marked as a copy."""
    for machine, _ in _tills(world):
        before: set[tuple[str, str]] = set()
        for printed in machine.known.paper:
            document = (printed.order_id, printed.document)
            if document in before and not printed.copy:
                yield f"{machine.name}: {document} was printed twice as if for the first time"
            before.add(document)


def every_start_has_a_run_of_its_own(world: World) -> Iterator[str]:
    """A run is one start of a process that sells."""
    for machine in world.machines:
        for run in machine.runs:
            if run in world.known_runs:
                yield f"{machine.name} continued {run}"


def runs_have_no_gap(world: World) -> Iterator[str]:
    """There is no gap in a run, at the till or at the hub, and the chain verifies."""
    for machine, seen in _tills(world):
        for run, lines in seen.runs.items():
            yield from _chain(f"{machine.name} {run}", lines)
    for (till, run), lines in world.seen_hub.entries.items():
        yield from _chain(f"hub {till[:6]} {run}", lines)
    for line in world.seen_hub.forks:
        if not line.sound:
            yield f"hub: fork {line.run} {line.seq} is damaged"


def parents_are_known(world: World) -> Iterator[str]:
    """Every run of a till goes on from an entry which that till has."""
    for machine, seen in _tills(world):
        hashes = {line.hash for line in seen.lines()}
        for run, lines in seen.runs.items():
            if not lines or lines[0].header.kind != "run_opened":
                yield f"{machine.name} {run} does not begin with its opening"
            elif lines[0].prev not in hashes and lines[0].prev != bytes(32):
                yield f"{machine.name} {run} goes on from nowhere"


def hub_holds_only_what_tills_wrote(world: World) -> Iterator[str]:
    """Nothing is accepted that no till wrote and signed."""
    for line in (*world.seen_hub.lines(), *world.seen_hub.held):
        own = world.written.get(line.hash)
        if own is None or own.body != line.body or not line.sound:
            yield f"hub: {line.run} {line.seq} {line.header.kind} was written by no till"


def refused_changes_nothing(world: World) -> Iterator[str]:
    """What the hub refuses changes nothing there."""
    yield from world.hub.broken_promises


def hub_forgets_nothing(world: World) -> Iterator[str]:
    """What the hub has stored stays there; nothing is overwritten."""
    lost = world.hub_had - world.seen_hub.stored()
    if lost:
        yield f"hub: {len(lost)} entries are gone"


def acknowledged_is_at_the_hub(world: World) -> Iterator[str]:
    """What a till believes acknowledged the hub has, taken in or held, unless its disk was lost."""
    at_hub = world.seen_hub.stored() | world.hub_lost
    for machine, seen in _tills(world):
        for run, (seq, own) in seen.marks.items():
            if seq and own not in at_hub:
                yield f"{machine.name}: {run} is acknowledged up to {seq}, which the hub lacks"
            if seq and all(line.hash != own for line in seen.runs[run]):
                yield f"{machine.name}: the mark of {run} is not in its chain"


def booked_is_what_was_received(world: World) -> Iterator[str]:
    """The hub has booked exactly what it has received, in count and money, each thing once."""
    hub = world.seen_hub
    received = {line.thing: line.header.amount_fen for line in hub.lines()}
    booked = Counter((till, kind, id_, digest) for till, kind, id_, digest, *_ in hub.bookings)
    doubled = [thing for thing, count in booked.items() if count > 1]
    if doubled:
        yield f"hub: {len(doubled)} things are booked more than once"
    if booked.keys() != received.keys():
        yield f"hub: {len(booked)} booked, {len(received)} received"
    if sum(row[4] for row in hub.bookings) != sum(received.values()):
        yield "hub: the money booked is not the money received"
    sales = {
        (line.header.till, line.header.id, line.header.body_sha256, line.header.amount_fen)
        for line in hub.lines()
        if line.order is not None
    }
    if sales != set(hub.orders):
        yield f"hub: {len(hub.orders)} orders of {len(sales)} sales"


def booked_and_held_are_what_was_received(world: World) -> Iterator[str]:
    """What the hub answered for is either taken in or held, all of it, in count and money."""
    hub, received = world.seen_hub, world.hub.received
    taken = received.keys() & hub.hashes()
    held = received.keys() & {line.hash for line in hub.held} - taken
    if len(taken) + len(held) != len(received):
        yield f"hub: {len(taken)} taken in and {len(held)} held of {len(received)} received"
    fen = sum(received[own] for own in taken), sum(received[own] for own in held)
    if sum(fen) != sum(received.values()):
        yield f"hub: {fen[0]} and {fen[1]} fen of {sum(received.values())} received"


def revocations_stay(world: World) -> Iterator[str]:
    """A revoked till stays revoked, and nothing beyond its last good mark is booked."""
    hub = world.seen_hub
    for till, good in world.revoked.items():
        marks = hub.revoked.get(till)
        if marks is None:
            yield f"hub: {till[:6]} is revoked no more"
        elif any(seq > good.marks.get(run, 0) for run, seq in marks.items()):
            yield f"hub: of {till[:6]} more is good than when it was revoked"
    for line in hub.lines():
        known = world.revoked.get(line.header.till)
        if known is None or line.hash in known.booked:
            continue
        if line.seq > known.marks.get(line.run, 0):
            yield f"hub: {line.run} {line.seq} came after its till was revoked, and is booked"


def enrolments_stay(world: World) -> Iterator[str]:
    """A till that was granted a number and a name has both for good, and no other till has."""
    hub = world.seen_hub
    for till, granted in world.enrolled.items():
        if hub.tills.get(till) != granted:
            yield f"hub: {till[:6]} was granted {granted}, and is {hub.tills.get(till)}"
    holders: dict[int, str] = {}
    for till, (number, _) in (*world.enrolled.items(), *hub.tills.items()):
        if holders.setdefault(number, till) != till:
            yield f"hub: number {number} was given twice"
    for machine, seen in _tills(world):
        if seen.enrolled is not None and seen.enrolled != hub.tills.get(seen.install):
            yield f"{machine.name}: the hub knows nothing of {seen.enrolled}"


def one_id_names_one_thing(world: World) -> Iterator[str]:
    """An id made at a till names one thing, unless a machine was copied with its memory."""
    digests: dict[tuple[str, str, str], bytes] = {}
    for line in world.written.values():
        till, kind, id_, digest = line.thing
        known = digests.setdefault((till, kind, id_), digest)
        if known != digest and id_ not in world.shared_ids:
            yield f"{kind} {id_} was written with two contents"


def no_receipt_number_twice(world: World) -> Iterator[str]:
    """No receipt number is issued twice, unless a machine was copied with its memory."""
    orders: dict[str, tuple[str, bytes]] = {}
    for line in world.written.values():
        if line.order is None or line.header.id in world.shared_ids:
            continue
        number = line.order.receipt_no
        known = orders.setdefault(number, (line.header.id, line.header.body_sha256))
        if known != (line.header.id, line.header.body_sha256):
            yield f"receipt number {number} was issued twice"


def lines_sum_to_what_was_paid(world: World) -> Iterator[str]:
    """The lines' allocated amounts sum to what was paid, and so do the payments."""
    for line in world.written.values():
        order = line.order
        if order is None:
            continue
        allocated = sum(each.allocated_fen for each in order.lines)
        paid = sum(each.amount_fen for each in order.payments)
        if not allocated == paid == order.paid_fen == line.header.amount_fen:
            yield f"order {line.header.id} does not add up"


ALWAYS: tuple[Invariant, ...] = (
    paid_is_durable,
    printed_is_durable,
    durable_is_printed_or_waits,
    printed_again_says_copy,
    every_start_has_a_run_of_its_own,
    runs_have_no_gap,
    parents_are_known,
    hub_holds_only_what_tills_wrote,
    refused_changes_nothing,
    hub_forgets_nothing,
    acknowledged_is_at_the_hub,
    booked_is_what_was_received,
    booked_and_held_are_what_was_received,
    revocations_stay,
    enrolments_stay,
    one_id_names_one_thing,
    no_receipt_number_twice,
    lines_sum_to_what_was_paid,
    *closed_days.INVARIANTS,
)


def _tills(world: World) -> Iterator[tuple[TillMachine, SeenTill]]:
    for machine in world.machines:
        if machine.process is not None and machine.name in world.seen:
            yield machine, world.seen[machine.name]


def _chain(where: str, lines: list[Line]) -> Iterator[str]:
    prev = None
    for place, line in enumerate(lines, 1):
        if line.seq != place:
            yield f"{where}: {line.seq} stands in place {place}"
        if prev is not None and line.prev != prev:
            yield f"{where}: {line.seq} does not go on from the entry before it"
        if not line.sound:
            yield f"{where}: {line.seq} is damaged"
        prev = line.hash
