"""Runs that diverged from the hub's: up to where both agree, and how the till parts from one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import msgspec

from sync.rules.entry import GENESIS, Entry
from sync.rules.refusal import Refused
from sync.rules.reply import FLAG_FORK, FLAG_GAP, Mark, Reply
from sync.rules.runs import TAG_BYTES
from sync.services.till import OpenTill
from sync.stores import day_totals
from sync.stores import journal as journals
from sync.stores.carrying import carry_over, close_after


class Batch(msgspec.Struct, frozen=True):
    """Entries of one run, in order, at least one."""

    run: str
    entries: Sequence[Entry]


class Exchange(msgspec.Struct, frozen=True):
    """The hub's checked reply, and the last entry that was in the segment it answers."""

    reply: Reply
    last: Mark

    @property
    def knew_all(self) -> bool:
        """Tell whether the hub had, or now has, everything it was sent."""
        return not {FLAG_FORK, FLAG_GAP} & set(self.reply.flags)


Show = Callable[[Batch], Exchange | Refused]


def agreed(
    till: OpenTill,
    run: str,
    answered: Exchange,
    show: Show | None,
) -> Mark | Refused:
    """Return up to where hub and till still agree on a run that diverged.

    If the hub knew all that was just sent, up to its end. Else up to the mark, unless the
    hub was put back meanwhile and then followed somebody else: so `show` it the mark's entry
    again, and start from 0 if it does not know it, or cannot be shown anything.
    """
    if run == answered.last.run and answered.knew_all:
        return answered.last
    db = till.journal.read()
    mark = journals.read_mark(db, run)
    if mark.seq == 0:
        return mark
    if show is None:
        return Mark(run, 0, GENESIS)
    shown = show(Batch(run, journals.entries_of(db, run, mark.seq - 1, 1)))
    if isinstance(shown, Refused):
        return shown
    return mark if shown.knew_all else Mark(run, 0, GENESIS)


def part(till: OpenTill, common: Mark) -> bool:
    """Close a diverged run after `common`; if more follows or is being sold, a run carries it.

    A run that was closed before is closed again only further back; returns whether it was.
    """
    stamp = till.stamp()
    with till.journal.transaction() as db:
        closed_at = journals.agreed_of(db, common.run)
        if closed_at is not None and closed_at <= common.seq:
            journals.write_mark(db, common)
            return False
        rest = {run: end - begin for run, begin, end in journals.after(db, common)}
        selling = till.sells and journals.current(db, till.run).run in rest
        if selling or any(rest.values()):
            carry_over(
                db,
                till.keys.install,
                common,
                stamp,
                tag=os.urandom(TAG_BYTES),
                entry_id=till.new_id(),
                day=day_totals.first_open(db, till.today()),
            )
        else:
            close_after(db, common, stamp.at_ms, None)
    if till.sells:
        till.sell_under(journals.current(till.journal.read(), till.run))
    return True
