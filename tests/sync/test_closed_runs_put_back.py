"""A hub that lost part of a run which its till closed: by stick and on restore nothing is lost."""

from pathlib import Path
from typing import Any

import pytest

from sync.backup_files import checked_manifest
from sync.rules.refusal import Refused
from sync.services.backing_up import back_up_till
from sync.services.restoring_till import restore_till
from sync.setup import Setup
from sync.stores import journal as journals

from .sticks import export, hear, take_in, wall_ahead
from .tills import HubMachine, assert_booked_once, copy_till, down, opened, resume, sell


@pytest.fixture
def ids(tmp_path: Path, setup: Setup, hub: HubMachine) -> list[str]:
    """Sales of a till whose first run was closed at the ninth entry, of which its hub lost five.

    The till has heard so, and then its network broke. There is a backup of it from before them.
    """
    with opened(setup) as till:
        hub.enrol(till)
        backed_up = back_up_till(till, tmp_path / "till-backup", with_keys=True)
        assert not isinstance(backed_up, Refused)
        ids = sell(till, 3)
        hub.push(till)
        hub.backup(tmp_path / "hub-backup")
        ids += sell(till, 5)
        hub.push(till)
        till.journal.checkpoint()
        run = till.run
    with opened(copy_till(setup, tmp_path / "twin"), "push") as twin:
        resume(twin, run)
        sell(twin, 1)
        hub.push(twin)
    with opened(setup, "push") as till:
        resume(till, run)
        ids += sell(till, 2)
        assert hub.push(till).closed_runs == (run.run,)
        hub.restore(tmp_path / "hub-backup")
        hub.wire.faults = [lambda handle, request: handle(request), down]
        hub.push(till)
        hub.wire.faults = []
        closed = next(each for each in journals.runs(till.journal.read()) if each.closed)
        assert closed.pending == 5
    return ids


@pytest.mark.parametrize("arguments", [(), ("--all",)])
def test_a_stick_carries_what_the_hub_lost_of_a_closed_run(
    tmp_path: Path, setup: Setup, hub: HubMachine, ids: list[str], arguments: tuple[str, ...]
) -> None:
    stick = tmp_path / "stick"
    heard: dict[str, Any] = {}
    for _ in range(2):
        export(setup, stick, *arguments)
        take_in(hub, stick)
        wall_ahead(hub)
        heard = hear(setup, stick)
    assert heard["pending"] == 0
    assert_booked_once(hub, ids)


def test_a_restore_leaves_nothing_of_a_closed_run_behind(
    tmp_path: Path, setup: Setup, ids: list[str]
) -> None:
    assert len(ids) == 10
    with opened(setup, "read") as till:
        states = journals.runs(till.journal.read())
    backup = tmp_path / "till-backup"
    manifest = checked_manifest(backup)
    assert not isinstance(manifest, Refused)
    refused = restore_till(setup, backup, manifest, leave_unsent=False)
    assert isinstance(refused, Refused)
    assert refused.reason == "restore.unsent"
    assert refused.values["count"] == sum(each.pending for each in states)
