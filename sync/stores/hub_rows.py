"""Writing many rows at the hub: the statement is SQLAlchemy's, the rows go to the driver as given.

SQLAlchemy's own executemany converts every value of every row, a third of the time of a push;
the values here (bytes, str, int, bool, None) need no conversion in any database we speak to.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    any_,
    cast,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import Compiled, SQLCompiler
from sqlalchemy.types import TypeEngine

Row = Mapping[str, object]
Values = tuple[object, ...]


_COPIED: Mapping[type[TypeEngine[Any]], str] = {  # how COPY is told what comes, the narrower first
    String: "text",
    LargeBinary: "bytea",
    Boolean: "bool",
    SmallInteger: "int2",
    BigInteger: "int8",
    Integer: "int4",
}


def add_all(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that have a value for every column of the table, and are all new."""
    values = itemgetter(*(column.name for column in table.columns))
    add_values(connection, table, list(map(values, rows)))


def add_values(connection: Connection, table: Table, rows: list[Values]) -> None:
    """Insert new rows given as they are stored: every column's value, in the table's order."""
    if rows and _is_postgresql(connection):
        _copy(connection, table, rows)
    elif rows:
        compiled = _compiled(insert, table, connection.dialect)
        connection.exec_driver_sql(compiled.string, rows)


def add_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is new; leave the others as they are."""
    missing = _missing_in_postgresql if _is_postgresql(connection) else _missing_in_sqlite
    _execute(connection, _compiled(missing, table, connection.dialect), rows)


def add_one_missing(connection: Connection, table: Table, row: Row) -> bool:
    """Insert a row unless its primary key is there; tell whether it was new."""
    # Asked for: else it is forgotten with the cursor of an INSERT, and PostgreSQL has none to ask.
    counted = {"preserve_rowcount": True}
    missing = _missing_in_postgresql if _is_postgresql(connection) else _missing_in_sqlite
    statement = missing(table).values(row)
    return connection.execute(statement, execution_options=counted).rowcount == 1


def put_changed(
    connection: Connection, table: Table, rows: Sequence[Row], *, unless_same: str
) -> int:
    """Insert rows, or replace those that are there unless the column named is the same.

    Every row has a value for every column; returns how many were inserted or replaced.
    """
    own = postgresql_insert if _is_postgresql(connection) else sqlite_insert
    statement = own(table)
    keys = [column.name for column in table.primary_key]
    others = {each.name: statement.excluded[each.name] for each in table.c if each.name not in keys}
    changed = statement.on_conflict_do_update(
        index_elements=keys,
        set_=others,
        where=table.c[unless_same] != statement.excluded[unless_same],
    )
    return _execute(connection, changed.compile(dialect=connection.dialect), rows)


def one_of(
    connection: Connection, column: Column[str], values: Collection[str]
) -> ColumnElement[bool]:
    """Return the condition that a text column is one of many values, as one parameter of any size.

    `IN` with a parameter each takes longer to write than to run.
    """
    if _is_postgresql(connection):
        return column == any_(cast(list(values), ARRAY(String)))
    each = func.json_each(msgspec.json.encode(list(values)).decode()).table_valued("value")
    return column.in_(select(each.c.value))


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _missing_in_postgresql(table: Table) -> Insert:
    return postgresql_insert(table).on_conflict_do_nothing()


def _missing_in_sqlite(table: Table) -> Insert:
    return sqlite_insert(table).on_conflict_do_nothing()


@lru_cache(maxsize=128)
def _compiled(make: Callable[[Table], Insert], table: Table, dialect: Dialect) -> Compiled:
    """Return the statement of a table as a database reads it; made once for each hub's engine."""
    return make(table).compile(dialect=dialect)


def _copy(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert by COPY, which PostgreSQL takes several times as fast as any INSERT."""
    from psycopg import Connection as Driver
    from psycopg import Error

    name = connection.dialect.identifier_preparer.quote
    columns = list(table.columns)
    names = ", ".join(name(column.name) for column in columns)
    statement = f"COPY {name(table.name)} ({names}) FROM STDIN (FORMAT BINARY)"
    driver = connection.connection.driver_connection
    assert isinstance(driver, Driver)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([_copied(column) for column in columns])
            for row in rows:
                copy.write_row(row)
    except Error as error:
        raise DBAPIError.instance(statement, None, error, Error, hide_parameters=True) from error


def _copied(column: Column[Any]) -> str:
    return next(said for kind, said in _COPIED.items() if isinstance(column.type, kind))


def _execute(connection: Connection, compiled: Compiled, rows: Sequence[Row]) -> int:
    if not rows:
        return 0
    assert isinstance(compiled, SQLCompiler)
    if compiled.positiontup is None:
        given: Any = [dict(row) for row in rows]
    else:
        given = list(map(itemgetter(*compiled.positiontup), rows))
    return connection.exec_driver_sql(compiled.string, given).rowcount
