"""A hub whose clock was once far ahead: seen as an alarm, and put right by a supervisor."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from sync.faces.clock_command import clock_command
from sync.rules.feed_row import FeedRow
from sync.rules.hub_clock import CLOCK_LOWERED, ClockLowered
from sync.rules.pins import SALT_BYTES, hash_pin
from sync.rules.refusal import Refused
from sync.rules.staff import Role, Staff, fed
from sync.services.approving import LOCKED_MS
from sync.services.lowering import lower, read_clocks
from sync.services.status import CLOCK_DOUBTFUL, read_status
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.stores import journal as journals
from sync.stores import staff as staff_store
from sync.stores.contacts import heard_ms

from .tills import DAY_MS, FakeClock, HubMachine, hub_machine, make_setup, opened, sell

YEARS_MS = 3650 * DAY_MS
REASON = ("--reason", "time server of the hub was wrong")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def setup(tmp_path: Path, clock: FakeClock) -> Setup:
    """A till whose hub said once that it is ten years later."""
    setup = make_setup(tmp_path / "till-machine", clock=clock)
    with hub_of(tmp_path) as hub, opened(setup) as till:
        hub.enrol(till)
        ahead(hub, YEARS_MS)
        sell(till, 1)
        hub.push(till)
        ahead(hub, -YEARS_MS)
        sell(till, 1)
        hub.push(till)
    return setup


@contextmanager
def hub_of(tmp_path: Path) -> Iterator[HubMachine]:
    with hub_machine(tmp_path / "hub-machine") as hub:
        yield hub


def ahead(hub: HubMachine, by_ms: int) -> None:
    hub.setup.clock.wall_ms += by_ms  # type: ignore[attr-defined]


def employ(till: OpenTill, number: str, role: Role, pin: str) -> None:
    row = Staff(f"Li {number}", role, hash_pin(pin, bytes(SALT_BYTES)))
    with till.reference.transaction() as db:
        staff_store.apply(db, [FeedRow(number, fed(row))])


def run(setup: Setup, *arguments: str, status: int = 0, typed: str = "") -> Result:
    result = CliRunner().invoke(clock_command, arguments, obj=setup, input=typed)
    assert result.exit_code == status, result.output
    return result


def test_clocks_that_are_days_apart_are_an_alarm(setup: Setup, clock: FakeClock) -> None:
    with opened(setup, "read") as till:
        clocks = read_clocks(till)
        assert clocks.doubtful
        assert clocks.judged_ms - clocks.machine_ms == YEARS_MS
        status = read_status(till)
        assert (status.hub, status.reason) == ("alarm", CLOCK_DOUBTFUL)
    clock.boot = "another"
    with opened(setup, "read") as till:
        assert read_clocks(till).doubtful, "neither a restart nor the hub's next word ends it"
    assert "--lower" in run(setup).stdout


def test_a_named_person_gives_the_hubs_time_up_and_it_is_journalled(
    tmp_path: Path, setup: Setup
) -> None:
    before = json.loads(run(setup, "--json").stdout)
    after = json.loads(run(setup, "--lower", "--who", "Li Na", *REASON, "--json").stdout)
    assert (after["hub_ms"], after["doubtful"]) == (None, False)
    with opened(setup, "push") as till:
        assert read_status(till).hub == "reachable"
        assert heard_ms(till.journal.read()) <= till.now_ms(), "replies on a stick are news again"
        run_id, _ = journals.newest_run(till.journal.read()) or ("", None)
        entry = journals.last_entry(till.journal.read(), run_id)
        assert entry.header.kind == CLOCK_LOWERED
        assert msgspec.json.decode(entry.body, type=ClockLowered) == ClockLowered(
            hub_ms=before["hub_ms"],
            by_ms=YEARS_MS,
            asked_by="01",
            approved_by="Li Na",
            reason=REASON[1],
        )
        with hub_of(tmp_path) as hub:
            hub.push(till)
            assert hub.alarms() == set()
        assert not read_clocks(till).doubtful


def test_where_the_hub_feeds_staff_a_supervisor_approves_with_a_pin(setup: Setup) -> None:
    with opened(setup) as till:
        employ(till, "07", "supervisor", "2468")
        employ(till, "08", "cashier", "1357")
    lowering = ("--lower", *REASON, "--who")
    for who, pin in (("07", "1111"), ("08", "1357"), ("09", "2468"), ("Li Na", ""), ("", "")):
        run(setup, *lowering, who, status=2, typed=f"{pin}\n")
    with opened(setup, "read") as till:
        assert read_clocks(till).doubtful
    said = run(setup, *lowering, "07", typed="2468\n")
    assert "2468" not in said.output
    with opened(setup, "read") as till:
        assert not read_clocks(till).doubtful


def test_after_five_wrong_pins_none_is_tried_for_a_while(setup: Setup, clock: FakeClock) -> None:
    with opened(setup) as till:
        employ(till, "07", "supervisor", "2468")
        employ(till, "17", "manager", "1357")
        entries = rows(till)
    lowering = ("--lower", *REASON, "--who")
    for _ in range(5):
        run(setup, *lowering, "07", status=2, typed="1111\n")
    assert "15 分钟" in run(setup, *lowering, "07", status=2, typed="2468\n").stderr
    clock.mono_ms += 14 * 60_000
    clock.wall_ms += 3_600_000  # setting the clock helps nobody
    run(setup, *lowering, "07", status=2, typed="2468\n")
    with opened(setup, "read") as till:
        assert rows(till) == entries, "nothing is journalled of what was refused"
        assert read_clocks(till).doubtful
    run(setup, *lowering, "17", typed="1357\n")


def test_a_lock_ends_by_itself(setup: Setup, clock: FakeClock) -> None:
    with opened(setup) as till:
        employ(till, "07", "supervisor", "2468")
    lowering = ("--lower", *REASON, "--who", "07")
    for _ in range(5):
        run(setup, *lowering, status=2, typed="1111\n")
    clock.pass_ms(LOCKED_MS)
    run(setup, *lowering, typed="2468\n")


def rows(till: OpenTill) -> int:
    return int(till.journal.read().execute("SELECT count(*) FROM entry").fetchone()[0])


@pytest.mark.parametrize("reason", ["", " ", "x" * 201])
def test_it_takes_a_reason(setup: Setup, reason: str) -> None:
    run(setup, "--lower", "--who", "Li Na", "--reason", reason, status=2)


def test_clocks_that_agree_are_left_alone(tmp_path: Path) -> None:
    setup = make_setup(tmp_path / "other-machine")
    with opened(setup) as till:
        refused = lower(till, approved_by="Li Na", reason="none")
        assert isinstance(refused, Refused)
        assert refused.reason == "clock.agrees"
        assert read_status(till).hub == "not_enrolled"
