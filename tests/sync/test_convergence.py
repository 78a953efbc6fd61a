"""Whatever happens to hub and tills, after quiet everything that survives is booked once."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.services.verifying import Verified, verify_journal
from sync.setup import Setup
from sync.stores import journal as journals

from .tills import (
    HubMachine,
    WireFault,
    assert_settled,
    copy_till,
    down,
    hub_machine,
    make_setup,
    opened,
    reply_lost,
    sell,
    twice,
)

PUSH_FAULTS: dict[str, list[WireFault]] = {
    "push": [],
    "reply lost": [reply_lost],
    "down": [down],
    "twice": [twice],
}
MISHAPS = ("back the hub up", "put the hub back", "copy", "put the copy back", "clone")


class World:
    """One till (and whatever was copied from it) and its hub, by the names of what happens."""

    def __init__(self, root: Path, hub: HubMachine) -> None:
        self.root = root
        self.hub = hub
        self.machines = [make_setup(root / "machine-0")]
        self.copies = 0
        with opened(self.machines[0]) as till:
            hub.enrol(till)
            sell(till, 2)
            hub.push(till)
        hub.backup(root / "hub-backup")
        self.kept = self._copied()

    def _copied(self) -> Setup:
        self.copies += 1
        return copy_till(self.machines[0], self.root / f"copy-{self.copies}")

    def happen(self, event: str, machine: int, count: int) -> None:
        setup = self.machines[machine % len(self.machines)]
        mishaps: dict[str, Callable[[], None]] = {
            "back the hub up": self._back_up,
            "put the hub back": lambda: self.hub.restore(self.root / "hub-backup"),
            "copy": self._copy,
            "put the copy back": lambda: self._put_back(setup),
            "clone": self._clone,
        }
        if event in mishaps:
            mishaps[event]()
            return
        with opened(setup) as till:
            sell(till, count)
            if event in PUSH_FAULTS:
                self.hub.wire.faults = list(PUSH_FAULTS[event])
                self.hub.push(till)
                self.hub.wire.faults = []
            sell(till, count // 2)

    def _back_up(self) -> None:
        shutil.rmtree(self.root / "hub-backup")
        self.hub.backup(self.root / "hub-backup")

    def _copy(self) -> None:
        self.kept = self._copied()

    def _put_back(self, setup: Setup) -> None:
        shutil.rmtree(setup.till_directory)
        shutil.copytree(self.kept.till_directory, setup.till_directory)

    def _clone(self) -> None:
        if len(self.machines) < 3:
            self.machines.append(self._copied())

    def quiet(self) -> set[str]:
        """Let every machine reach the hub; return the id of every entry that survives there."""
        surviving: set[str] = set()
        for _ in range(3):
            for setup in self.machines:
                with opened(setup, "push") as till:
                    assert_settled(till, self.hub.push(till))
                    assert isinstance(verify_journal(till), Verified)
                    db = till.journal.read()
                    for state in journals.runs(db):
                        entries = journals.every_entry(db, state.run)
                        surviving |= {entry.header.id for entry in entries}
        return surviving


EVENTS = st.tuples(
    st.sampled_from(["sell", *PUSH_FAULTS, *MISHAPS]), st.integers(0, 2), st.integers(0, 5)
)


@settings(max_examples=8, deadline=None)
@given(events=st.lists(EVENTS, min_size=3, max_size=14))
def test_everything_that_survives_is_booked_exactly_once(
    events: list[tuple[str, int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        with hub_machine(root / "hub") as hub:
            world = World(root, hub)
            for event in events:
                world.happen(*event)
            surviving = world.quiet()
            booked = Counter(hub.booked())
    assert {each: booked[each] for each in surviving} == dict.fromkeys(surviving, 1)
