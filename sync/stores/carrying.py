"""Parting ways: what follows the last agreed entry is closed, and one new run carries it on.

So the live part of a till's journal stays one chain, and the hub, which is told what every run
goes on from, always knows what it lacks.
"""

from msgspec import structs
from sqlite_utils import Database

from sync.rules.entry import GENESIS, Draft
from sync.rules.reply import Mark
from sync.rules.runs import Run, Stamp
from sync.stores import journal as journals


def carry_over(
    db: Database,
    till: str,
    common: Mark,
    stamp: Stamp,
    *,
    tag: bytes,
    entry_id: str,
    day: str,
) -> Run:
    """Close everything after `common` and open a run that carries it, verbatim.

    Kind, id, body, private part, day, amount and wall time stay as they were, so whoever books
    by id and body sees the same thing. The new run goes on from the last agreed entry, which
    is `common` or, if its seq is 0, the parent of its run.
    """
    rest = journals.after(db, common)
    run = journals.open_run(
        db,
        till,
        stamp,
        tag=tag,
        entry_id=entry_id,
        day=day,
        parent=journals.end_of(db, common.run, common.seq),
        carries=common.run,
    )
    for closing, begin, end in rest:
        for entry in journals.entries_of(db, closing, begin, end - begin):
            header = entry.header
            draft = Draft(
                header.kind, header.id, header.day, header.amount_fen, entry.body, entry.private
            )
            journals.carry(db, run, structs.replace(stamp, at_ms=header.at_ms), draft)
    close_after(db, common, stamp.at_ms, run.run)
    return run


def close_after(db: Database, common: Mark, at_ms: int, successor: str | None) -> None:
    """Close the run of `common` there, and whatever goes on from what is after it altogether."""
    for run, _, _ in journals.after(db, common):
        end = common if run == common.run else Mark(run, 0, GENESIS)
        journals.write_mark(db, end)
        journals.close_run(db, end, at_ms, successor)
