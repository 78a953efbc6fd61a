"""After quiet: the faults end, everybody reaches the hub, and everything must have come right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from sync.rules.refusal import Fault, Refused
from sync.services.verifying import verify_journal

from .acts import ACTS
from .decisions import reinstate, release
from .hub_desks import CENTER
from .invariants import Invariant
from .publishing import fed_by, rows_of
from .tills import Process, TillMachine
from .world import World

MOST_ROUNDS = 6
MOST_RELEASES = 20


def heal(world: World) -> None:
    """End every fault; all machines restart, enrol, print and push until nothing is pending."""
    for host in world.hosts():
        host.full = 0
    for machine in world.machines:
        while machine.network.late:
            machine.network.arrive_late(0)
        if machine.process is not None:
            machine.stop()
    for _ in range(MOST_ROUNDS):
        for machine in world.machines:
            world.revive(machine)
            _finish(world, machine)
        world.look()
        if not any(every_mark_is_its_head(world)):
            break
    for till in world.seen_hub.revoked:
        reinstate(world, till)
    for machine in world.machines:
        _follow_feeds(world, machine)
    world.look()


def _finish(world: World, machine: TillMachine) -> None:
    """Do at a machine what is left to do; who is not enrolled yet enrols."""
    try:
        if machine.process is not None and machine.process.till.enrolment is None:
            reinstate(world, machine.process.till.keys.install)
            ACTS["enrol"](world, machine, ())
        if machine.process is not None:
            machine.process.worker.print_waiting()
            _push(world, machine.process)
    except Fault as fault:
        world.problems.append(f"{machine.name} after quiet: {fault.refused.reason}")


def _push(world: World, process: Process) -> None:
    """Push, and let the manager release what is held, until nothing is."""
    for _ in range(MOST_RELEASES):
        refused = process.courier.push().refused
        if refused is None or refused.reason != "hub.held":
            return
        release(world, process.till.keys.install)


def _follow_feeds(world: World, machine: TillMachine) -> None:
    """Pull; a till whose certificate is not of today enrols again for it."""
    if machine.process is not None and ACTS["pull"](world, machine, ()).endswith("hub.refused"):
        for act in ("enrol", "push", "pull"):
            ACTS[act](world, machine, ())


def every_mark_is_its_head(world: World) -> Iterator[str]:
    """After healing every mark equals its head, and the hub has what it acknowledged."""
    at_hub = world.seen_hub.hashes()
    for machine in world.machines:
        if machine.process is None:
            yield f"{machine.name} does not run"
            continue
        seen = world.seen[machine.name]
        for run, lines in seen.runs.items():
            if run in seen.closed:
                continue
            mark = seen.marks.get(run, (0, b""))
            if mark != (lines[-1].seq, lines[-1].hash):
                yield f"{machine.name}: {run} has {len(lines)} entries, {mark[0]} acknowledged"
            elif mark[1] not in at_hub:
                yield f"{machine.name}: {run} is acknowledged and not at the hub"


def everything_that_survives_is_booked_once(world: World) -> Iterator[str]:
    """After quiet every entry that survives anywhere is booked exactly once, byte-identical."""
    booked = Counter(row[:4] for row in world.seen_hub.bookings)
    bodies = {line.thing: line.body for line in world.seen_hub.lines()}
    for machine in world.machines:
        for line in world.seen[machine.name].lines():
            if booked[line.thing] != 1 or bodies.get(line.thing) != line.body:
                kind, id_ = line.thing[1:3]
                yield f"{machine.name}: {kind} {id_} is booked {booked[line.thing]} times"


def every_branch_is_alarmed(world: World) -> Iterator[str]:
    """Where two entries go on from one, the manager is told."""
    children: dict[tuple[str, bytes], set[bytes]] = defaultdict(set)
    for line in world.seen_hub.lines():
        children[line.header.till, line.prev].add(line.hash)
    alarmed = {till for till, kind in world.seen_hub.alarms if kind in ("branch", "fork")}
    for (till, _), hashes in children.items():
        if len(hashes) > 1 and till not in alarmed:
            yield f"hub: a branch of {till[:6]} is not alarmed"


def everything_is_printed(world: World) -> Iterator[str]:
    """After quiet no receipt waits."""
    for machine in world.machines:
        waiting = [job for job in world.seen[machine.name].jobs if job[2] != "done"]
        if waiting:
            yield f"{machine.name}: {len(waiting)} documents wait"


def the_journal_verifies(world: World) -> Iterator[str]:
    """The till's own check finds nothing wrong with its chain."""
    for machine in world.machines:
        if machine.process is not None:
            verified = verify_journal(machine.process.till)
            if isinstance(verified, Refused):
                yield f"{machine.name}: {verified.reason} {verified.values}"


def the_summary_is_the_sum(world: World) -> Iterator[str]:
    """What the hub tells a manager is what it has, in count and money."""
    counted: Counter[tuple[str, str]] = Counter()
    for till, kind, *_ in world.seen_hub.bookings:
        counted[till, kind] += 1
    said = {
        (till.till, kind): total.count
        for till in world.hub.machine.hub.summary().tills
        for kind, total in till.kinds.items()
    }
    if said != dict(counted):
        yield f"hub: the summary says {said}, and {dict(counted)} are booked"


def every_till_has_what_it_is_fed(world: World) -> Iterator[str]:
    """After quiet every till that runs has exactly the rows that the hub feeds its center."""
    hub = world.hub.machine
    fed = fed_by(hub.data.engine, hub.setup.packages, CENTER)
    for machine in world.machines:
        if machine.process is None:
            continue
        has = rows_of(machine.process.till.reference.read(), fed)
        for feed, rows in fed.items():
            if has[feed] != rows:
                yield f"{machine.name}: {feed} has {len(has[feed])} rows, fed are {len(rows)}"


QUIET: tuple[Invariant, ...] = (
    every_mark_is_its_head,
    everything_that_survives_is_booked_once,
    every_branch_is_alarmed,
    everything_is_printed,
    the_journal_verifies,
    the_summary_is_the_sum,
    every_till_has_what_it_is_fed,
)
