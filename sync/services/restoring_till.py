"""Restoring a till from its backup: the journal of then, kept apart from the one of now."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import filelock
import msgspec

from sync.backup_files import (
    check_database,
    copy_file,
    file_faults,
    one_value,
    place_aside,
    put_database,
)
from sync.database import Database
from sync.keys import PHONE_KEY, TILL_KEY, has_till_keys, load_or_create_till_keys
from sync.lock import SellingLock, opening_lock, unusable
from sync.reference import BUILDING, FIRST, put_in_force
from sync.rules.backup import Manifest, damaged
from sync.rules.refusal import N_, Fault, Refused
from sync.setup import Setup
from sync.sqlite_driver import SqliteError
from sync.stores import journal as journals
from sync.till_files import JOURNAL


class RestoredTill(msgspec.Struct, frozen=True, kw_only=True):
    """A till that was restored: how many entries it has, and where the journal before is kept."""

    till: str
    entries: int
    made_ms: int
    replaced: str


def restore_till(
    setup: Setup, source: Path, manifest: Manifest, *, leave_unsent: bool
) -> RestoredTill | Refused:
    """Put the journal of a checked backup in force; what was there is kept beside it.

    Refused while anybody uses the till, if the key that signed the journal is neither here nor in
    the backup, and, unless `leave_unsent`, if entries of the journal here would be left behind
    that neither hub nor backup has. Raises `Fault`.
    """
    directory = setup.till_directory
    journal = source / JOURNAL
    with file_faults(source):
        for name in (JOURNAL, FIRST) if manifest.has(FIRST) else (JOURNAL,):
            if not check_database(source / name):
                return damaged(source, name)
        if one_value(journal, "SELECT install FROM install") != manifest.owner:
            return damaged(source, JOURNAL)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Fault(unusable(directory, error.strerror)) from error
    with ExitStack() as held:
        lock = SellingLock(directory)
        taken = lock.take("restore")
        if taken is not None:
            return taken
        held.callback(lock.release)
        try:
            held.enter_context(opening_lock(directory))
        except filelock.Timeout as error:
            raise Fault(unusable(directory, "busy")) from error
        refused = _key_refused(directory, manifest) or (
            None if leave_unsent else _left_behind(directory, journal)
        )
        if refused is not None:
            return refused
        return _put(setup, source, manifest)


def _put(setup: Setup, source: Path, manifest: Manifest) -> RestoredTill | Refused:
    directory = setup.till_directory
    aside = place_aside(directory, setup.clock.now_ms())
    with file_faults(directory):
        for name in (TILL_KEY, PHONE_KEY):
            if manifest.has(name) and not (directory / name).exists():
                copy_file(source / name, directory / name)
        if not put_database(source / JOURNAL, directory / JOURNAL, aside):
            return _being_read(setup.till.id)
        if manifest.has(FIRST):  # left out of a backup where it was damaged
            building = directory / BUILDING
            building.unlink(missing_ok=True)
            copy_file(source / FIRST, building)
            put_in_force(directory, building)
        entries = one_value(source / JOURNAL, "SELECT count(*) FROM entry")
    assert isinstance(entries, int)
    return RestoredTill(
        till=setup.till.id,
        entries=entries,
        made_ms=manifest.made_ms,
        replaced=str(aside) if aside.exists() else "",
    )


def _key_refused(directory: Path, manifest: Manifest) -> Refused | None:
    """Refuse a journal whose key is not here: nobody could go on with it."""
    if has_till_keys(directory):
        if load_or_create_till_keys(directory).install == manifest.owner:
            return None
        return Refused(
            "restore.other_till",
            N_("The backup is of another till than the one in {path}."),
            N_("Choose the till with --till; a till's key never changes."),
            {"path": directory},
        )
    if manifest.has(TILL_KEY):
        return None
    return Refused(
        "restore.no_key",
        N_("The key that signed this till's journal is neither in {path} nor in the backup."),
        N_("Put its till.key there; without it, enrol a new till and sell on as that one."),
        {"path": directory},
    )


def _left_behind(directory: Path, backup: Path) -> Refused | None:
    """Refuse to leave entries behind that neither hub nor backup has, as far as can be read."""
    path = directory / JOURNAL
    if not path.is_file() or not path.stat().st_size:
        return None
    try:
        here, there = Database(path, read_only=True), Database(backup, read_only=True)
        try:
            known = {state.run: state for state in journals.runs(there.read())}
            count = sum(
                max(0, state.end_seq - max(state.mark_seq, known[state.run].head_seq))
                if state.run in known
                else state.pending
                for state in journals.runs(here.read())
            )
        finally:
            here.close()
            there.close()
    except (Fault, SqliteError):
        return None  # it cannot be read: it is kept aside as it is
    if not count:
        return None
    return Refused(
        "restore.unsent",
        N_("Entries here that are neither at the hub nor in the backup: {count}."),
        N_("Send them first (`xuanpin sync push`); to leave them behind all the same: {option}."),
        {"count": count, "option": "--leave-unsent"},
    )


def _being_read(till: str) -> Refused:
    return Refused(
        "restore.in_use",
        N_("Somebody is reading the databases of till {till}."),
        N_("Wait until it has finished, then try again."),
        {"till": till},
    )
