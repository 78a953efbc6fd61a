"""Writing many rows at the hub: the statement is SQLAlchemy's, the rows go to the driver as given.

SQLAlchemy's own executemany converts every value of every row, a third of the time of a push;
the values here (bytes, str, int, bool, None) need no conversion in any database we speak to.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter

from sqlalchemy import Connection, Insert, Table, insert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.compiler import SQLCompiler

Row = Mapping[str, object]


def add_all(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that have a value for every column of the table, and are all new."""
    _execute(connection, insert(table), rows)


def add_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is new; leave the others as they are."""
    _execute(connection, _missing(connection, table), rows)


def add_one_missing(connection: Connection, table: Table, row: Row) -> bool:
    """Insert a row unless its primary key is there; tell whether it was new."""
    return connection.execute(_missing(connection, table).values(row)).rowcount == 1


def _missing(connection: Connection, table: Table) -> Insert:
    if connection.dialect.name == "postgresql":
        return postgresql_insert(table).on_conflict_do_nothing()
    return sqlite_insert(table).on_conflict_do_nothing()


def _execute(connection: Connection, statement: Insert, rows: Sequence[Row]) -> None:
    if not rows:
        return
    compiled = statement.compile(dialect=connection.dialect)
    assert isinstance(compiled, SQLCompiler)
    if compiled.positiontup is None:
        connection.exec_driver_sql(compiled.string, [dict(row) for row in rows])
    else:
        take = itemgetter(*compiled.positiontup)
        connection.exec_driver_sql(compiled.string, [take(row) for row in rows])
