"""Reading how a till stands, from its own journal, to be signed with what it sends."""

from collections.abc import Sequence

from sqlite_utils import Database

from sync.rules.reply import Mark
from sync.rules.standing import MOST_DAYS, Standing
from sync.stores import day_totals
from sync.stores import journal as journals
from sync.stores.journal import RunState


def read_standing(
    db: Database, states: Sequence[RunState], at_ms: int, sent: Mark
) -> Standing | None:
    """Return how the till stands at `at_ms` once the hub has everything of a run up to `sent`.

    None for a till without a run.
    """
    open_runs = [state.run for state in states if not state.closed]
    if not open_runs:
        return None
    left = {
        state.run: state.end_seq - max(state.mark_seq, sent.seq if state.run == sent.run else 0)
        for state in states
    }
    oldest_ms = 0
    for state in states:
        if left[state.run] > 0:
            first = journals.entries_of(db, state.run, state.end_seq - left[state.run], 1)[0]
            oldest_ms = max(first.header.at_ms, 0)
            break
    head = journals.head_of(db, open_runs[-1])
    count, days = day_totals.open_days(db, MOST_DAYS)
    return Standing(
        at_ms=max(at_ms, 0),
        run=head.run,
        seq=head.seq,
        hash=head.hash,
        pending=sum(max(0, each) for each in left.values()),
        oldest_pending_ms=oldest_ms,
        open_days=count,
        days=days,
    )
