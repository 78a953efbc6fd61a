"""Walking a till's chain in its database and finding the first entry that does not fit."""

from sqlite_utils import Database

from sync.rules.chain import MISSING, PARENTLESS, SHORTER, link_problem
from sync.rules.entry import GENESIS
from sync.rules.refusal import N_, Refused
from sync.stores import journal as journals


def check_tail(db: Database, install: str, run: str, count: int) -> Refused | None:
    """Re-hash the last `count` entries of a run; the refusal names run and seq."""
    after = max(0, journals.head_of(db, run).seq - count)
    before = journals.hash_at(db, run, after) if after else _origin(db, run)
    if before is None:
        return broken_chain(run, max(after, 1), MISSING if after else PARENTLESS)
    prev = before
    for seq, entry in enumerate(journals.entries_of(db, run, after, count), after + 1):
        problem = link_problem(entry, till=install, run=run, seq=seq, prev=prev)
        if problem:
            return broken_chain(run, seq, problem)
        prev = entry.hash
    return None


def check_run(db: Database, install: str, run: str) -> int | Refused:
    """Verify a whole run from its parent to its head; return how many entries it has."""
    prev = _origin(db, run)
    if prev is None:
        return broken_chain(run, 1, PARENTLESS)
    seq = 0
    for seq, entry in enumerate(journals.every_entry(db, run), 1):
        problem = link_problem(entry, till=install, run=run, seq=seq, prev=prev)
        if problem:
            return broken_chain(run, seq, problem)
        prev = entry.hash
    mark = journals.read_mark(db, run)
    if mark.seq and journals.hash_at(db, run, mark.seq) != mark.hash:
        return broken_chain(run, mark.seq, SHORTER)
    return seq


def _origin(db: Database, run: str) -> bytes | None:
    """Return the hash a run goes on from; None if the parent it names does not have it."""
    origin = journals.origin_of(db, run)
    if origin is None:
        return None
    if not origin.run:
        return GENESIS
    return origin.hash if journals.hash_at(db, origin.run, origin.seq) == origin.hash else None


def broken_chain(run: str, seq: int, message: str) -> Refused:
    """Refuse a journal whose chain is broken at `seq` of `run`."""
    return Refused(
        "journal.broken",
        message,
        N_("Keep the till's directory as it is, sell as another till with --till, and report it."),
        {"run": run, "seq": seq},
    )
