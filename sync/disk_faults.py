"""What a failing disk or a damaged file makes SQLite raise, said as: which file, what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.rules.refusal import N_, Fault, Refused, Words
from sync.sqlite_driver import sqlite3

_FULL_BYTES = 256 * 1024  # SQLite makes a log and 32 KiB of index beside a database, even to read

# What SQLite raises over a mistake of ours. A damaged index can break a constraint too, but then
# nothing that is read can be believed either: the program ends, and ends loudly.
_MISTAKES: tuple[type[Exception], ...] = (
    *(sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError),
    *(sqlite3.InterfaceError, sqlite3.NotSupportedError),
)


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Raise `Fault` for what disk, file system or a damaged file at `path` make SQLite raise.

    Mistakes of the program (a broken constraint, a closed connection) propagate as they are.
    """
    try:
        yield
    except _MISTAKES:
        raise
    except sqlite3.Error as error:
        raise Fault(unusable(path, error)) from error


def unusable(path: Path, problem: object) -> Refused:
    """Refuse a database file that cannot be used."""
    return Refused(
        "database.unusable",
        N_("The database {path} cannot be used: {problem}."),
        N_("Check the disk, its free space and the file's permissions."),
        {"path": path, "problem": named_problem(path, problem)},
    )


def named_problem(path: Path, problem: object) -> object:
    """Call a full disk full: SQLite only says that it cannot read, write or make a file."""
    if isinstance(problem, sqlite3.OperationalError) and _is_full(path):
        return Words(N_("the disk is full"))
    return problem


def _is_full(path: Path) -> bool:
    there = next((each for each in (path, *path.parents) if each.exists()), path)
    try:
        return shutil.disk_usage(there).free < _FULL_BYTES
    except OSError:
        return False
