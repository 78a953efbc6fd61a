"""Several hub processes on one database: whichever a till reaches, everything is booked once."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from sync.database import hub_snapshot, hub_transaction, open_hub
from sync.services.courier import PushReport
from sync.services.till import OpenTill
from tests.hub_databases import Migrated, NewDatabase, OnPostgres

from .hub_processes import Machine, Serving, counts, enrolled, push, sell_fast

pytestmark = pytest.mark.slow
NAMES = ["ZZ-01", "ZZ-02", "ZZ-03"]


@pytest.fixture
def machine(tmp_path: Path, new_database: NewDatabase) -> Machine:
    """A machine on which hubs run as processes."""
    root = tmp_path / "hub-machine"
    root.mkdir()
    return Machine(root, new_database().url)


@pytest.fixture
def on_postgres(tmp_path: Path, migrated: Migrated) -> Iterator[Machine]:
    database = OnPostgres(migrated)
    root = tmp_path / "hub-machine"
    root.mkdir()
    yield Machine(root, database.url)
    database.drop()


@contextlib.contextmanager
def looking(machine: Machine) -> Iterator[Engine]:
    path = machine.root / "xuanpin" / "hub" / "hub.db"
    engine = open_hub(machine.database or f"sqlite:///{path}")
    try:
        yield engine
    finally:
        engine.dispose()


def until(connection_of: Engine, query: str) -> None:
    """Ask the database until it says yes."""
    for _ in range(100_000):
        with hub_snapshot(connection_of) as connection:
            if connection.execute(text(query)).scalar():
                return
    raise AssertionError(query)


def pushing(till: OpenTill, hub: Serving, reports: list[PushReport]) -> threading.Thread:
    thread = threading.Thread(target=lambda: reports.append(push(till, hub)))
    thread.start()
    return thread


def assert_all_booked_once(machine: Machine, hub: Serving, sold: int) -> None:
    assert counts(hub) == dict.fromkeys(NAMES, sold)
    assert hub.summary().alarms == []
    with looking(machine) as engine, hub_snapshot(engine) as connection:
        entries, bookings = (
            connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
            for table in ("entry", "booking")
        )
        most = connection.execute(
            text("SELECT max(many) FROM (SELECT count(*) AS many FROM booking GROUP BY id) AS each")
        ).scalar()
    assert entries == bookings == len(NAMES) * (sold + 1)
    assert most == 1


def test_tills_push_to_two_hubs_of_which_one_is_killed(machine: Machine, tmp_path: Path) -> None:
    with machine.serving() as one, machine.serving() as two, contextlib.ExitStack() as stack:
        tills = [
            stack.enter_context(enrolled(tmp_path, machine, hub, name))
            for name, hub in zip(NAMES, (one, two, one), strict=True)
        ]
        engine = stack.enter_context(looking(machine))
        for till in tills:
            sell_fast(till, 3000)
        reports: list[PushReport] = []
        threads = [
            pushing(till, hub, reports) for till, hub in zip(tills, (one, two, one), strict=True)
        ]
        until(engine, "SELECT count(*) > 500 FROM entry")
        one.ended(signal.SIGKILL)
        for thread in threads:
            thread.join()
        assert [report.pending for report in reports].count(0) >= 1
        reports = [push(till, two) for till in tills]
        assert [(report.refused, report.pending) for report in reports] == [(None, 0)] * 3
        assert_all_booked_once(machine, two, 3000)


def test_tills_that_go_from_hub_to_hub_are_known_at_each(
    on_postgres: Machine, tmp_path: Path
) -> None:
    machine = on_postgres
    with machine.serving() as one, machine.serving() as two, contextlib.ExitStack() as stack:
        tills = [stack.enter_context(enrolled(tmp_path, machine, one, name)) for name in NAMES]
        for hub in (one, two, one):
            for till in tills:
                sell_fast(till, 7)
                assert push(till, hub).refused is None
        assert_all_booked_once(machine, two, 21)


@contextlib.contextmanager
def locked(engine: Engine) -> Iterator[Connection]:
    """Keep every till's row locked, so that a push stays under way."""
    with hub_transaction(engine) as connection:
        connection.execute(text("SELECT 1 FROM till FOR UPDATE"))
        yield connection


BLOCKED = (
    "SELECT count(*) > 0 FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def under_way(
    machine: Machine, till: OpenTill, hub: Serving, meanwhile: Callable[[], None]
) -> PushReport:
    """Push, and do something while the hub is in the middle of it."""
    reports: list[PushReport] = []
    with looking(machine) as engine:
        with locked(engine):
            thread = pushing(till, hub, reports)
            until(engine, BLOCKED)
            meanwhile()
        thread.join()
    return reports[0]


def test_a_hub_killed_in_the_middle_of_a_push_leaves_no_lock(
    on_postgres: Machine, tmp_path: Path
) -> None:
    machine = on_postgres
    with (
        machine.serving() as one,
        machine.serving() as two,
        enrolled(tmp_path, machine, one, "ZZ-01") as till,
    ):
        sell_fast(till, 50)
        report = under_way(machine, till, one, lambda: one.process.kill())
        assert report.refused is not None
        report = push(till, two)
        assert (report.refused, report.pending) == (None, 0)
        assert counts(two) == {"ZZ-01": 50}


def test_a_hub_told_to_end_answers_what_is_under_way(on_postgres: Machine, tmp_path: Path) -> None:
    machine = on_postgres
    with machine.serving() as hub, enrolled(tmp_path, machine, hub, "ZZ-01") as till:
        sell_fast(till, 50)
        report = under_way(machine, till, hub, lambda: hub.process.send_signal(signal.SIGTERM))
        assert (report.refused, report.pending) == (None, 0)
        assert hub.process.wait(30) == 0


def test_a_hub_that_drains_says_so_and_goes_on_taking_pushes(
    on_postgres: Machine, tmp_path: Path
) -> None:
    machine = on_postgres
    machine.configure(drain_s=60, log="json")
    with machine.serving() as hub, enrolled(tmp_path, machine, hub, "ZZ-01") as till:
        assert hub.get("/readyz").json() == {"ready": True, "lacks": []}
        hub.process.send_signal(signal.SIGTERM)
        while hub.get("/readyz").status_code == 200:
            pass
        assert hub.get("/readyz").json() == {"ready": False, "lacks": ["draining"]}
        sell_fast(till, 5)
        assert push(till, hub).pending == 0
        assert hub.ended(signal.SIGTERM) == 0
        events = [line["event"] for line in hub.logged()]
        assert (events[0], events[1], events[-1]) == ("started", "no second medium", "ended")
        stored = [line for line in hub.logged() if line.get("outcome") == "stored"]
        assert sum(int(str(line["appended"])) for line in stored) == 6
