"""Exporting a till's journal as files on a stick: the segments that a push would send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import structs

from sync.rules.enrolling import not_enrolled
from sync.rules.refusal import Refused
from sync.rules.segment import MOST_PACKED_BYTES, SegmentHead, check_segment, unpack
from sync.rules.stick import segment_name
from sync.services.till import OpenTill
from sync.stick_files import Stick
from sync.stores import journal as journals
from sync.stores.cutting import cut_segment
from sync.stores.enrolment import Enrolment
from sync.stores.journal import RunState

Progress = Callable[[int, int], None]


class Exported(msgspec.Struct, frozen=True):
    """What the stick holds now: files by name, their entries, and how many were there before."""

    files: tuple[str, ...]
    entries: int
    already: int


def export_journal(
    till: OpenTill, stick: Stick, *, everything: bool, progress: Progress
) -> Exported | Refused:
    """Write what the hub has not acknowledged, or `everything`; only the stick is written.

    Marks move when the hub's replies come back. A segment that is on the stick already stays as
    it is, so that the reply beside it fits it. `progress` is told entries done, and of how many.
    Refused before the till is enrolled; raises `Fault` if stick or journal fail.
    """
    enrolment = till.enrolment
    if enrolment is None:
        return not_enrolled()
    stick.prepare()
    states = journals.runs(till.journal.read())
    most = sum(each.end_seq - _first(each, everything=everything) for each in states)
    files: list[str] = []
    entries = already = 0
    for data, head in _segments(till, enrolment, states, everything=everything):
        name = segment_name(enrolment.number, head)
        if _is_there(stick, name, head, enrolment):
            already += 1
        else:
            stick.write(name, data)
        files.append(name)
        entries += head.last_seq - head.first_seq + 1
        progress(entries, most)
    return Exported(tuple(files), entries, already)


def _first(state: RunState, *, everything: bool) -> int:
    """Return the seq after which a run is exported."""
    return 0 if everything else min(state.mark_seq, state.end_seq)


def _segments(
    till: OpenTill, enrolment: Enrolment, states: Sequence[RunState], *, everything: bool
) -> Iterator[tuple[bytes, SegmentHead]]:
    """Cut run by run, oldest first, as if every segment had arrived before the next is cut."""
    db = till.journal.read()
    sent = list(states)
    for place, state in enumerate(states):
        seq, last = _first(state, everything=everything), state.end_seq
        while seq < last:
            found = journals.unpushed(db, structs.replace(state, mark_seq=seq))[: last - seq]
            data, count = cut_segment(
                db,
                found,
                enrolment=enrolment,
                sign=till.keys.sign,
                at_ms=till.now_ms(),
                states=sent,
            )
            seq += count
            sent[place] = structs.replace(state, mark_seq=max(seq, state.mark_seq))
            segment = unpack(data)
            assert not isinstance(segment, Refused), "a segment that was just packed"
            yield data, segment.head


def _is_there(stick: Stick, name: str, head: SegmentHead, enrolment: Enrolment) -> bool:
    """Tell whether the stick holds a sound segment with the same entries for the same hub."""
    if not stick.has(name):
        return False
    segment = unpack(stick.read(name, MOST_PACKED_BYTES))
    if isinstance(segment, Refused):
        return False
    if isinstance(check_segment(segment, enrolment.hub_public), Refused):
        return False
    there = segment.head
    return (there.hub_id, there.till, there.run, there.first_seq, there.last_hash) == (
        head.hub_id,
        head.till,
        head.run,
        head.first_seq,
        head.last_hash,
    )
