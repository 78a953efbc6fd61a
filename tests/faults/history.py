"""Running a plan: every step is checked, then everything heals and is checked once more."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from msgspec import structs

from sync import database
from sync.rules import feed
from sync.rules.refusal import Fault
from sync.services import hub_opening, pulling
from sync.setup import Setup
from tests.pos.stocked_till import stock
from tests.sync.tills import FakeClock, make_setup, named, opened

from . import tills
from .acts import ACTS
from .disks import Killed, copy_files
from .entropy import Entropy
from .faults import FAULTS
from .healing import QUIET, heal
from .hub_desks import ManagedHub
from .hubs import HubSite
from .invariants import ALWAYS, Invariant
from .plans import Step
from .world import World

TILLS = ("ZZ-01", "ZZ-02")
MEMORY = Path("/dev/shm")
SMALL = 3  # rows of a feed
SETTING_UP = 1 << 32  # a stream of randomness that no step draws from


@dataclass(frozen=True)
class Outcome:
    """What came of a history: what did not hold, which faults struck, and a digest of it all."""

    problems: tuple[str, ...]
    steps: int
    struck: frozenset[str]
    fired: Counter[str]
    digest: str


class Laboratory:
    """Runs histories; each begins with copies of the same two tills and hub."""

    def __init__(self, directory: Path) -> None:
        """Stock the tills and enrol the first of them once, under `directory`."""
        self._directory = directory
        self._setup = make_setup(directory)
        # Statements are compiled once for each engine; a hub that closed it has no connection left.
        self._open_hub = functools.cache(database.open_hub)
        entropy = Entropy(0)
        with entropy.rules(), contextlib.closing(_hub(directory / "template")) as hub:
            for name in TILLS:
                with opened(self._till_setup(name), "enrol") as till:
                    stock(till)
                    if name == TILLS[0]:
                        hub.enrol(till)

    def _till_setup(self, name: str) -> Setup:
        root = self._directory / "template" / name
        return structs.replace(named(self._setup, name), root=root, clock=FakeClock())

    def run(
        self,
        plan: Sequence[Step],
        seed: int,
        *,
        ahead_ms: Sequence[int] = (0, 0),
        tell: Callable[[World], None] | None = None,
    ) -> Outcome:
        """Live through a plan; stops at the first step after which not all holds.

        Each till's clock is ahead of the hub's by its `ahead_ms`; `tell` is told of the world as
        it is in the end.
        """
        root = self._directory / "now"
        shutil.rmtree(root, ignore_errors=True)
        copy_files(self._directory / "template", root)
        with mock.patch.object(hub_opening, "open_hub", self._open_hub), _fed(seed):
            world = World(root, Entropy(seed), HubSite(_hub(root)))
            try:
                with world.governed():
                    self._begin(world, ahead_ms)
                    outcome = _live(world, plan)
                    if tell is not None:
                        tell(world)
                    return outcome
            finally:
                world.close()

    def _begin(self, world: World, ahead_ms: Sequence[int]) -> None:
        world.entropy.turn_to(SETTING_UP)
        for name, ahead in zip(TILLS, ahead_ms, strict=True):
            root, clock = world.root / name, FakeClock()
            clock.wall_ms += ahead
            world.add(tills.machine(name, root, self._setup, world.network(), clock))
            world.copy_till(world.machines[-1])
        world.copy_hub()
        world.look()
        _check(world, ())


@contextlib.contextmanager
def _fed(seed: int) -> Iterator[None]:
    """In every other history, what a till lacks more of than very little comes by a snapshot."""
    if seed % 2:
        with (
            mock.patch.object(feed, "MOST_FRESH", SMALL),
            mock.patch.object(pulling, "MOST_STEPS", SMALL),
        ):
            yield
    else:
        yield


def _hub(root: Path) -> ManagedHub:
    return ManagedHub(root / "hub", root / "medium")


@contextlib.contextmanager
def laboratory() -> Iterator[Laboratory]:
    """Open a laboratory in memory where there is a file system in memory."""
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="fault-lab-", dir=memory) as directory:
        yield Laboratory(Path(directory))


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Let tills and hubs log nothing of all that goes wrong by intent."""
    with contextlib.ExitStack() as undo:
        for name in ("xuanpin.hub", "xuanpin.printing"):
            logger = logging.getLogger(name)
            undo.enter_context(mock.patch.object(logger, "disabled", new=True))
        yield


def _live(world: World, plan: Sequence[Step]) -> Outcome:
    told = hashlib.sha256()
    done = 0
    problems: list[str] = []
    for step in plan:
        done += 1
        said = _take(world, step)
        problems = _check(world, ALWAYS)
        told.update(f"{step.serial} {said} {sorted(problems)}".encode())
        if problems:
            break
    if not problems:
        world.entropy.turn_to(SETTING_UP + 1)
        heal(world)
        problems = _check(world, (*ALWAYS, *QUIET))
    for line in sorted(world.seen_hub.hashes()):
        told.update(line)
    for machine in world.machines:
        told.update("".join(sorted(world.seen[machine.name].orders)).encode())
    struck = frozenset(name for name, count in world.fired.items() if count)
    return Outcome(tuple(problems), done, struck, world.fired, told.hexdigest())


def _take(world: World, step: Step) -> str:
    """Let one step happen; only what is foreseen may be raised."""
    world.entropy.turn_to(step.serial)
    machine = world.machines[step.machine % len(world.machines)]
    for name, draw in step.faults:
        if machine.process is not None and FAULTS[name].arm(world, machine, draw):
            world.fired[name] += 1
    said = "closed"
    if machine.process is not None:
        said = _act(world, machine, lambda: ACTS[step.act](world, machine, step.draws))
    world.aftermath()
    world.look()
    return said


def _act(world: World, machine: tills.TillMachine, act: Callable[[], str]) -> str:
    try:
        with machine.host.acts():
            return act()
    except Killed:
        return "killed"
    except Fault as fault:
        if fault.refused.reason == "sale.stopped":
            machine.stop()
        return fault.refused.reason
    except Exception as error:  # noqa: BLE001 - whatever nobody foresaw is a finding
        where = traceback.extract_tb(error.__traceback__)[-1]
        world.problems.append(f"{type(error).__name__}: {error} ({where.name}:{where.lineno})")
        return "surprised"


def _check(world: World, invariants: Iterable[Invariant]) -> list[str]:
    found = [f"a surprise: {problem}" for problem in world.problems]
    for invariant in invariants:
        found += [f"{invariant.__name__}: {problem}" for problem in invariant(world)]
    world.hub_had = world.seen_hub.stored()
    for machine in world.machines:
        world.known_runs.update(machine.runs)
        machine.runs.clear()
    return found
