"""What is there of a till on the disk before it is opened: never begun, lost, or to be opened."""

from __future__ import annotations

from pathlib import Path

from sync.keys import TILL_KEY, has_till_keys
from sync.rules.refusal import N_, Refused
from sync.setup import Setup

JOURNAL = "journal.db"
NOT_BEGUN = "till.not_begun"  # refused to read where no till has ever been used
_MOST_NAMED = 9


def check_there(setup: Setup, *, begins: bool) -> Refused | None:
    """Refuse a till whose journal is lost, and to read one that never was; writes nothing.

    A journal is durable before its key is made (`sync.services.till`), so a key without a journal
    is a loss, which a new journal would hide: its sales would be gone and its numbers used twice.
    Raises `OSError`.
    """
    journal = setup.till_directory / JOURNAL
    if journal.is_file() and journal.stat().st_size:
        return None
    if has_till_keys(setup.till_directory):
        return journal_lost(setup.till_directory)
    return None if begins or journal.is_file() else _no_such_till(setup)


def journal_lost(directory: Path) -> Refused:
    """Refuse to begin anew in a directory whose till has sold before."""
    return Refused(
        "journal.lost",
        N_("The sales of this till are missing: {path} is gone or empty, but {key} is there."),
        N_(
            "Put journal.db back, or restore the newest backup (`xuanpin sync restore DIR`);"
            " without one, sell as a new till with --till and have this one revoked."
        ),
        {"path": directory / JOURNAL, "key": TILL_KEY},
    )


def _no_such_till(setup: Setup) -> Refused:
    """Refuse to read a till that has no journal: mistyped, or not used yet."""
    tills = setup.till_directory.parent
    known = sorted(path.parent.name for path in tills.glob(f"*/{JOURNAL}"))
    named = ", ".join(known[:_MOST_NAMED]) + (" …" if len(known) > _MOST_NAMED else "")
    values = {"till": setup.till.id, "path": tills, "known": named}
    if known:
        return Refused(
            "till.unknown",
            N_("There is no till “{till}” in {path}."),
            N_("Check --till or [till] id; the tills there: {known}."),
            values,
        )
    return Refused(
        NOT_BEGUN,
        N_("There is no till “{till}” in {path} yet."),
        N_("Import goods (`xuanpin pos import`) or open its counter (`xuanpin pos`) to begin one."),
        values,
    )
