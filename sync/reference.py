"""A till's reference data: one file of several, named by a pointer that is replaced at once.

The first file is `reference.db`. A snapshot is built aside and put in force by naming it in
`reference.current`; who still reads the file before keeps it until it is closed. A damaged file is
replaced in the same way, and the newest of them is kept as `reference-damaged.db`.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sync.database import Database
from sync.disk_faults import unusable
from sync.durable import place, sync_directory, sync_file
from sync.keys import has_till_keys
from sync.reference_damage import (
    ReferenceDamaged,
    damage_in,
    damaged_file,
    empty_file,
    is_empty,
    means_damage,
    named_missing,
    pointer_missing,
    pointer_unreadable,
)
from sync.rules.refusal import Fault, Refused

if TYPE_CHECKING:
    from sqlite_utils import Database as SqliteUtils
    from sqlite_utils.migrations import Migrations

FIRST = "reference.db"
POINTER = "reference.current"
BUILDING = "reference-building.db"
IMPORTING = "reference-importing.db"
SET_ASIDE = "reference-damaged.db"
_NUMBERED = re.compile(r"reference-([1-9][0-9]{0,8})\.db")
_MOST_POINTER_BYTES = 64
_BESIDE = ("", "-wal", "-shm", "-journal")


class Reference(Database):
    """The file in force in a till's directory; what is written there without a hub is counted.

    A transaction goes to whichever file is in force when it begins. Readers stay with the file
    they have until `follow` is called or this process writes.
    """

    def __init__(
        self, directory: Path, migrations: Sequence[Migrations] = (), *, read_only: bool = False
    ) -> None:
        """Open the file in force; unless `read_only`, create and migrate it.

        Raises `ReferenceDamaged`, and `Fault` for what the disk does.
        """
        self._directory = directory
        path = in_force(directory)
        try:
            if is_empty(path) and has_till_keys(directory):  # the key is made after this file
                raise ReferenceDamaged(empty_file(path))
            super().__init__(path, migrations, read_only=read_only)
        except OSError as error:
            raise Fault(unusable(path, error.strerror)) from error
        except Fault as fault:
            if isinstance(fault, ReferenceDamaged) or not means_damage(fault):
                raise
            raise ReferenceDamaged(damaged_file(path, fault.__cause__)) from fault

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
    """Return the file of reference data that is in force; a till's first need not be there yet.

    Raises `ReferenceDamaged` if no such file is named, `Fault` if that cannot be read.
    """
    pointer = directory / POINTER
    try:
        name = _named(pointer)
        if name is None:
            first = directory / FIRST
            if not first.exists() and _files(directory):
                raise ReferenceDamaged(pointer_missing(pointer))
            return first
        if not _NUMBERED.fullmatch(name):
            raise ReferenceDamaged(pointer_unreadable(pointer))
        if not (directory / name).is_file():
            raise ReferenceDamaged(named_missing(pointer, name))
    except OSError as error:
        raise Fault(unusable(pointer, error.strerror)) from error
    return directory / name


def damage(directory: Path) -> Refused | None:
    """Look through all the reference data of a till; say what is damaged, None if nothing is.

    Raises `Fault` if that cannot be told.
    """
    try:
        return damage_in(in_force(directory))
    except ReferenceDamaged as fault:
        return fault.refused


def put_in_force(directory: Path, built: Path) -> Path:
    """Let a complete, closed file be the one in force; return it under its new name.

    Files before the one that was in force are removed. Raises `Fault`.
    """
    before = _newest(directory)
    path = directory / f"reference-{_last_number(directory) + 1}.db"
    try:
        sync_file(built)
        built.rename(path)
        sync_directory(directory)
        place(directory / POINTER, f"{path.name}\n".encode("ascii"))
    except OSError as error:
        raise Fault(unusable(path, error.strerror)) from error
    _remove_all_but(directory, {before, path})
    return path


def replace_damaged(directory: Path, built: Path) -> Path | None:
    """Put a complete, closed file in force in place of damaged reference data.

    The damaged file is kept, instead of the one that was kept before; returns where, None if
    nothing of it is left. Who has it open goes on with it until told to follow. Raises `Fault`.
    """
    before = _newest(directory)
    put_in_force(directory, built)
    if before is None or not before.exists():
        return None
    kept = directory / SET_ASIDE
    remove(kept)
    for ending in ("", "-wal", "-journal"):
        _keep(before.with_name(before.name + ending), kept.with_name(kept.name + ending))
    return kept if kept.exists() else None


def remove_old(directory: Path) -> None:
    """Remove files no longer in force, and what a killed import left, as the system lets us.

    Whoever calls has the selling lock, so that nobody imports.
    """
    remove(directory / IMPORTING)
    with contextlib.suppress(ReferenceDamaged):  # then whatever is left is kept
        _remove_all_but(directory, {in_force(directory)})


def remove(path: Path) -> None:
    """Remove a database file with what SQLite keeps beside it, as far as the system lets us."""
    for ending in _BESIDE:
        with contextlib.suppress(OSError):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def _named(pointer: Path) -> str | None:
    """Return what the pointer says, as far as it can be a name; None if there is no pointer."""
    try:
        with pointer.open("rb") as source:
            return source.read(_MOST_POINTER_BYTES).decode("ascii", "replace").rstrip("\r\n")
    except FileNotFoundError:
        return None


def _newest(directory: Path) -> Path | None:
    """Return the file in force; where none is named, the newest that is there."""
    try:
        return in_force(directory)
    except ReferenceDamaged:
        return max(_files(directory), key=_number, default=None)


def _last_number(directory: Path) -> int:
    """Return the highest number that any file has, or that the pointer names: it is in use."""
    names = [path.name for path in directory.glob("reference-*")]
    with contextlib.suppress(OSError):
        names.append(_named(directory / POINTER) or "")
    return max((int(found[1]) for name in names if (found := _NUMBERED.match(name))), default=0)


def _keep(source: Path, target: Path) -> None:
    """Let a file have another name, which stays when the first is removed."""
    with contextlib.suppress(OSError):
        try:
            os.link(source, target)
        except OSError:
            if source.exists():  # on a file system without second names
                source.replace(target)


def _remove_all_but(directory: Path, kept: set[Path | None]) -> None:
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
