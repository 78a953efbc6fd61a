"""Booking what was held of a till, in order, as if it had just arrived."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from sync.rules.merge import Gap, Verdict, merge
from sync.rules.revocation import Numbered, Sorted
from sync.stores import hub_journal, hub_revocations
from sync.stores.hub_appending import Books, take_in
from sync.stores.hub_revocations import HeldEntry
from sync.stores.hub_tills import Till

_AT_ONCE = 500


class ReleasedEntries(msgspec.Struct, frozen=True):
    """The runs of which something was held; what was appended, what forked, what is held still."""

    runs: tuple[str, ...]
    appended: int
    forks: int
    left: int


def release_held(connection: Connection, books: Books, till: Till, now_ms: int) -> ReleasedEntries:
    """Take in what is held of a till; what follows something missing stays held."""
    runs: dict[str, list[HeldEntry]] = {}
    for each in hub_revocations.held_entries(connection, till.till):
        runs.setdefault(each.run, []).append(each)
    appended = forks = left = 0
    for run, held in runs.items():
        sorted_out = _sort(connection, till.till, run, held)
        for start in range(0, len(sorted_out.appended), _AT_ONCE):
            part = sorted_out.appended[start : start + _AT_ONCE]
            take_in(connection, books, till, run, Sorted(part, ()), now_ms)
        for start in range(0, len(sorted_out.forks), _AT_ONCE):
            part = sorted_out.forks[start : start + _AT_ONCE]
            take_in(connection, books, till, run, Sorted((), part), now_ms)
        appended += len(sorted_out.appended)
        forks += len(sorted_out.forks)
        left += len(sorted_out.held)
    hub_revocations.let_go(connection, till.till, list(runs))
    return ReleasedEntries(tuple(runs), appended, forks, left)


def _sort(connection: Connection, till: str, run: str, held: Sequence[HeldEntry]) -> Sorted:
    mark = hub_journal.mark_of(connection, till, run)
    seq, own = mark.seq, mark.hash
    stored = hub_journal.hashes(connection, till, run, held[0].seq, held[-1].seq)
    forked = hub_journal.forks_of(connection, till, run)
    appended: list[Numbered] = []
    forks: list[Numbered] = []
    left: list[Numbered] = []
    for each in held:
        verdicts = merge(
            seq,
            own,
            each.seq,
            [each.entry],
            stored=stored,
            forks_before=forked.get(each.seq - 1, ()),
        )
        if isinstance(verdicts, Gap):
            left.append((each.seq, each.entry))
        elif verdicts[0] is Verdict.APPEND:
            appended.append((each.seq, each.entry))
            seq, own = each.seq, each.entry.hash
            stored[seq] = own
        else:
            forks.append((each.seq, each.entry))
            forked.setdefault(each.seq, set()).add(each.entry.hash)
    return Sorted(appended, forks, left)
