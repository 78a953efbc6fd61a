"""Which SQLite speaks to our files, and what its driver is told before it does."""

from __future__ import annotations

from sqlite_utils import utils

# pysqlite3 where there is a wheel, so that SQLite is newer than the interpreter's own.
sqlite3 = utils.sqlite3  # type: ignore[attr-defined]
SqliteError: type[Exception] = sqlite3.Error


def several_may_write() -> bool:
    """Tell whether several connections may write and checkpoint one file at the same time.

    SQLite before 3.51.3 can then damage it: https://sqlite.org/wal.html#walresetbug
    """
    return bool(sqlite3.sqlite_version_info >= (3, 51, 3))


def take_as_it_is() -> None:
    """Tell the driver that bytes, bool and None need no adapter; telling it twice changes nothing.

    Of a parameter that is not exactly int, float, str or bytearray it asks the type, the protocol
    and the value who could adapt it, which takes longer than writing the value does.
    """
    sqlite3.register_adapter(bytes, bytearray)
    sqlite3.register_adapter(bool, int)
    sqlite3.register_adapter(type(None), _itself)


def _itself(value: object) -> object:
    return value
