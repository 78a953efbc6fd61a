"""Backups put back, disks copied, machines resumed: seen, alarmed, and no sale lost or doubled."""

from pathlib import Path

from sqlalchemy import delete

from sync.rules.entry import Draft, Entry
from sync.services.status import read_status
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.stores import journal as journals
from sync.stores.hub_tables import ALARM

from .tills import (
    HubMachine,
    assert_booked_once,
    assert_settled,
    copy_till,
    down,
    opened,
    resume,
    sell,
)


def test_a_hub_restored_from_a_backup_is_refilled_run_by_run(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    ids: list[str] = []
    with opened(setup) as till:
        hub.enrol(till)
        ids += sell(till, 3)
        hub.push(till)
    hub.backup(tmp_path / "backup")
    for _ in range(3):
        with opened(setup) as till:
            ids += sell(till, 4)
            hub.push(till)
    hub.restore(tmp_path / "backup")
    with opened(setup, "push") as till:
        report = hub.push(till)  # nothing was pending: the probe finds out
        assert_settled(till, report)
        states = journals.runs(till.journal.read())
    assert hub.marks() == {state.run: state.head_seq for state in states}
    assert_booked_once(hub, ids)
    assert hub.alarms() == set()


def test_a_hub_that_lost_everything_is_refilled(setup: Setup, hub: HubMachine) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        ids = sell(till, 3)
        hub.push(till)
        hub.forget()
        ids += sell(till, 1)
        assert_settled(till, hub.push(till))
        assert_booked_once(hub, ids)


def test_data_copied_back_from_yesterday_is_a_branch_and_nothing_sticks(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    ids: list[str] = []
    with opened(setup) as till:
        hub.enrol(till)
        ids += sell(till, 3)
        hub.push(till)
        ids += sell(till, 2)  # in the copy they are pending, at the hub they are not
    copy = copy_till(setup, tmp_path / "copy")
    with opened(setup) as till:
        ids += sell(till, 4)
        assert_settled(till, hub.push(till))
    with opened(copy) as till:
        ids += sell(till, 3)
        assert_settled(till, hub.push(till))
        ids += sell(till, 1)
        assert_settled(till, hub.push(till))
        third = [state.run for state in journals.runs(till.journal.read())]
        assert len(third) == 2, "the hub knew all of the first run: nothing to carry"
    assert_booked_once(hub, ids)
    assert "branch" in hub.alarms()


def test_the_alarm_stays_on_the_tills_status_until_it_is_settled_at_the_hub(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        sell(till, 2)
        hub.push(till)
    copy = copy_till(setup, tmp_path / "copy")
    with opened(setup) as till:
        hub.push(till)
        assert read_status(till).hub == "reachable"
    with opened(copy) as till:
        hub.push(till)
    with opened(copy) as till:
        sell(till, 1)
        hub.push(till)
        assert (read_status(till).hub, read_status(till).reason) == ("alarm", "branch")
        hub.wire.faults = [down]
        hub.push(till)
        assert (read_status(till).hub, read_status(till).reason) == (
            "alarm",
            "branch hub.unreachable",
        )
        hub.push(till)
        assert (read_status(till).hub, read_status(till).reason) == ("alarm", "branch")
        with hub.data.engine.begin() as connection:
            connection.execute(delete(ALARM))
        sell(till, 1)
        hub.push(till)
        assert (read_status(till).hub, read_status(till).reason) == ("reachable", "")


def test_two_machines_that_go_on_with_the_same_run_lose_no_sale(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    """A virtual machine copied while the counter was open: both copies hold the same run."""
    with opened(setup) as till:
        hub.enrol(till)
        ids = sell(till, 3)
        hub.push(till)
        till.journal.checkpoint()
        run = till.run
        twin_setup = copy_till(setup, tmp_path / "twin")
        with opened(twin_setup, "push") as twin:
            resume(twin, run)
            ids += sell(till, 4)
            ids += sell(twin, 2, private=True)
            assert_settled(till, hub.push(till))
            report = hub.push(twin)
            assert_settled(twin, report)
            assert report.closed_runs == (run.run,)
            assert twin.run.run != run.run
            ids += sell(twin, 2)
            assert_settled(twin, hub.push(twin))
            assert carried(twin, run.run, twin.run.run)
        ids += sell(till, 1)
        assert_settled(till, hub.push(till))
    assert_booked_once(hub, ids)
    assert "fork" in hub.alarms()


def carried(till: OpenTill, closed: str, carrier: str) -> bool:
    """Tell whether the divergent entries stand verbatim in the run that took over."""
    db = till.journal.read()
    agreed = journals.read_mark(db, closed).seq
    old = journals.entries_of(db, closed, agreed, 1000)
    new = journals.entries_of(db, carrier, 1, len(old))
    assert old, "something diverged"
    return [verbatim(entry) for entry in old] == [verbatim(entry) for entry in new]


def verbatim(entry: Entry) -> tuple[object, ...]:
    header = entry.header
    identity = (header.kind, header.id, header.day, header.amount_fen, header.at_ms)
    return (*identity, entry.body, entry.private)


def test_a_handle_of_a_closed_run_appends_to_its_successor(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        hub.push(till)
        till.journal.checkpoint()
        with opened(copy_till(setup, tmp_path / "twin"), "push") as twin:
            handle = till.run
            resume(twin, handle)
            sell(twin, 1)
            assert_settled(twin, hub.push(twin))
        sell(till, 1)
        hub.push(till)
        assert till.run != handle
        with till.journal.transaction() as db:
            draft = Draft("sign_in", till.new_id(), till.today().isoformat(), 0, b"{}")
            entry = journals.append(db, handle, till.stamp(), draft)
        assert entry.header.run == till.run.run
        assert_settled(till, hub.push(till))


def test_a_hub_put_back_that_then_followed_a_copy_gets_every_entry(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        ids = sell(till, 2)
        hub.push(till)
        hub.backup(tmp_path / "backup")
        till.journal.checkpoint()
        twin_setup = copy_till(setup, tmp_path / "twin")
        ids += sell(till, 3)
        hub.push(till)
        hub.restore(tmp_path / "backup")
        with opened(twin_setup, "push") as twin:
            resume(twin, till.run)
            ids += sell(twin, 9)
            assert_settled(twin, hub.push(twin))
        ids += sell(till, 1)
        assert_settled(till, hub.push(till))
    assert_booked_once(hub, ids)


def test_the_run_after_a_closed_one_goes_on_from_what_was_agreed(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        sell(till, 2)
        hub.push(till)
    copy = copy_till(setup, tmp_path / "copy")
    with opened(setup) as till:
        sell(till, 1)
        hub.push(till)
    with opened(copy, "push") as till:
        assert_settled(till, hub.push(till))
    with opened(copy) as till:
        assert_settled(till, hub.push(till))


def test_a_long_run_that_diverged_is_carried_from_where_the_hub_stops_knowing_it(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    """Both copies hold 600 unsent entries; one sends them first and goes on."""
    with opened(setup) as till:
        hub.enrol(till)
        ids = sell(till, 600)
        till.journal.checkpoint()
        twin_setup = copy_till(setup, tmp_path / "twin")
        with opened(twin_setup, "push") as twin:
            resume(twin, till.run)
            ids += sell(till, 700)
            ids += sell(twin, 5)
            assert_settled(till, hub.push(till))
            assert_settled(twin, hub.push(twin))
            carried_over = journals.head_of(twin.journal.read(), twin.run.run).seq
            assert 1 + 5 <= carried_over <= 1 + 106, "what the hub knew is not sent again"
    assert_booked_once(hub, ids)
