"""Verifying the whole journal of a till: every run, from its parent to its head."""

from __future__ import annotations

import msgspec

from sync.lock import unusable
from sync.rules.refusal import Fault, Refused
from sync.services.till import OpenTill
from sync.sqlite_driver import SqliteError
from sync.stores import journal as journals
from sync.stores.chain import check_run


class Verified(msgspec.Struct, frozen=True):
    """How much was verified."""

    runs: int
    entries: int


def verify_journal(till: OpenTill) -> Verified | Refused:
    """Re-hash every entry; the refusal names run and seq of the first that does not fit.

    Raises `Fault` if the database itself cannot be read.
    """
    try:
        return _verify(till)
    except SqliteError as error:
        raise Fault(unusable(till.directory, error)) from error


def _verify(till: OpenTill) -> Verified | Refused:
    db = till.journal.read()
    entries = 0
    states = journals.runs(db)
    for state in states:
        checked = check_run(db, till.keys.install, state.run)
        if isinstance(checked, Refused):
            return checked
        entries += checked
    return Verified(len(states), entries)
