"""A hub that was put back is refilled to the last entry, whatever became of the till meanwhile."""

from collections.abc import Callable
from pathlib import Path

from sync.services.till import OpenTill
from sync.setup import Setup
from sync.stores import journal as journals

from .tills import (
    HubMachine,
    assert_booked_once,
    assert_settled,
    copy_till,
    opened,
    reply_lost,
    sell,
)


def test_a_lost_answer_and_a_new_start_do_not_hide_what_the_hub_lost(
    setup: Setup, hub: HubMachine
) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        ids = sell(till, 3)
        assert_settled(till, hub.push(till))
    with opened(setup) as till:
        assert_settled(till, hub.push(till))
        hub.forget()
        hub.wire.faults = [reply_lost]
        hub.push(till)  # the hub has this run; that the one before it is missing, nobody heard
    with opened(setup) as till:
        hub.push(till)
        assert_settled(till, hub.push(till))
    assert_booked_once(hub, ids)


def test_what_was_agreed_of_a_closed_run_is_sent_again(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        ids = sell(till, 3)
        hub.push(till)
    copy = copy_till(setup, tmp_path / "copy")
    with opened(setup) as till:
        sell(till, 1)
    with opened(copy) as twin:
        ids += sell(twin, 1)
        diverge(setup, hub)
        assert_settled(twin, hub.push(twin))
        hub.forget()
        hub.push(twin)
        assert_settled(twin, hub.push(twin))
    assert_booked_once(hub, ids)


def diverge(setup: Setup, hub: HubMachine) -> None:
    """Let the original go on in the run that its copy holds as well."""
    with opened(setup, "push") as till:
        till._run = journals.run_by_name(till.journal.read(), till.keys.install, first_run(till))
        sell(till, 2)
        hub.push(till)


def first_run(till: OpenTill) -> str:
    return journals.runs(till.journal.read())[0].run


def test_a_run_under_which_somebody_sold_on_is_refilled_too(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    """The counter was started again before its diverged run met the hub."""
    ids = resumed_and_started_again(tmp_path, setup, hub, lambda: None)
    assert_booked_once(hub, ids)


def test_a_run_under_which_somebody_sold_on_is_refilled_after_the_hub_lost_all(
    tmp_path: Path, setup: Setup, hub: HubMachine
) -> None:
    ids = resumed_and_started_again(tmp_path, setup, hub, hub.forget)
    assert_booked_once(hub, ids)


def resumed_and_started_again(
    tmp_path: Path, setup: Setup, hub: HubMachine, mishap: Callable[[], None]
) -> list[str]:
    with opened(setup) as till:
        hub.enrol(till)
        ids = sell(till, 1)
        hub.push(till)
        till.journal.checkpoint()
        copy = copy_till(setup, tmp_path / "twin")
        sell(till, 2)
        hub.push(till)
        with opened(copy, "push") as twin:
            twin._run = till.run
            ids += sell(twin, 4)
    with opened(copy) as twin:
        ids += sell(twin, 1)
        assert_settled(twin, hub.push(twin))
        ids += sell(twin, 2)
        assert_settled(twin, hub.push(twin))
        one_live_chain(twin)
    mishap()
    with opened(copy) as twin:
        ids += sell(twin, 1)
        hub.push(twin)
        assert_settled(twin, hub.push(twin))
    return ids


def one_live_chain(till: OpenTill) -> None:
    """Every open run but the newest has exactly one that goes on from its end."""
    db = till.journal.read()
    states = [state for state in journals.runs(db) if state.end_seq]
    parents = [journals.origin_of(db, state.run) for state in states]
    goes_on = [(place.run, place.seq) for place in parents if place is not None and place.run]
    assert sorted(goes_on) == sorted((state.run, state.end_seq) for state in states[:-1])
