"""The journal of a till: append to a run's chain, read runs and entries, follow the marks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
from sqlite_utils import Database

from sync.rules import origins
from sync.rules.entry import (
    GENESIS,
    MOST_BODY_BYTES,
    Draft,
    Entry,
    Header,
    Private,
    encode_header,
    entry_hash,
)
from sync.rules.reply import Mark
from sync.rules.runs import RUN_OPENED, RunOpened, run_name
from sync.rules.runs import Run as Run
from sync.rules.runs import Stamp as Stamp
from sync.rules.segment import MOST_ENTRIES, MOST_UNPACKED_BYTES, header_problem
from sync.stores import day_totals
from sync.stores.journal_tables import MIGRATIONS as MIGRATIONS

_LAST = """SELECT seq, hash, (SELECT successor FROM run WHERE run = ?1)
FROM entry WHERE run = ?1 ORDER BY seq DESC LIMIT 1"""
_COLUMNS = "e.header, e.body, p.salt, p.data, e.prev, e.hash"
_ENTRIES = f"""SELECT {_COLUMNS} FROM entry e LEFT JOIN private p USING (run, seq)
WHERE e.run = ? AND e.seq > ? ORDER BY e.seq LIMIT ?"""  # noqa: S608 - constants only
_RUNS = """SELECT r.run, r.parent_run, r.agreed_seq,
    coalesce((SELECT max(seq) FROM entry e WHERE e.run = r.run), 0) AS head,
    coalesce(m.seq, 0)
FROM run r LEFT JOIN mark m ON m.run = r.run ORDER BY r.number"""


class RunState(msgspec.Struct, frozen=True):
    """How far a run is: its last own seq, and the seq up to which the hub acknowledged it.

    `agreed_seq` is where a closed run ends for the hub: what follows, another run carries.
    """

    run: str
    parent_run: str
    agreed_seq: int | None
    head_seq: int
    mark_seq: int

    @property
    def closed(self) -> bool:
        """Tell whether the run diverged and another took it over."""
        return self.agreed_seq is not None

    @property
    def end_seq(self) -> int:
        """Return the last seq of this run that the hub shall have."""
        return self.head_seq if self.agreed_seq is None else self.agreed_seq

    @property
    def pending(self) -> int:
        """Count the entries of this run that still have to reach the hub."""
        return max(0, self.end_seq - self.mark_seq)


def read_install(db: Database) -> str | None:
    """Return the install id this journal belongs to; None while it is new."""
    row = db.execute("SELECT install FROM install").fetchone()
    return None if row is None else str(row[0])


def write_install(db: Database, install: str) -> None:
    """Bind a new journal to its till for good."""
    db.execute("INSERT INTO install (one, install) VALUES (1, ?)", (install,))


def append(db: Database, run: Run, stamp: Stamp, draft: Draft) -> Entry:
    """Append one entry to a run's chain, inside the caller's transaction, and count it.

    If the run was closed meanwhile because it diverged, the entry goes to its successor. The
    draft's day must be open: `day_totals.first_open` finds one in the same transaction.
    """
    _count(db, draft)
    return carry(db, run, stamp, draft)


def carry(db: Database, run: Run, stamp: Stamp, draft: Draft) -> Entry:
    """Append what was counted when it happened, whether or not its day is closed by now."""
    while True:
        seq, prev, successor = db.execute(_LAST, (run.run,)).fetchone()
        if successor is None:
            return _write(db, run, seq + 1, prev, stamp, draft)
        run = run_by_name(db, run.till, successor)


def _count(db: Database, draft: Draft) -> None:
    assert not day_totals.is_closed(db, draft.day), "a closed day takes no further entry"
    day_totals.count(db, draft.day, draft.kind, draft.amount_fen)


def _write(db: Database, run: Run, seq: int, prev: bytes, stamp: Stamp, draft: Draft) -> Entry:
    body, private = draft.body, draft.private
    assert len(body) <= MOST_BODY_BYTES, "a body's size is checked before money is taken"
    header = Header(
        version=1,
        till=run.till,
        run=run.run,
        seq=seq,
        kind=draft.kind,
        id=draft.id,
        at_ms=stamp.at_ms,
        mono_ms=stamp.mono_ms - run.opened_mono_ms,
        boot=stamp.boot,
        day=draft.day,
        amount_fen=draft.amount_fen,
        body_bytes=len(body),
        body_sha256=hashlib.sha256(body).digest(),
        private_sha256=b"" if private is None else private.digest(),
    )
    assert not header_problem(header), header_problem(header)
    header_bytes = encode_header(header)
    own = entry_hash(prev, header_bytes)
    db.execute(
        "INSERT INTO entry (run, seq, prev, hash, header, body) VALUES (?, ?, ?, ?, ?, ?)",
        (run.run, seq, prev, own, header_bytes, body),
    )
    if private is not None:
        db.execute(
            "INSERT INTO private (run, seq, salt, data) VALUES (?, ?, ?, ?)",
            (run.run, seq, private.salt, private.data),
        )
    return Entry(header_bytes, body, private, prev, own)


def open_run(
    db: Database,
    till: str,
    stamp: Stamp,
    *,
    tag: bytes,
    entry_id: str,
    day: str,
    parent: Mark | None,
    carries: str = "",
) -> Run:
    """Open a run that goes on from `parent` (None: the till's first) with a `run_opened` entry.

    `tag` is four random bytes, `entry_id` a UUIDv7, `carries` the closed run it takes over.
    """
    (number,) = db.execute("SELECT coalesce(max(number), 0) + 1 FROM run").fetchone()
    run = Run(till, run_name(number, tag), stamp.mono_ms, stamp.boot)
    origin = parent or Mark("", 0, GENESIS)
    db.execute(
        "INSERT INTO run (number, run, parent_run, opened_at_ms, opened_mono_ms, boot)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (number, run.run, origin.run, stamp.at_ms, stamp.mono_ms, stamp.boot),
    )
    body = msgspec.json.encode(
        RunOpened(
            parent_run=origin.run,
            parent_seq=origin.seq,
            parent_hash=origin.hash.hex(),
            carries=carries,
        )
    )
    draft = Draft(RUN_OPENED, entry_id, day, 0, body)
    _count(db, draft)
    _write(db, run, 1, origin.hash, stamp, draft)
    return run


def close_run(db: Database, closed: Mark, at_ms: int, successor: str | None) -> None:
    """Close a diverged run: beyond `closed` nothing of it is sent; appending goes to `successor`.

    Closed once more, further back, it keeps its first successor.
    """
    db.execute(
        "UPDATE run SET closed_at_ms = ?, agreed_seq = ?, successor = coalesce(successor, ?)"
        " WHERE run = ?",
        (at_ms, closed.seq, successor, closed.run),
    )


def run_by_name(db: Database, till: str, run: str) -> Run:
    """Return the handle of a run that exists."""
    mono, boot = db.execute("SELECT opened_mono_ms, boot FROM run WHERE run = ?", (run,)).fetchone()
    return Run(till, run, mono, boot)


def current(db: Database, run: Run) -> Run:
    """Follow a run to the one that took it over, if it was closed meanwhile."""
    while True:
        (successor,) = db.execute("SELECT successor FROM run WHERE run = ?", (run.run,)).fetchone()
        if successor is None:
            return run
        run = run_by_name(db, run.till, successor)


def newest_run(db: Database) -> tuple[str, Stamp] | None:
    """Return the run opened last and the moment it opened; None for a new journal."""
    row = db.execute(
        "SELECT run, opened_at_ms, opened_mono_ms, boot FROM run ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return None if row is None else (row[0], Stamp(*row[1:]))


def next_parent(db: Database) -> Mark | None:
    """Return the entry a new run goes on from: the newest run's last, agreed if it was closed."""
    newest = newest_run(db)
    if newest is None:
        return None
    agreed_seq = agreed_of(db, newest[0])
    return head_of(db, newest[0]) if agreed_seq is None else end_of(db, newest[0], agreed_seq)


def agreed_of(db: Database, run: str) -> int | None:
    """Return the seq up to which a closed run was agreed with the hub; None for an open one."""
    (seq,) = db.execute("SELECT agreed_seq FROM run WHERE run = ?", (run,)).fetchone()
    return None if seq is None else int(seq)


def end_of(db: Database, run: str, seq: int) -> Mark | None:
    """Return the place in a run with this seq; before its first entry, the run's parent if any."""
    own = hash_at(db, run, seq) if seq else None
    if own is not None:
        return Mark(run, seq, own)
    origin = origin_of(db, run)
    return origin if origin is not None and origin.run else None


def origin_of(db: Database, run: str) -> Mark | None:
    """Return the place a run goes on from, by its first entry; no run for a till's first.

    None if that entry is missing or was altered.
    """
    first = entries_of(db, run, 0, 1)
    try:
        return origins.origin_of(first[0]) if first else None
    except msgspec.DecodeError:
        return None


def parent_of(db: Database, run: str) -> str:
    """Name the run from which a run goes on; empty for a till's first."""
    (parent,) = db.execute("SELECT parent_run FROM run WHERE run = ?", (run,)).fetchone()
    return str(parent)


def last_entry(db: Database, run: str) -> Entry:
    """Return a run's last entry; every run has its `run_opened`."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM entry e LEFT JOIN private p USING (run, seq)"  # noqa: S608
        " WHERE e.run = ? ORDER BY e.seq DESC LIMIT 1",
        (run,),
    ).fetchone()
    return _entry(row)


def head_of(db: Database, run: str) -> Mark:
    """Return a run's last place in its chain."""
    seq, own, _ = db.execute(_LAST, (run,)).fetchone()
    return Mark(run, seq, own)


def entries_of(db: Database, run: str, after_seq: int, limit: int) -> list[Entry]:
    """Return up to `limit` consecutive entries of a run that follow `after_seq`."""
    return [_entry(row) for row in db.execute(_ENTRIES, (run, after_seq, limit))]


def unpushed(db: Database, state: RunState) -> list[Entry]:
    """Return the next entries of a run for the hub: as many as a segment may hold, at least one.

    Stops reading at the segment's size, however large the bodies are.
    """
    entries: list[Entry] = []
    size = 0
    for row in db.execute(_ENTRIES, (state.run, state.mark_seq, min(MOST_ENTRIES, state.pending))):
        entries.append(_entry(row))
        size += len(entries[-1].body)
        if size > MOST_UNPACKED_BYTES:
            break
    return entries


def every_entry(db: Database, run: str) -> Iterator[Entry]:
    """Stream all entries of a run in order."""
    for row in db.execute(_ENTRIES, (run, 0, -1)):
        yield _entry(row)


def after(db: Database, common: Mark) -> list[tuple[str, int, int]]:
    """Return what follows `common` in the live part of the journal, in order.

    Each is a run, the seq after which it begins, and its last: the rest of `common`'s own run,
    then every run that goes on from there.
    """
    found: dict[str, tuple[int, int]] = {}
    for state in runs(db):
        if state.run == common.run:
            found[state.run] = (common.seq, state.end_seq)
            continue
        origin = origin_of(db, state.run)
        if origin is not None and origin.run in found and origin.seq > found[origin.run][0]:
            found[state.run] = (0, state.end_seq)
    return [(run, begin, end) for run, (begin, end) in found.items()]


def hash_at(db: Database, run: str, seq: int) -> bytes | None:
    """Return the hash at a place of the till's own chain, None if it has no such entry."""
    row = db.execute("SELECT hash FROM entry WHERE run = ? AND seq = ?", (run, seq)).fetchone()
    return None if row is None else bytes(row[0])


def read_mark(db: Database, run: str) -> Mark:
    """Return how far till and hub agree on a run; seq 0 if nothing was acknowledged."""
    row = db.execute("SELECT seq, hash FROM mark WHERE run = ?", (run,)).fetchone()
    return Mark(run, 0, GENESIS) if row is None else Mark(run, *row)


def write_mark(db: Database, mark: Mark) -> None:
    """Keep a mark that is in the till's own chain."""
    db.execute(
        "INSERT INTO mark (run, seq, hash) VALUES (?, ?, ?)"
        " ON CONFLICT (run) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
        (mark.run, mark.seq, mark.hash),
    )


def runs(db: Database) -> list[RunState]:
    """Return the state of every run, oldest first."""
    return [RunState(*row) for row in db.execute(_RUNS)]


def oldest_unpushed_ms(db: Database, states: list[RunState]) -> int | None:
    """Return the wall time of the first entry that has not reached the hub; None if none."""
    for state in states:
        if state.pending > 0:
            return entries_of(db, state.run, state.mark_seq, 1)[0].header.at_ms
    return None


def _entry(row: tuple[bytes, bytes, bytes | None, bytes | None, bytes, bytes]) -> Entry:
    header, body, salt, data, prev, own = row
    private = Private(salt, data) if salt is not None and data is not None else None
    return Entry(header, body, private, prev, own)
