"""Migrating the hub's database: each step once, whoever comes first, and nothing by halves."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    inspect,
    text,
)

from sync.database import hub_snapshot, hub_transaction, open_hub
from sync.package import HubStep
from sync.rules.refusal import Refused
from sync.services.hub_opening import OpenHub, hub_steps, open_hub_data
from sync.sqlite_driver import sqlite3
from sync.stores import hub_migrations
from sync.stores.hub_tables import BY_TILL
from tests.hub_databases import NewDatabase
from tests.postgres_server import Databases

from .hub_processes import Machine
from .hub_scenes import FIRST, SECOND, WebHub, mark, web_hub
from .tills import make_setup

OLD = Path(__file__).parents[1] / "vectors"
Apply = Callable[[HubStep], None]


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that nothing was ever done to."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'fresh.db'}"
        return
    databases: Databases = request.getfixturevalue("databases")
    name = databases.create()
    yield databases.url(name)
    databases.drop(name)


@pytest.fixture
def engine(fresh: str) -> Iterator[Engine]:
    engine = open_hub(fresh)
    yield engine
    engine.dispose()


@pytest.fixture
def apply(engine: Engine) -> Apply:
    def apply(step: HubStep) -> None:
        with hub_transaction(engine) as connection:
            hub_migrations.apply_once(connection, "toys", step, partitions=4, now_ms=5)

    return apply


def toy(*more: Column[int]) -> Table:
    till = Column("till", String(32), primary_key=True)
    return Table("toy", MetaData(), till, *more, postgresql_partition_by=BY_TILL)


def count(connection: Connection) -> None:
    connection.execute(text("INSERT INTO toy (till) SELECT 'x' || count(*) FROM toy"))


def test_a_step_is_applied_once_and_remembered(engine: Engine, apply: Apply) -> None:
    for _ in range(3):
        apply(HubStep("toys", tables=(toy(),), run=count))
    with hub_snapshot(engine) as connection:
        assert connection.execute(text("SELECT till FROM toy")).all() == [("x0",)]
        assert ("toys", "toys") in hub_migrations.recorded(connection)


def test_a_step_that_fails_leaves_nothing_of_itself(engine: Engine, apply: Apply) -> None:
    def fail(connection: Connection) -> None:
        count(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        apply(HubStep("broken", tables=(toy(),), run=fail))
    with hub_snapshot(engine) as connection:
        assert not inspect(connection).has_table("toy")
        assert ("toys", "broken") not in hub_migrations.recorded(connection)


def test_columns_and_indexes_come_to_tables_that_have_rows_and_to_new_ones(
    engine: Engine, apply: Apply
) -> None:
    apply(HubStep("toys", tables=(toy(),), run=count))
    grown = toy(Column("size", Integer, nullable=False, server_default="7"))
    sizes = Index("toy_size", grown.c.till, grown.c.size)
    later = HubStep("sizes", columns=(grown.c.size,), indexes=(sizes,))
    apply(later)
    with hub_transaction(engine) as connection:
        assert connection.execute(text("SELECT till, size FROM toy")).all() == [("x0", 7)]
        assert [index["name"] for index in inspect(connection).get_indexes("toy")] == ["toy_size"]
        connection.execute(text("DROP TABLE toy"))
        connection.execute(text("DELETE FROM hub_step WHERE package = 'toys'"))
    apply(HubStep("toys", tables=(grown,), run=count))
    apply(later)
    with hub_snapshot(engine) as connection:
        assert connection.execute(text("SELECT till, size FROM toy")).all() == [("x0", 7)]


def test_a_database_that_a_newer_program_migrated_is_refused_in_one_line(
    tmp_path: Path, fresh: str, apply: Apply
) -> None:
    apply(HubStep("warp drive"))
    setup = make_setup(tmp_path)
    refused = open_hub_data(setup, fresh)
    assert isinstance(refused, Refused)
    assert refused.reason == "hub.newer_database"
    assert "warp drive" in setup.say.refusal(refused)


@pytest.mark.slow
def test_processes_that_start_at_once_migrate_once_and_share_one_key(
    tmp_path: Path, fresh: str
) -> None:
    machine = Machine(tmp_path, fresh)
    starting = [machine.start("hub", "--port", "0", "--json") for _ in range(3)]
    said = []
    for process in starting:
        with process:
            assert process.stdout is not None
            said.append(json.loads(process.stdout.readline()))
            process.kill()
    setup = make_setup(tmp_path / "xuanpin")
    opened = open_hub_data(setup, fresh)
    assert isinstance(opened, OpenHub)
    with hub_snapshot(opened.engine) as connection:
        done = connection.execute(text("SELECT package, name FROM hub_step")).all()
        owners = connection.execute(text("SELECT hub_id FROM hub")).all()
    opened.close()
    assert sorted(tuple(row) for row in done) == sorted(
        (package, step.name) for package, step in hub_steps(setup)
    )
    assert owners == [(opened.keys.hub_id,)]
    assert {each["hub_id"] for each in said} == {opened.keys.hub_id}


def shape(hub: WebHub) -> dict[str, object]:
    """Return columns, keys and indexes of every table."""
    with hub_snapshot(hub.opened.engine) as connection:
        look = inspect(connection)
        return {
            table: (
                {
                    str(column["name"]): (str(column["type"]), column["nullable"])
                    for column in look.get_columns(table)
                },
                look.get_pk_constraint(table)["constrained_columns"],
                {str(index["name"]): index["column_names"] for index in look.get_indexes(table)},
            )
            for table in look.get_table_names()
        }


def test_a_hub_of_release_0_1_is_brought_up_to_date_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "old" / "hub").mkdir(parents=True)
    old = sqlite3.connect(tmp_path / "old" / "hub" / "hub.db")
    old.executescript((OLD / "hub_0_1.sql").read_text())
    old.close()
    refused = open_hub_data(make_setup(tmp_path / "old"))
    assert isinstance(refused, Refused)
    assert refused.reason == "hub.other_keys"
    shutil.copy(OLD / "hub_0_1.key", tmp_path / "old" / "hub" / "hub.key")
    with web_hub(tmp_path / "old") as hub, web_hub(tmp_path / "new") as new:
        assert shape(hub) == shape(new)
        till = hub.certified(1, till_number=1)
        till.open_run(FIRST)
        till.write(FIRST)
        till.write(FIRST, id="twice")
        till.open_run(SECOND, parent=FIRST)
        till.write(SECOND)
        till.write(SECOND)
        reply = hub.push(till.segment(SECOND))
        assert reply.marks == (mark(till, SECOND, 3), mark(till, FIRST, 3))
        assert (hub.rows("entry"), hub.rows("booking")) == (6, 6)
        assert hub.alarms() == set()


def test_postgresql_keeps_large_tables_in_as_many_parts_as_configured(
    tmp_path: Path, databases: Databases
) -> None:
    for wanted in (16, 1):
        name = databases.create()
        opened = open_hub_data(make_setup(tmp_path, partitions=wanted), databases.url(name))
        assert isinstance(opened, OpenHub)
        opened.close()
        parts = databases.say(
            "SELECT parent.relname, count(part.inhrelid) FROM pg_class AS parent"
            " LEFT JOIN pg_inherits AS part ON part.inhparent = parent.oid"
            " WHERE parent.relname IN ('entry', 'fork', 'segment', 'booking', 'hub_order')"
            " GROUP BY 1",
            name,
        )
        assert {count for _, count in parts} == {16 if wanted == 16 else 0}
        assert len(parts) == 5
        databases.drop(name)


def test_keys_are_never_made_for_a_database_that_belongs_to_another_hub(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    database = new_database()
    with web_hub(tmp_path / "one", database) as hub:
        path, hub_id = hub.setup.hub_directory, hub.keys.hub_id
    url = database.url or f"sqlite:///{path / 'hub.db'}"
    elsewhere = make_setup(tmp_path / "two")
    refused = open_hub_data(elsewhere, url)
    assert isinstance(refused, Refused)
    assert refused.reason == "hub.other_keys"
    assert hub_id in elsewhere.say.refusal(refused)
    assert not list(elsewhere.hub_directory.glob("*.key"))
    with web_hub(tmp_path / "two"):
        pass
    assert open_hub_data(elsewhere, url) == refused
    elsewhere = structs.replace(elsewhere, root=tmp_path / "three")
    elsewhere.hub_directory.mkdir(parents=True)
    (elsewhere.hub_directory / "hub.key").write_bytes((path / "hub.key").read_bytes())
    opened = open_hub_data(elsewhere, url)
    assert isinstance(opened, OpenHub), opened
    assert opened.keys.hub_id == hub_id
    opened.close()
