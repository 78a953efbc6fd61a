"""The world of a history: tills, their copies, a hub, the wires between, and what people know.

Everything in it is the real code on real files; only time, randomness, the wire and what the
disks do are the lab's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pos.rules.order import Order, journalled
from pos.stores import carts
from sync.rules.backup import MANIFEST
from sync.rules.refusal import Fault
from sync.services.till import OpenTill, open_till
from sync.stick_files import Stick

from . import tills
from .closed_days import ClosedDays
from .decisions import Revoked
from .disks import Host, Killed, Trap, copy_files, watched
from .entropy import Entropy
from .hubs import HubSite
from .network import Network
from .seen import Eye, Line, SeenHub, SeenTill
from .tills import Known, TillMachine

MOST_MACHINES = 4
MOST_COPIES = 3


@dataclass(frozen=True)
class Copy:
    """A till's disk as it once was, whose it was, and what people knew of it then.

    A `backup` was made by the till's own program, any other by copying the files.
    """

    till: str
    path: Path
    known: Known
    backup: bool


class World:
    """Machines and a hub, and everything that anybody was told or holds in hand."""

    def __init__(self, root: Path, entropy: Entropy, hub: HubSite) -> None:
        self.root = root
        self.entropy = entropy
        self.hub = hub
        self.machines: list[TillMachine] = []
        self.copies: list[Copy] = []
        self.hub_copy: Path | None = None
        self.stick = Stick(root / "stick")
        self.trapped: list[tuple[str, Trap]] = []
        self.fired: Counter[str] = Counter()
        self.problems: list[str] = []
        self.seen: dict[str, SeenTill] = {}
        self.seen_hub = SeenHub()
        self.written: dict[bytes, Line] = {}
        self.known_runs: set[tuple[str, str]] = set()
        self.shared_ids: set[str] = set()
        self.enrolled: dict[str, tuple[int, str]] = {}
        self.revoked: dict[str, Revoked] = {}
        self.closed_days = ClosedDays()
        self.hub_had: set[bytes] = set()
        self.hub_lost: set[bytes] = set()
        self._eye = Eye()
        self._made = 0

    def hosts(self) -> list[Host]:
        """Return every machine's disk and process."""
        return [self.hub.host, *(machine.host for machine in self.machines)]

    @contextlib.contextmanager
    def governed(self) -> Iterator[None]:
        """While this lasts, the lab rules over randomness and disks."""
        with self.entropy.rules(), watched(self.hosts):
            yield

    def add(self, machine: TillMachine) -> None:
        """Start a machine's counter; it takes part from now on."""
        self.machines.append(machine)
        self.revive(machine)

    def network(self) -> Network:
        """Lay a wire to the hub."""
        return Network(lambda request: self.hub.deliver(request))

    def acknowledge(self, machine: TillMachine, order: Order) -> None:
        """The cashier was told that this order is paid."""
        body = msgspec.json.encode(journalled(order))
        machine.known.paid[order.order_id] = hashlib.sha256(body).digest()

    # Copies, and what becomes of them

    def copy_till(self, machine: TillMachine, *, backup: bool = False) -> None:
        """Keep a copy of a till's disk, or a backup of the till; of several the latest are kept."""
        path = self._new_path("copy")
        if backup:
            machine.back_up(path)
        else:
            copy_files(machine.host.directory, path)
        self.copies.append(Copy(machine.origin, path, machine.known.copied(), backup))
        while len(self.copies) > MOST_COPIES:
            shutil.rmtree(self.copies.pop(0).path)

    def put_till_back(self, machine: TillMachine, draw: int) -> bool:
        """Replace a till's disk by an older copy of it, or restore the till from a backup."""
        own = [copy for copy in self.copies if copy.till == machine.origin]
        if not own:
            return False
        copy = own[draw % len(own)]
        self.look_at_hub()
        before = list(self.seen[machine.name].lines())
        machine.stop()
        asked = copy.backup and machine.restore(copy.path)
        if not copy.backup:
            machine.host.replace_by(copy.path)
        machine.known = copy.known.copied()
        self.revive(machine)
        if asked and machine.process is not None:
            self._nothing_left_behind(machine, before)
        return True

    def _nothing_left_behind(self, machine: TillMachine, before: list[Line]) -> None:
        """A restore that did not ask left nothing behind that neither hub nor backup has."""
        assert machine.process is not None
        kept = {line.thing for line in self._eye.till(machine.process.till).lines()}
        kept |= {line.thing for line in (*self.seen_hub.lines(), *self.seen_hub.held)}
        left = [
            line for line in before if line.thing not in kept and line.hash not in self.hub_lost
        ]
        if left:
            self.problems.append(f"{machine.name}: a restore left {len(left)} entries behind")

    def clone(self, machine: TillMachine) -> bool:
        """Copy a disk into another machine; both go on, each from a start of its own."""
        twin = self._twin(machine)
        if twin is None:
            return False
        self.add(twin)
        return True

    def resume(self, machine: TillMachine) -> bool:
        """Copy a machine with its memory: both go on in one run, with the same open basket."""
        if machine.process is None:
            return False
        original = machine.process.till
        twin = self._twin(machine)
        if twin is None:
            return False
        db = original.journal.read()
        kept = [cart for _, cart in carts.open_carts(db)] + list(carts.held_carts(db))
        kept.append(machine.process.register.cart)
        self.shared_ids.update(cart.order_id for cart in kept)
        self.machines.append(twin)
        till = open_till(twin.setup, "push")
        assert isinstance(till, OpenTill), till
        till._run = original.run
        twin.take_up(till)
        return True

    def _twin(self, machine: TillMachine) -> TillMachine | None:
        """Make a machine of a copied disk; if there are enough, another copy is scrapped for it."""
        if machine.host.durable is not None:
            return None
        if len(self.machines) >= MOST_MACHINES:
            self._scrap(next(m for m in self.machines if m is not machine and m.name != m.origin))
        root = self._new_path("twin")
        copy_files(machine.host.directory, root)
        clock = dataclasses.replace(machine.clock)
        name = f"{machine.origin}.{self._made}"
        twin = tills.machine(name, root, machine.setup, self.network(), clock)
        twin.known = machine.known.copied()
        return twin

    def _scrap(self, machine: TillMachine) -> None:
        """Destroy a machine with its disk: what only it had is lost, as the design admits."""
        machine.stop()
        self.machines.remove(machine)
        self.seen.pop(machine.name, None)
        shutil.rmtree(machine.host.directory)

    def copy_hub(self, *, backup: bool = False) -> None:
        """Keep a copy of the hub's disk as it is, or a backup of the hub."""
        path = self._new_path("hub-copy")
        if self.hub.back_up(path, backup=backup):
            before, self.hub_copy = self.hub_copy, path
            if before is not None:
                shutil.rmtree(before)

    def put_hub_back(self, draw: int) -> bool:
        """Replace the hub's disk by its older copy, or restore the hub from its backup.

        Or its database alone, under a hub that goes on serving.
        """
        if self.hub_copy is None:
            return False
        copy = self.hub_copy
        serving = draw & 1 and not self.hub.host.dead and not (copy / MANIFEST).exists()
        put_back = self.hub.put_database_back if serving else self.hub.put_back
        self._hub_loses(lambda: put_back(copy))
        return True

    def empty_hub(self) -> bool:
        """Lose the hub's database; its keys are kept."""
        self._hub_loses(self.hub.empty)
        return True

    def _hub_loses(self, mishap: Callable[[], None]) -> None:
        """What a hub loses with its disk is held against nobody, until it comes back."""
        self.look_at_hub()
        before = self.seen_hub.stored()
        mishap()
        self.look_at_hub()
        self.hub_had = self.seen_hub.stored()
        self.hub.received = {
            own: fen for own, fen in self.hub.received.items() if own in self.hub_had
        }
        self.hub_lost |= before - self.hub_had

    def _new_path(self, kind: str) -> Path:
        self._made += 1
        return self.root / f"{kind}-{self._made}"

    # After every act

    def aftermath(self) -> None:
        """Bury the dead and start them again, and count which faults struck."""
        for name, trap in self.trapped:
            self._end_trap(trap)
            self.fired[name] += trap.fired
        self.trapped.clear()
        for host in self.hosts():
            host.next_step()
        for machine in self.machines:
            self.fired.update(machine.network.met)
            machine.network.met.clear()
            machine.network.faults.clear()
            self.revive(machine)
        if self.hub.host.dead:
            self.hub.recover()
        self.hub.look()

    def _end_trap(self, trap: Trap) -> None:
        """Who was to be killed and outlived the act is killed after it."""
        host = next((host for host in self.hosts() if host.trap is trap), None)
        if host is not None and trap.effect == "kill" and not trap.fired:
            trap.fired = True
            with contextlib.suppress(Killed):
                host.die()

    def revive(self, machine: TillMachine) -> None:
        """Start a machine whose process is gone, or that sells no more."""
        if machine.host.dead:
            machine.stop()
            machine.host.bury()
        if machine.process is None:
            try:
                refused = machine.start()
            except Fault:
                return  # its disk is full: it is tried again after the next step
            if refused is not None:
                self.problems.append(f"{machine.name} does not open: {refused.reason}")

    # What the lab sees

    def look(self) -> None:
        """Read every database that may have changed."""
        for machine in self.machines:
            if machine.process is None:
                continue
            seen = self._eye.till(machine.process.till)
            self.seen[machine.name] = seen
            self.written.update((line.hash, line) for line in seen.lines())
        if self.hub.changed:
            self.look_at_hub()

    def look_at_hub(self) -> None:
        """Read the hub's database."""
        self.seen_hub = self._eye.hub(self.hub.machine.data.engine)
        self.hub.changed = False
        self.hub_lost -= self.seen_hub.stored()
        for till, granted in self.seen_hub.tills.items():
            self.enrolled.setdefault(till, granted)
        for till, marks in self.seen_hub.revoked.items():
            if till not in self.revoked:
                booked = (line.hash for line in self.seen_hub.lines() if line.header.till == till)
                self.revoked[till] = Revoked(marks, frozenset(booked))

    def close(self) -> None:
        """Close every process and file."""
        for machine in self.machines:
            machine.stop()
        self.hub.machine.close()
        self.hub.host.close()
