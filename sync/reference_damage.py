"""When a till's reference data is damaged: what counts as damage, and what a person does about it.

A disk that fails for a moment, a lock or a missing permission are no damage: only what SQLite calls
no database or malformed, an empty file, and a pointer that leads nowhere.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from msgspec import structs

from sync.database import BUSY_TIMEOUT_S
from sync.disk_faults import unusable
from sync.rules.refusal import N_, Fault, Refused, Words
from sync.sqlite_driver import sqlite3

DAMAGED = "reference.damaged"
_CORRUPT, _NOT_A_DATABASE = 11, 26  # SQLITE_CORRUPT, SQLITE_NOTADB
_PRIMARY = 0xFF  # the primary code within an extended one
_MALFORMED = "database disk image is malformed"  # as SQLite calls it wherever else it shows
FETCH = N_(
    "Nothing sold is lost. Run `xuanpin sync pull`; without the hub, `xuanpin pos import FILE`"
    " brings goods back."
)
IMPORT = N_("Nothing sold is lost. Import the goods again: `xuanpin pos import FILE`.")


class ReferenceDamaged(Fault):
    """The reference data cannot be read and will not heal: it is fetched or imported anew."""


def means_damage(error: BaseException | None) -> bool:
    """Tell whether SQLite said, here or as the cause of a `Fault`, that a file is damaged."""
    if isinstance(error, Fault):
        return isinstance(error, ReferenceDamaged) or means_damage(error.__cause__)
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY in (_CORRUPT, _NOT_A_DATABASE)


def damage_in(path: Path) -> Refused | None:
    """Look through a whole file of reference data; say what is damaged, None if nothing is.

    Raises `Fault` if that cannot be told: the disk fails, or the file may not be read.
    """
    try:
        if is_empty(path):
            return empty_file(path)
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S)) as database:
            (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except (OSError, sqlite3.Error) as error:
        if means_damage(error):
            return damaged_file(path, error)
        raise Fault(unusable(path, error)) from error
    return None if said == "ok" else damaged_file(path, _MALFORMED)


def is_empty(path: Path) -> bool:
    """Tell whether a file is there and has nothing in it. Raises `OSError`."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return False


def with_remedy(damage: Refused, *, enrolled: bool) -> Refused:
    """Return a refusal of damaged reference data that says what helps at this till."""
    return structs.replace(damage, hint=FETCH if enrolled else IMPORT)


def damaged_file(path: Path, problem: object) -> Refused:
    """Refuse a file that SQLite cannot read as a database."""
    return Refused(DAMAGED, _DAMAGED, FETCH, {"path": path, "problem": str(problem)})


def empty_file(path: Path) -> Refused:
    """Refuse a file that has lost everything."""
    problem = Words(N_("the file is empty"))
    return Refused(DAMAGED, _DAMAGED, FETCH, {"path": path, "problem": problem})


def pointer_unreadable(pointer: Path) -> Refused:
    """Refuse a pointer that is not exactly the name of a file of reference data."""
    return Refused(
        DAMAGED,
        N_("{path} is damaged: it names no file of reference data (goods, prices, members)."),
        FETCH,
        {"path": pointer},
    )


def pointer_missing(pointer: Path) -> Refused:
    """Refuse files of reference data none of which is said to be in force."""
    return Refused(
        DAMAGED,
        N_("{path} is missing: it says which file of reference data (goods, prices) is in force."),
        FETCH,
        {"path": pointer},
    )


def named_missing(pointer: Path, name: str) -> Refused:
    """Refuse a pointer to a file that is not there."""
    return Refused(
        DAMAGED,
        N_("{path} names {name} as the reference data (goods, prices), which is not there."),
        FETCH,
        {"path": pointer, "name": name},
    )


_DAMAGED = N_("The reference data (goods, prices, members, staff) in {path} is damaged: {problem}.")
