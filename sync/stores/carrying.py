"""Parting ways: a run that diverged from the hub's is closed, and another carries it on."""

from dataclasses import replace

from sqlite_utils import Database

from sync.rules.entry import Draft
from sync.rules.reply import Mark
from sync.rules.runs import Run, Stamp
from sync.stores import journal as journals


def carry_over(
    db: Database,
    till: str,
    closed: Mark,
    stamp: Stamp,
    *,
    tag: bytes,
    entry_id: str,
    day: str,
) -> Run:
    """Close a run and open another with everything after `closed.seq`, verbatim.

    Kind, id, body, private part, day, amount and wall time stay as they were, so whoever books
    by id and body sees the same thing. The new run goes on from the last agreed entry, which
    is `closed` or, if its seq is 0, the parent of the closed run.
    """
    parent = closed if closed.seq else journals.origin_of(db, closed.run)
    run = journals.open_run(
        db,
        till,
        stamp,
        tag=tag,
        entry_id=entry_id,
        day=day,
        parent=parent if parent is not None and parent.run else None,
        carries=closed.run,
    )
    head = journals.head_of(db, closed.run).seq
    for entry in journals.entries_of(db, closed.run, closed.seq, head):
        header = entry.header
        draft = Draft(
            header.kind, header.id, header.day, header.amount_fen, entry.body, entry.private
        )
        journals.carry(db, run, replace(stamp, at_ms=header.at_ms), draft)
    journals.close_run(db, closed.run, stamp.at_ms, run.run)
    return run
