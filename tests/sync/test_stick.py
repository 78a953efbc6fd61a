"""Without any network: a stick goes from tills to the hub and back, and the books are the same."""

import os
from pathlib import Path

from sync.faces.import_command import import_command
from sync.rules.segment import unpack
from sync.services.status import read_status
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.stores import journal as journals

from .sticks import export, hear, run, segments, sell_many, take_in, wall_ahead
from .tills import (
    HubMachine,
    assert_booked_once,
    assert_settled,
    copy_till,
    make_setup,
    named,
    opened,
    sell,
)


def test_sales_reach_the_hub_and_the_marks_come_back(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    ids = sell(till, 3, private=True)
    exported = export(setup, stick)  # beside the process that sells
    assert exported["entries"] == 5
    assert len(exported["files"]) == 2
    assert take_in(hub, stick) == {"segments": 2, "taken": 2, "refused": []}
    assert_booked_once(hub, ids)
    assert private_parts(hub) == [b"sealed"] * 3
    till.close()
    heard = hear(setup, stick)
    assert heard == {
        "replies": 2,
        "older": 0,
        "acknowledged": 5,
        "pending": 0,
        "closed_runs": [],
        "refused": [],
    }
    assert export(setup, stick)["files"] == []
    with opened(setup, "push") as till:
        assert_settled(till, hub.push(till))
    assert hub.alarms() == set()


def private_parts(hub: HubMachine) -> list[bytes]:
    with hub.data.engine.connect() as connection:
        query = "SELECT private FROM entry WHERE private IS NOT NULL"
        return [bytes(row[0]) for row in connection.exec_driver_sql(query)]


def test_a_stick_holds_what_a_push_would_have_sent(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    sell_many(till, 620)
    export(setup, stick)
    files = [path.read_bytes() for path in segments(stick)]
    hub.push(till)
    assert hub.wire.requests == files


def test_the_same_stick_twice_changes_nothing(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    ids = sell(till, 2)
    first = export(setup, stick)
    before = {path.name: path.read_bytes() for path in segments(stick)}
    assert export(setup, stick) == {**first, "already": 2}
    assert {path.name: path.read_bytes() for path in segments(stick)} == before
    for _ in range(2):
        assert take_in(hub, stick)["taken"] == 2
    assert_booked_once(hub, ids)
    till.close()
    assert hear(setup, stick)["acknowledged"] == 4
    again = hear(setup, stick)
    assert (again["acknowledged"], again["pending"], again["refused"]) == (0, 0, [])


def test_exporting_moves_nothing_and_writes_only_the_stick(
    setup: Setup, till: OpenTill, stick: Path
) -> None:
    sell(till, 2)
    before = journals.runs(till.journal.read())
    export(setup, stick)
    assert journals.runs(till.journal.read()) == before


def test_all_brings_a_hub_that_lost_everything_back(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    ids = sell(till, 3)
    hub.push(till)
    assert export(setup, stick)["files"] == []
    hub.forget()
    assert export(setup, stick, "--all")["entries"] == 5
    assert take_in(hub, stick)["taken"] == 2
    assert_booked_once(hub, ids)


def test_files_are_taken_in_whatever_their_order_and_names(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    ids = sell_many(till, 1100)
    export(setup, stick)
    for place, path in enumerate(reversed(segments(stick))):
        path.rename(stick / f"{place}.segment")
    assert take_in(hub, stick) == {"segments": 4, "taken": 4, "refused": []}
    assert_booked_once(hub, ids)
    till.close()
    assert hear(setup, stick)["pending"] == 0


def test_a_missing_file_holds_up_its_run_until_it_comes(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    ids = sell_many(till, 1100)
    export(setup, stick)
    second = segments(stick)[2]
    left_behind = second.rename(stick / "left-behind")
    found = take_in(hub, stick, status=2)
    assert (found["segments"], found["taken"]) == (3, 2)
    (gap,) = found["refused"]
    assert (gap["file"], gap["reason"]) == (segments(stick)[-1].name, "segment.gap")
    left_behind.rename(second)
    assert take_in(hub, stick)["taken"] == 4
    assert_booked_once(hub, ids)


def test_a_reply_to_what_came_too_early_takes_the_mark_down(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    """The hub was restored from an old backup; the till thinks that all is there."""
    sell(till, 3)
    hub.push(till)
    hub.forget()
    ids = sell(till, 2)
    export(setup, stick)
    assert take_in(hub, stick, status=2)["taken"] == 0
    till.close()
    wall_ahead(hub)
    take_in(hub, stick, status=2)
    assert hear(setup, stick)["pending"] == 7
    export(setup, stick)
    assert take_in(hub, stick)["refused"] == []
    assert_booked_once(hub, ids)


def test_two_tills_share_a_stick(
    tmp_path: Path, setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    other_setup = named(make_setup(tmp_path / "other-machine"), "ZZ-02")
    with opened(other_setup) as other:
        hub.enrol(other)
        ids = sell(till, 2) + sell(other, 2)
        export(setup, stick)
        export(other_setup, stick)
    assert take_in(hub, stick)["taken"] == 3
    assert_booked_once(hub, ids)
    till.close()
    assert hear(setup, stick)["replies"] == 2
    assert hear(other_setup, stick)["replies"] == 1
    assert export(setup, stick)["files"] == export(other_setup, stick)["files"] == []


def test_thousands_of_entries_come_whole(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    db_ids = sell_many(till, 4000)
    exported = export(setup, stick)
    assert exported["entries"] == 4002
    assert len(exported["files"]) == 10
    counts = [unpacked_entries(path) for path in segments(stick)]
    assert sum(counts) == 4002
    assert max(counts) == 500
    assert take_in(hub, stick)["taken"] == 10
    assert_booked_once(hub, db_ids)
    till.close()
    assert hear(setup, stick)["acknowledged"] == 4002


def unpacked_entries(path: Path) -> int:
    segment = unpack(path.read_bytes())
    assert hasattr(segment, "entries")
    return len(segment.entries)


def test_a_run_that_diverged_is_parted_from_without_asking_the_hub(
    tmp_path: Path, setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    """Two machines with one run: the hub follows the first, the other learns it by stick."""
    ids = sell(till, 2)
    till.journal.checkpoint()
    run_then = till.run
    twin_setup = copy_till(setup, tmp_path / "twin")
    ids += sell(till, 2)
    assert_settled(till, hub.push(till))
    wall_ahead(hub)
    with opened(twin_setup, "push") as twin:
        twin._run = run_then
        ids += sell(twin, 3)
    export(twin_setup, stick)
    take_in(hub, stick)
    heard = hear(twin_setup, stick)
    assert heard["closed_runs"] == [run_then.run]
    export(twin_setup, stick)
    take_in(hub, stick)
    wall_ahead(hub)
    take_in(hub, stick)
    assert hear(twin_setup, stick)["pending"] == 0
    assert_booked_once(hub, ids)
    with opened(twin_setup, "read") as twin:
        assert (read_status(twin).hub, read_status(twin).reason) == ("alarm", "branch fork")


def test_a_reply_to_what_another_copy_exported_moves_nothing(
    tmp_path: Path, setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    """Two machines with one run, and one stick: the first one's reply is no word on the other."""
    ids = sell(till, 1)
    till.journal.checkpoint()
    run_then = till.run
    twin_setup = copy_till(setup, tmp_path / "twin")
    ids += sell(till, 2)
    export(setup, stick)
    take_in(hub, stick)
    with opened(twin_setup, "push") as twin:
        twin._run = run_then
        ids += sell(twin, 3)
    heard = hear(twin_setup, stick)
    assert (heard["replies"], heard["closed_runs"], heard["refused"]) == (1, [], [])
    with opened(twin_setup, "push") as twin:
        assert_settled(twin, hub.push(twin))
    till.close()
    with opened(setup, "push") as first:
        assert_settled(first, hub.push(first))
    assert_booked_once(hub, ids)


def test_hearing_is_refused_beside_an_open_counter_and_exporting_is_not(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    till.close()
    with opened(setup, "counter"):
        assert export(setup, stick)["entries"] == 3
        take_in(hub, stick)
        line = run(setup, import_command, stick, "--replies", status=2).stderr
        assert str(os.getpid()) in line
    assert hear(setup, stick)["pending"] == 0
