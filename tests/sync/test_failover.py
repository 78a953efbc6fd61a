"""A standby takes over from PostgreSQL: another epoch begins, and lost enrolments come back."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from sync.database import hub_snapshot, hub_transaction
from sync.rules.certificate import Certificate, issue
from sync.rules.days import china_day
from sync.rules.lineage import OTHER
from sync.rules.register import Granted
from sync.services.hub_opening import OpenHub, lineage_of, open_hub_data
from sync.stores import hub_epoch, hub_register, hub_tills
from sync.stores.hub_granting import next_certificate
from tests.postgres_server import INITDB, Databases, programs, run_program, serving

from .register_scenes import hub_setup
from .tills import START_MS, FakeClock


@dataclass
class Pair:
    """Two servers, the second a copy of the first; either can be stopped and started."""

    found: Path
    place: Path
    running: dict[str, ExitStack] = field(default_factory=dict)

    def start(self, name: str) -> Databases:
        held = ExitStack()
        server = held.enter_context(serving(self.found, self.place / name))
        self.running[name] = held
        return server

    def stop(self, name: str) -> None:
        self.running.pop(name).close()

    def run(self, program: str, *arguments: str, owning: str) -> None:
        run_program(self.found / program, *arguments, owning=self.place / owning)

    def url(self, database: str) -> str:
        hosts = f"{self.place / 'first'},{self.place / 'second'}"
        attributes = "target_session_attrs=read-write"
        return f"postgresql+psycopg://postgres@/{database}?host={hosts}&port=,&{attributes}"


@pytest.fixture
def pair() -> Iterator[Pair]:
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server is installed")
    with tempfile.TemporaryDirectory(prefix="xp-", dir="/tmp") as directory:
        pair = Pair(found, Path(directory))
        pair.place.chmod(0o755)
        for name in ("first", "second"):
            (pair.place / name).mkdir(mode=0o700)
        pair.run("initdb", *INITDB, "-D", str(pair.place / "first"), owning="first")
        yield pair
        for held in pair.running.values():
            held.close()


def enrol(opened: OpenHub, number: int) -> Certificate:
    """Enrol a till with a key of its own, recorded as every enrolment is."""
    with hub_transaction(opened.engine) as connection:
        hub_register.up_to_date(connection, opened.register)
        free = hub_tills.next_number(connection)
        assert free is not None
        key = bytes([number]) * 32
        granted = next_certificate(connection, free, 1, key, china_day(START_MS))
        assert granted is not None
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
        source = ("-h", str(pair.place / "first"), "-U", "postgres", "-c", "fast", "-R")
        pair.run("pg_basebackup", *source, "-D", str(pair.place / "second"), owning="second")
        missed = enrol(opened, 2)
        pair.stop("first")
        pair.start("second")
        pair.run("pg_ctl", "promote", "-w", "-D", str(pair.place / "second"), owning="second")

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
