"""A standby takes over from PostgreSQL: another epoch begins, and lost enrolments come back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from sync.database import hub_snapshot, hub_transaction
from sync.rules.certificate import Certificate, issue
from sync.rules.days import china_day
from sync.rules.lineage import OTHER, PUT_BACK
from sync.rules.register import Granted
from sync.services.hub_opening import OpenHub, lineage_of, open_hub_data
from sync.stores import hub_epoch, hub_register, hub_tills
from sync.stores.hub_granting import next_certificate
from tests.postgres_server import programs

from .hub_processes import Machine, counts, enrolled, push, sell_fast
from .register_scenes import hub_setup
from .server_pairs import Pair, two_servers
from .tills import START_MS, FakeClock


@pytest.fixture
def pair() -> Iterator[Pair]:
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server is installed")
    with two_servers(found) as pair:
        yield pair


def enrol(opened: OpenHub, number: int) -> Certificate:
    """Enrol a till with a key of its own, recorded as every enrolment is."""
    with hub_transaction(opened.engine) as connection:
        hub_register.up_to_date(connection, opened.register)
        free = hub_tills.next_number(connection)
        assert free is not None
        key = bytes([number]) * 32
        granted = next_certificate(connection, free, 1, key, china_day(START_MS))
        assert isinstance(granted, Certificate)
        act = Granted(f"ZZ-{number:02d}", "zhengzhou", issue(granted, opened.keys.sign))
        hub_register.record(connection, opened.register, act, START_MS)
    return granted


def test_a_standby_that_missed_an_enrolment_takes_over(pair: Pair, tmp_path: Path) -> None:
    medium = tmp_path / "other-disk"
    medium.mkdir()
    setup = hub_setup(tmp_path / "hub-machine", FakeClock(), second_medium=str(medium))
    database = pair.start("first").create()
    opened = open_hub_data(setup, pair.url(database))
    assert isinstance(opened, OpenHub), opened
    with lineage_of(setup, opened).watching():
        enrol(opened, 1)
        with hub_transaction(opened.engine) as connection:
            first = hub_epoch.mint(connection, START_MS, "the first")
        pair.follow()
        missed = enrol(opened, 2)
        pair.stop("first")
        pair.start("second")
        pair.take_over()

        with hub_snapshot(opened.engine) as connection:
            assert hub_epoch.epoch(connection) > first
            why = connection.execute(text("SELECT why FROM hub_epoch ORDER BY epoch")).scalars()
            assert why.all() == ["the first", OTHER]
            names = {till.name: till.number for till in hub_tills.all_tills(connection)}
        assert names == {"ZZ-01": 1, "ZZ-02": 2}
        assert enrol(opened, 3).counter_first == missed.counter_first + missed.counter_count
    opened.close()
    again = open_hub_data(setup, pair.url(database))
    assert isinstance(again, OpenHub), again
    with hub_snapshot(again.engine) as connection:
        assert len(connection.execute(text("SELECT why FROM hub_epoch")).all()) == 2
    again.close()


def test_older_files_put_back_under_a_serving_hub_are_noticed(pair: Pair, tmp_path: Path) -> None:
    medium = tmp_path / "other-disk"
    medium.mkdir()
    setup = hub_setup(tmp_path / "hub-machine", FakeClock(), second_medium=str(medium))
    database = pair.start("first").create()
    opened = open_hub_data(setup, pair.url(database))
    assert isinstance(opened, OpenHub), opened
    with lineage_of(setup, opened).watching():
        enrol(opened, 1)
        with hub_transaction(opened.engine) as connection:
            first = hub_epoch.mint(connection, START_MS, "the first")
        pair.stop("first")
        pair.keep("first")
        pair.start("first")
        lost = enrol(opened, 2)
        lineage_of(setup, opened).look()
        pair.stop("first")
        pair.put_back("first")
        pair.start("first")

        with hub_snapshot(opened.engine) as connection:
            assert hub_epoch.epoch(connection) > first
            why = connection.execute(text("SELECT why FROM hub_epoch ORDER BY epoch")).scalars()
            assert why.all() == ["the first", PUT_BACK]
            names = {till.name: till.number for till in hub_tills.all_tills(connection)}
        assert names == {"ZZ-01": 1, "ZZ-02": 2}
        assert enrol(opened, 3).counter_first == lost.counter_first + lost.counter_count
    opened.close()


def until(is_so: Callable[[], bool]) -> None:
    """Ask until it is so."""
    assert any(is_so() for _ in range(10_000))


@pytest.mark.slow
def test_a_synchronous_standby_has_all_that_was_acknowledged_and_gets_the_rest(
    pair: Pair, tmp_path: Path
) -> None:
    first = pair.start("first")
    machine = Machine(tmp_path, pair.url(first.create()))
    pair.follow()
    pair.start("second")
    first.say("ALTER SYSTEM SET synchronous_standby_names = '*'")
    first.say("SELECT pg_reload_conf()")
    until(lambda: first.say("SELECT sync_state FROM pg_stat_replication") == [("sync",)])
    with machine.serving() as hub, enrolled(tmp_path, machine, hub, "ZZ-01") as till:
        sell_fast(till, 300)
        assert push(till, hub).pending == 0
        pair.kill("first")
        sell_fast(till, 50)
        report = push(till, hub)
        assert (report.refused is not None, report.pending) == (True, 50)
        assert hub.get("/readyz").json() == {"ready": False, "lacks": ["database"]}
        pair.take_over()
        until(lambda: hub.get("/readyz").status_code == 200)
        assert counts(hub) == {"ZZ-01": 300}
        report = push(till, hub)
        assert (report.refused, report.pending, report.flags) == (None, 0, ())
        assert counts(hub) == {"ZZ-01": 350}
        assert hub.summary().alarms == []
