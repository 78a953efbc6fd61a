"""A till's reference data: one file of several, named by a pointer that is replaced at once.

The first file is `reference.db`. A snapshot is built aside and put in force by naming it in
`reference.current`; who still reads the file before keeps it until it is closed.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sync.database import Database, unusable
from sync.rules.refusal import Fault

if TYPE_CHECKING:
    from sqlite_utils import Database as SqliteUtils
    from sqlite_utils.migrations import Migrations

FIRST = "reference.db"
POINTER = "reference.current"
BUILDING = "reference-building.db"
_NUMBERED = re.compile(r"reference-([1-9][0-9]{0,8})\.db")
_BESIDE = ("", "-wal", "-shm", "-journal")


class Reference(Database):
    """The file in force in a till's directory; what is written there without a hub is counted.

    A transaction goes to whichever file is in force when it begins. Readers stay with the file
    they have until `follow` is called or this process writes.
    """

    def __init__(
        self, directory: Path, migrations: Sequence[Migrations] = (), *, read_only: bool = False
    ) -> None:
        """Open the file in force; unless `read_only`, create and migrate it. Raises `Fault`."""
        self._directory = directory
        super().__init__(in_force(directory), migrations, read_only=read_only)

    @contextmanager
    def transaction(self) -> Iterator[SqliteUtils]:
        """Write as in `Database.transaction`, to the file in force."""
        with self.feeding() as db:
            count = written_here(db)
            yield db
            db.execute(f"PRAGMA user_version = {(count + 1) % 2**31}")

    @contextmanager
    def feeding(self) -> Iterator[SqliteUtils]:
        """Write what the hub feeds: not counted, for it can be had again."""
        while True:
            self.follow()
            with super().transaction() as db:
                if in_force(self._directory) == self.path:
                    yield db
                    return

    def follow(self) -> bool:
        """Go over to the file in force; tell whether it was another. Raises `Fault`."""
        current = in_force(self._directory)
        if current == self.path:
            return False
        self.swap(current)
        return True


def written_here(db: SqliteUtils) -> int:
    """Return how many transactions on a file wrote what no hub feeds."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def in_force(directory: Path) -> Path:
    """Return the file of reference data that is in force. Raises `Fault`."""
    try:
        name = (directory / POINTER).read_text("ascii").strip()
    except FileNotFoundError:
        return directory / FIRST
    except (OSError, ValueError) as error:
        raise Fault(unusable(directory / POINTER, error)) from error
    if not _NUMBERED.fullmatch(name):
        raise Fault(unusable(directory / POINTER, "it names no file of reference data"))
    return directory / name


def put_in_force(directory: Path, built: Path) -> Path:
    """Let a complete, closed file be the one in force; return it under its new name.

    Files before the one that was in force are removed. Raises `Fault`.
    """
    before = in_force(directory)
    number = 1 + max((_number(path) for path in _files(directory)), default=0)
    path = directory / f"reference-{number}.db"
    draft = directory / f"{POINTER}.new"
    try:
        _sync(built)
        built.rename(path)
        _sync_directory(directory)
        with draft.open("w", encoding="ascii") as target:
            target.write(f"{path.name}\n")
            target.flush()
            os.fsync(target.fileno())
        draft.replace(directory / POINTER)
        _sync_directory(directory)
    except OSError as error:
        raise Fault(unusable(path, error.strerror)) from error
    _remove_all_but(directory, {before, path})
    return path


def remove_old(directory: Path) -> None:
    """Remove the files that are no longer in force, as far as the system lets us."""
    _remove_all_but(directory, {in_force(directory)})


def remove(path: Path) -> None:
    """Remove a database file with what SQLite keeps beside it, as far as the system lets us."""
    for ending in _BESIDE:
        with contextlib.suppress(OSError):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def _remove_all_but(directory: Path, kept: set[Path]) -> None:
    for path in _files(directory):
        if path not in kept:
            remove(path)


def _files(directory: Path) -> list[Path]:
    found = [path for path in directory.glob("reference*.db") if _NUMBERED.fullmatch(path.name)]
    first = directory / FIRST
    return [first, *found] if first.exists() else found


def _number(path: Path) -> int:
    numbered = _NUMBERED.fullmatch(path.name)
    return int(numbered[1]) if numbered else 0


def _sync(path: Path) -> None:
    with path.open("rb+") as written_file:
        os.fsync(written_file.fileno())


def _sync_directory(directory: Path) -> None:
    if os.name == "posix":
        opened = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
