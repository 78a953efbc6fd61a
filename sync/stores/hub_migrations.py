"""Migrating a hub's database: named steps that packages declare, each applied exactly once.

To add a table: declare it with SQLAlchemy in a store of your package and append one line to the
package's tuple of steps, `HubStep("what it is for", tables=(TABLE,))` (the ground floor's is
`sync/stores/hub_steps.py`; the others have theirs in `declared.py`). To add a column, add it to
its Table, nullable or with a `server_default`, and append a step with `columns=(TABLE.c.it,)`; the
same with `indexes`; what rows need besides is done by `run`. Steps are never changed, moved or
removed once they are in use: a new database runs all of them, an old one those it lacks, and
since tables are made as declared today, a later step finds its column there already and is done.
What tills' pushes write has `till` in every unique key; what grows with sales says
`postgresql_partition_by=BY_TILL` as well (`sync.stores.hub_tables`), and has no foreign keys.
"""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.schema import CreateColumn

from sync.package import HubStep
from sync.stores.hub_locks import alone

HUB_STEP = Table(
    "hub_step",
    MetaData(),
    Column("package", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("applied_ms", BigInteger, nullable=False),
)

Name = tuple[str, str]  # package and step


def recorded(connection: Connection) -> frozenset[Name]:
    """Return the names of all steps that this database has behind it."""
    if not inspect(connection).has_table(HUB_STEP.name):
        return frozenset()
    found = connection.execute(select(HUB_STEP.c.package, HUB_STEP.c.name))
    return frozenset((package, name) for package, name in found)


def apply_once(
    connection: Connection, package: str, step: HubStep, *, partitions: int, now_ms: int
) -> None:
    """Apply a step and record it, unless another process was quicker.

    `partitions` is how many parts PostgreSQL keeps a large table in; 1 for no partitions.
    """
    if connection.dialect.name == "postgresql":  # for as long as another process's step takes
        connection.execute(text("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0"))
    alone(connection, "migrating")
    HUB_STEP.create(connection, checkfirst=True)
    if (package, step.name) in recorded(connection):
        return
    for table in step.tables:
        _make(connection, table, partitions)
    for column in step.columns:
        _add(connection, column)
    for index in step.indexes:
        index.create(connection, checkfirst=True)
    if step.run is not None:
        step.run(connection)
    row = {"package": package, "name": step.name, "applied_ms": now_ms}
    connection.execute(insert(HUB_STEP).values(row))


def _make(connection: Connection, table: Table, partitions: int) -> None:
    if inspect(connection).has_table(table.name):
        return
    if connection.dialect.name != "postgresql" or not _is_partitioned(table):
        table.create(connection)
    elif partitions == 1:
        whole = table.to_metadata(MetaData())
        whole.kwargs["postgresql_partition_by"] = None
        whole.create(connection)
    else:
        table.create(connection)
        _part(connection, table.name, partitions)


def _is_partitioned(table: Table) -> bool:
    return bool(table.dialect_options["postgresql"]["partition_by"])


def _part(connection: Connection, table: str, partitions: int) -> None:
    for part in range(partitions):
        connection.execute(
            text(
                f"CREATE TABLE {table}_p{part:02d} PARTITION OF {table}"
                f" FOR VALUES WITH (MODULUS {partitions}, REMAINDER {part})"
            )
        )


def _add(connection: Connection, column: Column[object]) -> None:
    table = column.table
    assert isinstance(table, Table)
    if column.name in {known["name"] for known in inspect(connection).get_columns(table.name)}:
        return
    said = CreateColumn(column).compile(dialect=connection.dialect)
    name = connection.dialect.identifier_preparer.format_table(table)
    connection.execute(text(f"ALTER TABLE {name} ADD COLUMN {said}"))


def unknown(names: frozenset[Name], known: Sequence[tuple[str, HubStep]]) -> list[str]:
    """Return the steps of a database that this program does not know: it is too old for it."""
    ours = {(package, step.name) for package, step in known}
    return sorted(f"{package}: {name}" for package, name in names - ours)
