"""Revoking a till: up to where its entries and its card counters are still its own.

A revocation names the last good entry of each run and the last good card counter of each range
that was granted. What goes beyond is held for a person, never dropped and never booked.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import structs

from sync.rules.decoding import from_json
from sync.rules.entry import Entry
from sync.rules.merge import Verdict
from sync.rules.reply import Mark

FEED = "revoked_tills"
Numbered = tuple[int, Entry]


class Range(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Card counters `first` … `last`, both inclusive."""

    first: int
    last: int

    def holds(self, counter: int) -> bool:
        """Tell whether a counter is one of these."""
        return self.first <= counter <= self.last


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Until when a till was its owner's: `marks` by run, `counters` by granted range.

    A run or range that is not named has nothing good. `since_ms` is the moment a person gave,
    else that of revoking; `who` is the person's name at the hub's machine.
    """

    marks: tuple[Mark, ...]
    counters: tuple[Range, ...]
    since_ms: int
    reason: str
    who: str

    def allows(self, run: str, seq: int, own: bytes) -> bool:
        """Tell whether an entry with hash `own` stands no later than the run's last good one."""
        good = next((mark for mark in self.marks if mark.run == run), None)
        if good is None or seq > good.seq:
            return False
        return seq < good.seq or own == good.hash


class Sorted(msgspec.Struct, frozen=True):
    """What becomes of a segment's entries, each with its seq; duplicates are left out."""

    appended: Sequence[Numbered]
    forks: Sequence[Numbered]
    held: Sequence[Numbered] = ()


def sort_out(
    run: str,
    numbered: Sequence[Numbered],
    verdicts: Sequence[Verdict],
    revocation: Revocation | None,
) -> Sorted:
    """Sort a run's entries by the verdict on each; of a revoked till, hold what is beyond good.

    A revoked till forks nothing: an entry that contradicts the hub's is held as well.
    """
    appended: list[Numbered] = []
    forks: list[Numbered] = []
    held: list[Numbered] = []
    for (seq, entry), verdict in zip(numbered, verdicts, strict=True):
        if verdict is Verdict.DUPLICATE:
            continue
        if revocation is None:
            (appended if verdict is Verdict.APPEND else forks).append((seq, entry))
            continue
        good = not held and verdict is Verdict.APPEND and revocation.allows(run, seq, entry.hash)
        (appended if good else held).append((seq, entry))
    return Sorted(appended, forks, held)


def tightened(one: Revocation, other: Revocation) -> Revocation:
    """Return what both allow, as `other` words it: a revocation only grows.

    >>> from sync.rules.reply import Mark
    >>> a = Revocation((Mark("1-aa", 7, b"7"),), (Range(1, 9),), 0, "stolen", "Li")
    >>> b = Revocation((Mark("1-aa", 5, b"5"),), (Range(1, 11),), 0, "since Monday", "Li")
    >>> [(m.seq, r.last) for t in [tightened(a, b)] for m, r in zip(t.marks, t.counters)]
    [(5, 9)]
    """
    before = {mark.run: mark for mark in one.marks}
    marks = tuple(
        min(mark, before[mark.run], key=lambda each: each.seq)
        for mark in other.marks
        if mark.run in before
    )
    lasts = {each.first: each.last for each in one.counters}
    counters = tuple(
        Range(each.first, min(each.last, lasts[each.first]))
        for each in other.counters
        if each.first in lasts
    )
    return structs.replace(other, marks=marks, counters=counters)


def widened(
    revocation: Revocation, marks: Mapping[str, Mark], counters: Sequence[Range]
) -> Revocation:
    """Return a revocation that also allows what a person has found to be genuine."""
    good = {mark.run: mark for mark in revocation.marks}
    for run, mark in marks.items():
        if run not in good or good[run].seq < mark.seq:
            good[run] = mark
    lasts = {each.first: each.last for each in revocation.counters}
    for each in counters:
        lasts[each.first] = max(each.last, lasts.get(each.first, 0))
    return structs.replace(
        revocation,
        marks=tuple(good[run] for run in sorted(good)),
        counters=tuple(Range(first, lasts[first]) for first in sorted(lasts)),
    )


class _Fed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all tills are told of a revoked one: the counters up to which its cards are good."""

    good: tuple[Range, ...]


def fed(revocation: Revocation | None) -> bytes:
    """Return what the feed says of a till: JSON, or nothing when it is no longer revoked."""
    return b"" if revocation is None else msgspec.json.encode(_Fed(revocation.counters))


def read_fed(data: bytes) -> tuple[Range, ...] | None:
    """Return the good counters the feed names; None for a till that is no longer revoked.

    Raises `ValueError` for what this feed never held.
    """
    return from_json(data, _Fed).good if data else None
