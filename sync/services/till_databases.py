"""A till's key and its two databases: opened as they are for reading, else made and migrated."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import filelock
import msgspec

from sync.database import Database
from sync.keys import TillKeys, has_till_keys, load_or_create_till_keys, read_phone_key
from sync.lock import SellingLock, opening_lock, unusable
from sync.package import Package
from sync.reference import Reference, remove_old
from sync.reference_damage import ReferenceDamaged, damaged_file, means_damage
from sync.rules.refusal import N_, Fault, Refused
from sync.setup import Setup
from sync.sqlite_driver import SqliteError
from sync.stores import journal as journals
from sync.till_files import JOURNAL, journal_lost

if TYPE_CHECKING:
    from sqlite_utils.migrations import Migrations


class TillFiles(msgspec.Struct, frozen=True):
    """A till's key and databases; a `Refused` says what is damaged of the reference data."""

    journal: Database
    reference: Reference | Refused
    keys: TillKeys


def open_files(setup: Setup, directory: Path, *, to_write: bool) -> TillFiles | Refused:
    """Open key and databases; unless `to_write`, the databases only for reading.

    Refused if key and journal do not belong together, if the journal is lost, or to read what a
    newer program has to change first while another process has the till. Raises `Fault`.
    """
    try:
        files = None if to_write else _as_they_are(setup, directory)
        if files is not None:
            return files
        with opening_lock(directory):
            return _made(setup, directory) if to_write else _made_to_read(setup, directory)
    except filelock.Timeout as error:
        raise Fault(unusable(directory, "busy")) from error
    except OSError as error:
        raise Fault(unusable(directory, error.strerror)) from error


def _as_they_are(setup: Setup, directory: Path) -> TillFiles | Refused | None:
    """Open both databases for reading; None if something has to be made or mended first.

    Nobody writes or checkpoints beside an open counter: see `several_may_write`.
    """
    with ExitStack() as undo:
        try:
            journal = Database(directory / JOURNAL, read_only=True)
            undo.callback(journal.close)
            if _pending(setup.packages, journal, "journal_migrations"):
                return None
            if journals.read_install(journal.read()) is None:
                return None
            reference = _reference_as_it_is(setup, directory)
            if reference is None:
                return None
            if isinstance(reference, Reference):
                undo.callback(reference.close)
        except (Fault, SqliteError):
            return None
        keys = _own_keys(journal, directory)
        if isinstance(keys, Refused):
            return keys
        undo.pop_all()
    return TillFiles(journal, reference, keys)


def _reference_as_it_is(setup: Setup, directory: Path) -> Reference | Refused | None:
    """Open the reference data for reading, or say what is damaged; None if it is to be changed."""
    reference = _reference(directory, read_only=True)
    if isinstance(reference, Refused):
        return reference
    try:
        if not _pending(setup.packages, reference, "reference_migrations"):
            return reference
    except SqliteError as error:
        if means_damage(error):
            reference.close()
            return damaged_file(reference.path, error)
    reference.close()
    return None


def _pending(
    packages: Sequence[Package],
    database: Database,
    of: Literal["journal_migrations", "reference_migrations"],
) -> bool:
    db = database.read()
    return any(steps.pending(db) for package in packages for steps in getattr(package, of))


def _made_to_read(setup: Setup, directory: Path) -> TillFiles | Refused:
    """Make what is missing, alone at the till: a program of before may have it open to sell."""
    files = _as_they_are(setup, directory)  # somebody else may have made it meanwhile
    if files is not None:
        return files
    lock = SellingLock(directory)
    taken = lock.take("update")
    if taken is not None:
        return taken
    with ExitStack() as undo:
        undo.callback(lock.release)
        files = _made(setup, directory)
        if isinstance(files, Refused):
            return files
        files.journal.close()
        reference = files.reference
        if isinstance(reference, Reference):
            reference.close()
            reference = _reference(directory, read_only=True)
        return TillFiles(Database(files.journal.path, read_only=True), reference, files.keys)


def _made(setup: Setup, directory: Path) -> TillFiles | Refused:
    """Create and migrate both databases, and the key of a new journal."""
    with ExitStack() as undo:
        journal, reference = _databases(setup, directory, undo)
        keys = _own_keys(journal, directory)
        if isinstance(keys, Refused):
            return keys
        remove_old(directory)
        undo.pop_all()
    return TillFiles(journal, reference, keys)


def _databases(
    setup: Setup, directory: Path, undo: ExitStack
) -> tuple[Database, Reference | Refused]:
    """Create and migrate both files as all packages declare; `undo` closes them."""
    packages = setup.packages
    journal = Database(
        directory / JOURNAL, [steps for p in packages for steps in p.journal_migrations]
    )
    undo.callback(journal.close)
    reference = _reference(directory, [steps for p in packages for steps in p.reference_migrations])
    if isinstance(reference, Reference):
        undo.callback(reference.close)
    return journal, reference


def _reference(
    directory: Path, migrations: Sequence[Migrations] = (), *, read_only: bool = False
) -> Reference | Refused:
    """Open the reference data, or say what is damaged. Raises `Fault` for all else."""
    try:
        return Reference(directory, migrations, read_only=read_only)
    except ReferenceDamaged as damaged:
        return damaged.refused


def _own_keys(journal: Database, directory: Path) -> TillKeys | Refused:
    """Read the key that belongs to this journal; a new journal gets its key.

    It takes one that a first start left which was cut off; an enrolled till's is from later.
    """
    install = journals.read_install(journal.read())
    if install is None and read_phone_key(directory) is not None:
        return journal_lost(directory)
    if install is not None and not has_till_keys(directory):
        return Refused(
            "key.missing",
            N_("The key file of this till is missing from {path}."),
            N_("Put back till.key from its backup, or sell as another till with --till."),
            {"path": directory},
        )
    keys = load_or_create_till_keys(directory)
    if install is None:
        with journal.transaction() as db:
            journals.write_install(db, keys.install)
    elif install != keys.install:
        return Refused(
            "key.other_journal",
            N_("The key in {path} does not belong to the journal beside it."),
            N_("Put back till.key and journal.db that belong together."),
            {"path": directory},
        )
    return keys
