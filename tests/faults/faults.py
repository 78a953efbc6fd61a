"""The faults as data: what each is called, during which acts it strikes, and how it is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .decisions import revoke
from .disks import Effect, Trap
from .network import FAULTS as NETWORK_FAULTS

if TYPE_CHECKING:
    from .tills import TillMachine
    from .world import World

DAY_MS = 86_400_000
_SENDING = ("push", "push", "push", "push", "pull", "enrol")
WRITING = ("sell", "sell", "scan", "print", "push", "restart", "close day", "hear")
Arm = Callable[["World", "TillMachine", int], bool]


@dataclass(frozen=True)
class Fault:
    """One kind of fault. `strikes` are the acts during which it is set up.

    `arm` sets it up for the act and tells whether it has struck already; what waits for its
    moment is asked afterwards (`World.struck`).
    """

    name: str
    strikes: tuple[str, ...]
    arm: Arm


def _on_the_wire(name: str) -> Fault:
    def arm(_world: World, machine: TillMachine, draw: int) -> bool:
        machine.network.faults.append((name, draw))
        return False

    return Fault(name, _SENDING, arm)


def _at_the_till(
    name: str, effect: Effect, writes: int, strikes: tuple[str, ...] = WRITING
) -> Fault:
    def arm(world: World, machine: TillMachine, draw: int) -> bool:
        machine.host.trap = Trap(effect, draw % writes, bool(draw & 1024), draw % 3)
        world.trapped.append((name, machine.host.trap))
        return False

    return Fault(name, strikes, arm)


def _at_the_hub(name: str, effect: Effect, writes: int) -> Fault:
    def arm(world: World, _machine: TillMachine, draw: int) -> bool:
        world.hub.host.trap = Trap(effect, draw % writes, bool(draw & 1024), draw % 3)
        world.trapped.append((name, world.hub.host.trap))
        return False

    strikes = ("push", "push", "push", "take in", "restart hub", "enrol", "publish")
    return Fault(name, strikes, arm)


def _till_clock(_world: World, machine: TillMachine, draw: int) -> bool:
    machine.clock.wall_ms += _jump_ms(draw)
    if draw & 1:
        machine.clock.boot, machine.clock.mono_ms = f"boot-{draw}", draw % 10_000
    return True


def _hub_clock(world: World, _machine: TillMachine, draw: int) -> bool:
    world.hub.clock.wall_ms += _jump_ms(draw)
    return True


def _jump_ms(draw: int) -> int:
    size = (60_000, DAY_MS, 40 * DAY_MS, 400 * DAY_MS)[(draw >> 1) % 4]
    return size if draw & 8 else -size


def _arrives_late(world: World, machine: TillMachine, draw: int) -> bool:
    """Let a request that was delayed arrive; if there is none, delay the next one."""
    waiting = [each.network for each in world.machines if each.network.late]
    if not waiting:
        machine.network.faults.append(("request late", draw))
        return False
    waiting[draw % len(waiting)].arrive_late(draw)
    return True


def _printer_breaks(_world: World, machine: TillMachine, _draw: int) -> bool:
    assert machine.process is not None
    waits = machine.process.worker.unfinished() > 0
    machine.process.printer.breaks = waits
    return waits


FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        *(_on_the_wire(name) for name in NETWORK_FAULTS),
        Fault("request arrives late", ("push",), _arrives_late),
        Fault("till's clock jumps", ("sell", "restart", "push"), _till_clock),
        Fault("hub's clock jumps", ("push", "wait"), _hub_clock),
        Fault("printer breaks off", ("print",), _printer_breaks),
        _at_the_till("till killed", "kill", 24),
        _at_the_till("till's disk full", "full", 6),
        _at_the_till("till's COMMIT raises, kept", "commit kept", 3),
        _at_the_till("till's COMMIT raises, undone", "commit undone", 3),
        _at_the_till("till's COMMIT raises, lost with the power", "commit lost", 2),
        _at_the_hub("hub killed", "kill", 12),
        _at_the_hub("hub's disk full", "full", 3),
        _at_the_hub("hub's COMMIT raises, kept", "commit kept", 1),
        _at_the_hub("hub's COMMIT raises, undone", "commit undone", 1),
        Fault(
            "till put back",
            ("sell", "push"),
            lambda world, till, draw: world.put_till_back(till, draw),
        ),
        Fault("till cloned", ("sell", "push"), lambda world, till, draw: world.clone(till)),
        Fault("till resumed", ("sell", "push"), lambda world, till, draw: world.resume(till)),
        Fault("till revoked", ("push", "push", "sell"), revoke),
        Fault("hub put back", ("push", "sell"), lambda world, till, draw: world.put_hub_back(draw)),
        Fault("hub emptied", ("push", "sell"), lambda world, till, draw: world.empty_hub()),
    )
}
