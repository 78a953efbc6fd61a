"""Cutting the journal into signed segments: the same object by wire and on a stick."""

from collections.abc import Sequence

from sqlite_utils import Database

from sync.rules.certificate import Sign
from sync.rules.entry import Entry
from sync.rules.reply import Mark
from sync.rules.segment import pack
from sync.rules.standing import encode_standing
from sync.stores import journal as journals
from sync.stores.enrolment import Enrolment
from sync.stores.journal import RunState
from sync.stores.standing import read_standing


def cut_segment(
    db: Database,
    entries: Sequence[Entry],
    *,
    enrolment: Enrolment,
    sign: Sign,
    at_ms: int,
    states: Sequence[RunState] | None = None,
) -> tuple[bytes, int]:
    """Pack the longest start of a run's consecutive entries; return the bytes and how many.

    `sign` is the till's. `states` are its runs, so far as the hub will have them before this
    segment; None for the journal's own marks.
    """
    run = entries[0].header.run

    def standing(count: int) -> bytes:
        last = entries[count - 1]
        sent = Mark(run, last.header.seq, last.hash)
        known = journals.runs(db) if states is None else states
        stands = read_standing(db, known, at_ms, sent)
        return encode_standing(stands) if stands else b""

    return pack(
        entries,
        hub_id=enrolment.hub_id,
        parent_run=journals.parent_of(db, run),
        certificate=enrolment.certificate,
        sign=sign,
        standing=standing,
    )
