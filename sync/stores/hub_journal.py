"""The hub's copy of every till's journal: runs, entries, forks, and the signed heads.

What every push asks is put together once: for SQLAlchemy that is more work than the asking.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, exists, func, or_, select

from sync.rules.entry import Entry
from sync.rules.reply import Mark
from sync.rules.segment import Segment, read_head
from sync.stores.hub_rows import Values, add_missing, add_values
from sync.stores.hub_tables import ENTRY, FORK, HELD, RUN, SEGMENT, STANDING

_OF_TILL: BindParameter[str] = bindparam("till")
_OF_RUN: BindParameter[str] = bindparam("run")
_OF_SEQ: BindParameter[int] = bindparam("seq")
_LAST = (
    select(ENTRY.c.seq, ENTRY.c.hash)
    .where(ENTRY.c.till == _OF_TILL, ENTRY.c.run == _OF_RUN)
    .order_by(ENTRY.c.seq.desc())
    .limit(1)
)
_HASHES = select(ENTRY.c.seq, ENTRY.c.hash).where(
    ENTRY.c.till == _OF_TILL,
    ENTRY.c.run == _OF_RUN,
    ENTRY.c.seq.between(bindparam("first"), bindparam("last")),
)
_FORKS = select(FORK.c.hash).where(
    FORK.c.till == _OF_TILL, FORK.c.run == _OF_RUN, FORK.c.seq == _OF_SEQ
)
_NEAR = select(RUN).where(
    RUN.c.till == _OF_TILL, or_(RUN.c.run == _OF_RUN, RUN.c.parent_run == _OF_RUN)
)
_CHILDREN = select(RUN.c.parent_hash).where(
    RUN.c.till == _OF_TILL, RUN.c.parent_run == _OF_RUN, RUN.c.parent_seq == _OF_SEQ
)

_PARENT = select(RUN.c.parent_run, RUN.c.parent_seq).where(
    RUN.c.till == _OF_TILL, RUN.c.run == _OF_RUN
)
_GOES_ON = (
    select(RUN.c.run, RUN.c.parent_run, RUN.c.parent_seq)
    .where(RUN.c.till == _OF_TILL, RUN.c.run == _OF_RUN)
    .cte(recursive=True)
)
_LINE = select(
    _GOES_ON.union(
        select(RUN.c.run, RUN.c.parent_run, RUN.c.parent_seq).where(
            RUN.c.till == _OF_TILL, RUN.c.run == _GOES_ON.c.parent_run
        )
    )
)


def mark_of(connection: Connection, till: str, run: str) -> Mark:
    """Return the last stored entry of a run, `seq` 0 and no hash when there is none."""
    found = connection.execute(_LAST, {"till": till, "run": run}).first()
    return Mark(run, 0, b"") if found is None else Mark(run, found.seq, found.hash)


def marks_of(connection: Connection, till: str) -> tuple[Mark, ...]:
    """Return the last stored entry of every run of a till."""
    last = (
        select(ENTRY.c.run, func.max(ENTRY.c.seq).label("seq"))
        .where(ENTRY.c.till == till)
        .group_by(ENTRY.c.run)
        .subquery()
    )
    found = connection.execute(
        select(ENTRY.c.run, ENTRY.c.seq, ENTRY.c.hash)
        .join(last, and_(last.c.run == ENTRY.c.run, last.c.seq == ENTRY.c.seq))
        .where(ENTRY.c.till == till)
        .order_by(ENTRY.c.run)
    )
    return tuple(Mark(run, seq, own) for run, seq, own in found)


def marks_at(connection: Connection, till: str, at_ms: int) -> tuple[Mark, ...]:
    """Return how far every run of a till had come at a moment, by the heads received until then.

    Only places that are still in the run count: what had been a fork is passed over.
    """
    found = connection.execute(
        select(SEGMENT.c.run, SEGMENT.c.head).where(
            SEGMENT.c.till == till, SEGMENT.c.received_ms <= at_ms
        )
    )
    last: dict[str, Mark] = {}
    for run, data in found:
        head = read_head(data)
        if head.last_seq > (last[run].seq if run in last else 0):
            stored = hashes(connection, till, run, head.last_seq, head.last_seq)
            if stored.get(head.last_seq) == head.last_hash:
                last[run] = Mark(run, head.last_seq, head.last_hash)
    return tuple(last[run] for run in sorted(last))


def last_received(connection: Connection) -> dict[str, int]:
    """Return by install id when each till last brought something new, in Unix milliseconds.

    New are entries, and what a till says of its running totals.
    """
    brought = select(SEGMENT.c.till, func.max(SEGMENT.c.received_ms)).group_by(SEGMENT.c.till)
    said = select(STANDING.c.till, STANDING.c.received_ms)
    last: dict[str, int] = {}
    for till, received_ms in connection.execute(brought.union_all(said)):
        last[till] = max(received_ms, last.get(till, 0))
    return last


def hashes(connection: Connection, till: str, run: str, first: int, last: int) -> dict[int, bytes]:
    """Return the stored hashes of a run from `first` to `last`, by seq."""
    place = {"till": till, "run": run, "first": first, "last": last}
    return {row.seq: row.hash for row in connection.execute(_HASHES, place)}


def fork_hashes(connection: Connection, till: str, run: str, seq: int) -> frozenset[bytes]:
    """Return the hashes of all forks stored at one place of a run."""
    found = connection.execute(_FORKS, {"till": till, "run": run, "seq": seq})
    return frozenset(found.scalars())


def forks_of(connection: Connection, till: str, run: str) -> dict[int, set[bytes]]:
    """Return the hashes of all forks of a run, by seq."""
    found: dict[int, set[bytes]] = {}
    for seq, own in connection.execute(
        select(FORK.c.seq, FORK.c.hash).where(FORK.c.till == till, FORK.c.run == run)
    ):
        found.setdefault(seq, set()).add(own)
    return found


def add_entries(
    connection: Connection, till: str, run: str, entries: Sequence[tuple[int, Entry]]
) -> None:
    """Append entries, given with their seq, to a run."""
    rows: list[Values] = [
        (
            till,
            run,
            seq,
            entry.prev,
            entry.header_bytes,
            entry.body,
            entry.private.salt if entry.private else None,
            entry.private.data if entry.private else None,
            entry.hash,
        )
        for seq, entry in entries
    ]
    add_values(connection, ENTRY, rows)


def add_forks(
    connection: Connection, till: str, run: str, entries: Sequence[tuple[int, Entry]]
) -> None:
    """Keep entries that contradict a run beside it; a fork already kept stays one row."""
    add_missing(connection, FORK, entry_rows(till, run, entries))


def entry_rows(till: str, run: str, entries: Iterable[tuple[int, Entry]]) -> list[dict[str, Any]]:
    """Return a row for each entry, given with its seq, with all columns that entries have."""
    return [
        {
            "till": till,
            "run": run,
            "seq": seq,
            "prev": entry.prev,
            "hash": entry.hash,
            "header": entry.header_bytes,
            "body": entry.body,
            "salt": entry.private.salt if entry.private else None,
            "private": entry.private.data if entry.private else None,
        }
        for seq, entry in entries
    ]


def add_evidence(connection: Connection, segment: Segment, received_ms: int) -> None:
    """Keep a segment's signed head with the certificate that vouches for it."""
    head = segment.head
    row = {
        "till": head.till,
        "run": head.run,
        "first_seq": head.first_seq,
        "last_hash": head.last_hash,
        "head": segment.head_bytes,
        "signature": segment.signature,
        "certificate": segment.certificate,
        "received_ms": received_ms,
    }
    add_missing(connection, SEGMENT, [row])


def add_run(connection: Connection, till: str, run: str, origin: Mark) -> None:
    """Note which entry a run goes on from."""
    row = {
        "till": till,
        "run": run,
        "parent_run": origin.run,
        "parent_seq": origin.seq,
        "parent_hash": origin.hash,
    }
    add_missing(connection, RUN, [row])


def missing_parents(connection: Connection, till: str, most: int) -> tuple[Mark, ...]:
    """Return up to `most` places that runs of a till go on from, and where it has nothing here."""
    missing = select(RUN.c.parent_run, RUN.c.parent_seq, RUN.c.parent_hash).where(
        RUN.c.till == till, RUN.c.parent_run != ""
    )
    for table in (ENTRY, HELD):
        here = exists().where(
            table.c.till == till,
            table.c.run == RUN.c.parent_run,
            table.c.seq == RUN.c.parent_seq,
            table.c.hash == RUN.c.parent_hash,
        )
        missing = missing.where(~here)
    places = missing.distinct().order_by(RUN.c.parent_run, RUN.c.parent_seq).limit(most)
    return tuple(Mark(run, seq, own) for run, seq, own in connection.execute(places))


def branches(connection: Connection, till: str, run: str) -> list[tuple[str, int]]:
    """Return where the chain of runs branches, next to one run: places `(run, seq)`.

    A place branches if two runs go on from it, or if one does and its own run goes on too, or
    has another entry there than the child named.
    """
    own = connection.execute(_NEAR, {"till": till, "run": run}).all()
    places = {(row.parent_run, row.parent_seq) for row in own}
    return sorted(place for place in places if _branches_at(connection, till, *place))


def _branches_at(connection: Connection, till: str, run: str, seq: int) -> bool:
    place = {"till": till, "run": run, "seq": seq}
    children = connection.execute(_CHILDREN, place).all()
    if len(children) > 1:
        return True
    if not run:
        return False
    mark = mark_of(connection, till, run)
    if mark.seq < seq:
        return False  # the parent has not arrived whole yet
    return mark.seq > seq or bool(mark.hash != children[0].parent_hash)


def parting(connection: Connection, till: str, run: str, other: str) -> tuple[str, int] | None:
    """Return the last place `(run, seq)` that two runs of a till both go on from, or one from the
    other; None if they have nothing in common.
    """
    parent = connection.execute(_PARENT, {"till": till, "run": run}).first()
    if parent is not None and parent.parent_run == other:  # as at every start of an honest till
        return (other, parent.parent_seq)
    ours, theirs = _line(connection, till, run), _line(connection, till, other)
    common = next((each for each in ours if each in theirs), None)
    return None if common is None else (common, min(ours[common], theirs[common]))


def _line(connection: Connection, till: str, run: str) -> dict[str, int]:
    """Return a run and those that it goes on from, the newest first: each up to which entry."""
    found = connection.execute(_LINE, {"till": till, "run": run}).all()
    parents = {row.run: (row.parent_run, row.parent_seq) for row in found}
    line = {run: sys.maxsize}
    while (parent := parents.pop(run, None)) is not None and parent[0]:
        run, line[parent[0]] = parent
    return line
