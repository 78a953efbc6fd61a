"""The manager at the lab's hub: revokes tills, finds out what was genuine, and says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from sync.services.revoking import ReleasedTill, RevokedTill

from .disks import Killed

if TYPE_CHECKING:
    from .tills import TillMachine
    from .world import World

HOUR_MS = 3_600_000
_WHO = "Li"


@dataclass(frozen=True)
class Revoked:
    """What of a till was good when it was revoked: marks by run, and what was booked by then."""

    marks: dict[str, int]
    booked: frozenset[bytes]


def revoke(world: World, machine: TillMachine, draw: int) -> bool:
    """Revoke a till, from now on or from a moment before; tell whether the hub said so.

    The hub may break off meanwhile: then it takes effect when the second medium is read again.
    """
    hub = world.hub
    if hub.host.dead:
        return False
    hub.changed = True
    since_ms = hub.clock.now_ms() - draw % HOUR_MS if draw % 3 == 0 else None
    try:
        with hub.host.acts():
            revoked = hub.machine.manager.revoke(
                machine.origin, reason="stolen", who=_WHO, since_ms=since_ms
            )
    except (Killed, SQLAlchemyError):
        return False
    return isinstance(revoked, RevokedTill)


def decide(world: World, draw: int) -> str:
    """Settle what is to be said of one revoked till: it is found, or what it sent was genuine."""
    tills = sorted(world.seen_hub.revoked)
    if not tills:
        return "nothing to decide"
    till = tills[draw % len(tills)]
    if draw % 3:
        return "released" if release(world, till) else "nothing is held"
    reinstate(world, till)
    return "reinstated"


def release(world: World, till: str) -> bool:
    """Book what is held of a till (its install id); tell whether anything was."""
    _take_a_moment(world)
    released = world.hub.machine.manager.release(till, reason="genuine", who=_WHO)
    if not isinstance(released, ReleasedTill):
        return False
    world.revoked.pop(till, None)
    return True


def reinstate(world: World, till: str) -> None:
    """Lift the revocation of a till (its install id)."""
    _take_a_moment(world)
    world.hub.machine.manager.reinstate(till, reason="found", who=_WHO)
    world.revoked.pop(till, None)


def _take_a_moment(world: World) -> None:
    """A person decides one thing after the other."""
    world.hub.changed = True
    world.hub.clock.pass_ms(1)
