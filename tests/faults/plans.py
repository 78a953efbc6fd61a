"""A seed becomes a plan: the steps of a history as data, each an act with the faults it meets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from .acts import ACTS
from .faults import FAULTS

PAIRS = tuple(combinations(sorted(FAULTS), 2))
STEPS = 54
_WEIGHTS = {
    "sell": 26,
    "scan": 10,
    "hold": 4,
    "void": 2,
    "write of tomorrow": 2,
    "print": 10,
    "push": 26,
    "export": 2,
    "take in": 4,
    "hear": 4,
    "publish": 3,
    "pull": 4,
    "decide": 2,
    "enrol": 3,
    "close day": 4,
    "restart": 6,
    "restart hub": 2,
    "copy till": 5,
    "copy hub": 4,
    "wait": 4,
}
assert _WEIGHTS.keys() == ACTS.keys()


@dataclass(frozen=True)
class Step:
    """One act of one machine and the faults that strike it; draws decide the rest.

    `serial` is its place in the plan as made: leaving steps out changes no other's randomness.
    """

    serial: int
    act: str
    machine: int
    draws: tuple[int, ...]
    faults: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        struck = "".join(f", {name} ({draw})" for name, draw in self.faults)
        return f"{self.serial:4} machine {self.machine}: {self.act}{struck}"


def make_plan(
    seed: int, steps: int = STEPS, pair: Sequence[str] = (), calm: int = 3
) -> tuple[Step, ...]:
    """Plan a history. Two of three faults are of `pair`, the others any; the first `calm` are none.

    The same arguments make the same plan.
    """
    draw = random.Random(seed)
    return tuple(_step(draw, serial, pair, calm=serial < calm) for serial in range(steps))


def _step(draw: random.Random, serial: int, pair: Sequence[str], *, calm: bool) -> Step:
    act = draw.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    faults: tuple[tuple[str, int], ...] = ()
    if not calm and draw.random() < 0.4:
        name = (
            draw.choice(list(pair)) if pair and draw.random() < 0.7 else draw.choice(sorted(FAULTS))
        )
        act = draw.choice(FAULTS[name].strikes)
        faults = ((name, draw.getrandbits(16)),)
        others = [other for other in FAULTS if act in FAULTS[other].strikes and other != name]
        if others and draw.random() < 0.2:
            faults += ((draw.choice(others), draw.getrandbits(16)),)
    draws = tuple(draw.getrandbits(16) for _ in range(4))
    return Step(serial, act, draw.getrandbits(8), draws, faults)
