"""The files of backups: consistent copies of databases in use, digests, and durable placing."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from sync.durable import sync_directory, sync_file
from sync.rules.backup import (
    MANIFEST,
    MOST_MANIFEST_BYTES,
    BackedUpFile,
    Manifest,
    damaged,
    not_a_backup,
    read_manifest,
)
from sync.rules.days import china_time
from sync.rules.refusal import N_, Fault, Refused
from sync.sqlite_driver import sqlite3

_BESIDE = ("-wal", "-shm", "-journal")
_BLOCK = 1024 * 1024


@contextmanager
def backup_draft(final: Path) -> Iterator[Path | Refused]:
    """Give a new directory that becomes `final` when the block ends without an exception.

    Refused if there is something already, or nothing to put it into. Raises `Fault` for what the
    disk does; then nothing is left.
    """
    if final.exists() or final.is_symlink():
        yield _exists(final)
        return
    draft = final.with_name(f".{final.name}.{os.getpid()}.partial")
    try:
        with file_faults(final):
            draft.mkdir(mode=0o700)
            yield draft
            for directory in (*(path for path in draft.rglob("*") if path.is_dir()), draft):
                sync_directory(directory)
            draft.rename(final)
            sync_directory(final.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


@contextmanager
def file_faults(path: Path) -> Iterator[None]:
    """Raise `Fault` for what the disk, or SQLite over it, does to a backup at `path`."""
    try:
        yield
    except OSError as error:
        raise Fault(_unusable(path, error.strerror or error)) from error
    except sqlite3.Error as error:
        raise Fault(_unusable(path, error)) from error


def copy_database(source: Path, to: Path) -> None:
    """Copy a SQLite database as it stands now, also while others write to it, into one file."""
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(str(to))) as copy,
    ):
        original.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    sync_file(to)


def copy_file(source: Path, to: Path) -> None:
    """Copy a file durably, for its owner alone."""
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with source.open("rb") as original:
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as copy:
            shutil.copyfileobj(original, copy, _BLOCK)
            copy.flush()
            os.fsync(copy.fileno())


def describe(draft: Path) -> tuple[BackedUpFile, ...]:
    """Return every file under a directory with its size and digest."""
    return tuple(
        BackedUpFile(path.relative_to(draft).as_posix(), path.stat().st_size, _digest(path))
        for path in sorted(draft.rglob("*"))
        if path.is_file()
    )


def write_manifest(draft: Path, manifest: Manifest) -> None:
    """Write the manifest durably, as the last file of a backup."""
    path = draft / MANIFEST
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    sync_file(path)


def checked_manifest(directory: Path) -> Manifest | Refused:
    """Read a backup's manifest and check every file against it. Raises `Fault`."""
    with file_faults(directory):
        try:
            with (directory / MANIFEST).open("rb") as source:
                manifest = read_manifest(source.read(MOST_MANIFEST_BYTES))
        except (FileNotFoundError, NotADirectoryError):
            manifest = None
        if manifest is None:
            return not_a_backup(directory)
        for each in manifest.files:
            path = directory / each.name
            if not path.is_file() or path.stat().st_size != each.size:
                return damaged(directory, each.name)
            if _digest(path) != each.sha256:
                return damaged(directory, each.name)
    return manifest


def check_database(path: Path) -> bool:
    """Tell whether a database that nobody has open is whole; writes nothing beside it."""
    try:
        with closing(sqlite3.connect(_immutable(path), uri=True)) as database:
            return bool(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
    except sqlite3.DatabaseError:
        return False


def one_value(path: Path, query: str) -> object:
    """Return the single value that a query finds in a database that nobody has open."""
    with closing(sqlite3.connect(_immutable(path), uri=True)) as database:
        row = database.execute(query).fetchone()
    return None if row is None else row[0]


def put_database(source: Path, at: Path, aside: Path) -> bool:
    """Put a copy of `source` in the place of the database `at`, which is kept in `aside`.

    At every moment there is one whole database at that place. False, and nothing is changed, if
    somebody has the one there open. `aside` is made if there is anything to keep.
    """
    draft = at.with_name(f"{at.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    copy_file(source, draft)
    try:
        if (at.exists() or _logs_of(at)) and not _keep_aside(at, aside):
            return False
        draft.replace(at)
        sync_directory(at.parent)
    finally:
        draft.unlink(missing_ok=True)
    return True


def place_aside(directory: Path, at_ms: int) -> Path:
    """Name a place for what is replaced at a moment; nothing is there yet."""
    name = f"replaced-{china_time(at_ms):%Y%m%d-%H%M%S}"
    places = (directory / (f"{name}-{count}" if count else name) for count in itertools.count())
    return next(place for place in places if not place.exists())


def _keep_aside(at: Path, aside: Path) -> bool:
    """Keep a database aside, and leave no log beside it that another file would be read with."""
    aside.mkdir(parents=True, exist_ok=True, mode=0o700)
    logs = _logs_of(at)
    for log in logs:
        copy_file(log, aside / log.name)
    in_order = _closed_whole(at)
    if in_order is None:
        shutil.rmtree(aside, ignore_errors=True)
        return False
    if in_order:
        remove_files([aside / log.name for log in logs])
    remove_files(_logs_of(at))
    if at.exists():
        try:
            os.link(at, aside / at.name)
        except OSError:  # a file system without second names
            copy_file(at, aside / at.name)
    sync_directory(aside)
    return True


def _logs_of(at: Path) -> Sequence[Path]:
    return [log for ending in _BESIDE if (log := at.with_name(at.name + ending)).exists()]


def _closed_whole(at: Path) -> bool | None:
    """Let a database have all it logged in its one file; None if somebody uses it.

    False if it is damaged: then its logs belong to it still. One that is gone or empty is not
    opened, because SQLite would delete the logs.
    """
    if not at.exists() or not at.stat().st_size:
        return False
    try:
        with closing(sqlite3.connect(str(at), timeout=0, isolation_level=None)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            mode = database.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        return None if "locked" in str(error) else False
    return True if mode == ("delete",) else None


def remove_files(paths: Sequence[Path]) -> None:
    """Remove files as far as the system lets us."""
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _immutable(path: Path) -> str:
    return f"{path.absolute().as_uri()}?immutable=1"


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _exists(path: Path) -> Refused:
    return Refused(
        "backup.exists",
        N_("{path} exists already; a backup never replaces anything."),
        N_("Name a directory that does not exist yet."),
        {"path": path},
    )


def _unusable(path: Path, problem: object) -> Refused:
    return Refused(
        "backup.unusable",
        N_("The backup at {path} cannot be written or read: {problem}."),
        N_("Check that its disk is mounted, its free space and permissions."),
        {"path": path, "problem": problem},
    )
