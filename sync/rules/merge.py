"""The hub's decision about each entry of a segment: duplicate, append, fork; or a gap for all.

Only authenticity and sequence count here; what an entry means is decided later, by booking.
"""

from collections.abc import Container, Mapping, Sequence
from enum import Enum
from typing import Protocol

import msgspec


class Verdict(Enum):
    """What becomes of one entry."""

    DUPLICATE = "duplicate"  # the hub has it: acknowledged again, nothing stored
    APPEND = "append"  # the next of its run: stored, and the mark moves on to it
    FORK = "fork"  # another entry than the hub has in this place: kept beside the run, alarm


class Gap(msgspec.Struct, frozen=True):
    """The segment starts beyond the mark and continues nothing that the hub has."""

    expected_seq: int


class Linked(Protocol):
    """What the decision reads of an entry: its place is given by order."""

    @property
    def prev(self) -> bytes:
        """The hash of the entry before it; for the first of a run, of the run's parent."""
        ...

    @property
    def hash(self) -> bytes:
        """The entry's own hash."""
        ...


def merge(
    mark_seq: int,
    mark_hash: bytes,
    first_seq: int,
    entries: Sequence[Linked],
    *,
    stored: Mapping[int, bytes],
    forks_before: Container[bytes] = (),
) -> tuple[Verdict, ...] | Gap:
    """Decide about consecutive entries of one run, `entries[0]` being number `first_seq`.

    The mark is the last stored entry of the run (0 and empty when there is none); `stored` are
    the hashes that the run has at these places; `forks_before` the hashes of known forks just
    before `first_seq`, so that a fork already seen goes on instead of being a gap.
    """
    verdicts: list[Verdict] = []
    forked = bool(entries) and entries[0].prev in forks_before
    for seq, entry in enumerate(entries, first_seq):
        if seq <= mark_seq:
            same = stored.get(seq) == entry.hash
            verdicts.append(Verdict.DUPLICATE if same else Verdict.FORK)
            forked = not same
        elif seq == mark_seq + 1 and (mark_seq == 0 or entry.prev == mark_hash):
            verdicts.append(Verdict.APPEND)
            mark_seq, mark_hash, forked = seq, entry.hash, False
        elif forked or seq == mark_seq + 1:
            verdicts.append(Verdict.FORK)
            forked = True
        else:
            return Gap(mark_seq + 1)
    return tuple(verdicts)
