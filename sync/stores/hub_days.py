"""What the hub has of a till for a business day: totals by kind, entries, marks, and gaps."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from sync.rules.center_day import Gap, Listed
from sync.rules.day_report import Recorded
from sync.rules.entry import decode_header
from sync.rules.money import MOST_FEN
from sync.rules.reply import Mark
from sync.rules.totals import Total
from sync.stores.hub_journal import mark_of
from sync.stores.hub_revocations import held_entries
from sync.stores.hub_tables import BOOKING, ENTRY, FORK, RUN
from sync.stores.hub_tills import Till

Place = tuple[str, str, bytes]  # kind, id, body digest: by which a till's bookings are ordered
START: Place = ("", "", b"")
_BODIES_AT_ONCE = 50


def booked_totals(
    connection: Connection, till: str, day: str
) -> tuple[dict[str, Total], dict[str, Total]]:
    """Return a day's totals by kind: of what could be read, and of what could not.

    An amount beyond any till's counts as nothing.
    """
    sane = func.abs(BOOKING.c.amount_fen) <= MOST_FEN
    rows = connection.execute(
        select(
            BOOKING.c.kind,
            BOOKING.c.interpreted,
            func.count(),
            func.sum(case((sane, BOOKING.c.amount_fen), else_=0)),
        )
        .where(BOOKING.c.till == till, BOOKING.c.day == day)
        .group_by(BOOKING.c.kind, BOOKING.c.interpreted)
    )
    read: dict[str, Total] = {}
    unread: dict[str, Total] = {}
    for kind, interpreted, count, amount_fen in rows:
        (read if interpreted else unread)[kind] = Total(count, int(amount_fen))
    return read, unread


def day_totals(connection: Connection, till: str, day: str) -> dict[str, Total]:
    """Return a day's totals by kind of all that is booked, readable or not."""
    read, unread = booked_totals(connection, till, day)
    return {kind: read.get(kind, Total()) + unread.get(kind, Total()) for kind in {*read, *unread}}


def held_totals(connection: Connection, till: str, day: str) -> dict[str, Total]:
    """Return a day's totals by kind of a revoked till's entries that wait for a person."""
    totals: dict[str, Total] = {}
    seen: set[Place] | None = None
    for held in held_entries(connection, till):
        if seen is None:  # what was booked and came again in another run is not held
            seen = set(_booked(connection, till, day))
        header = held.entry.header
        key = (header.kind, header.id, header.body_sha256)
        if header.day == day and key not in seen:
            seen.add(key)
            one = Total(1, header.amount_fen)
            totals[header.kind] = totals.get(header.kind, Total()) + one
    return totals


def _booked(connection: Connection, till: str, day: str) -> list[Place]:
    column = BOOKING.c
    found = connection.execute(
        select(column.kind, column.id, column.body_sha256).where(
            column.till == till, column.day == day
        )
    )
    return [(kind, own_id, digest) for kind, own_id, digest in found]


def recorded(
    connection: Connection, till: Till, day: str, after: Place, most: int, most_bytes: int
) -> list[Recorded]:
    """Return what is booked of a till for a day after a place, in order, with bodies.

    At most so many, and none after the one with which the bodies reach `most_bytes`.
    """
    things: list[Recorded] = []
    size = 0
    booked = listed(connection, till.till, day, after, most)
    for start in range(0, len(booked), _BODIES_AT_ONCE):
        part = booked[start : start + _BODIES_AT_ONCE]
        kept = _kept(connection, till.till, part)
        for each in part:
            at_ms, body = kept[each.run, each.seq, each.body_sha256]
            size += len(body)
            things.append(
                Recorded(
                    till.name, each.kind, each.id, each.body_sha256, at_ms, each.amount_fen, body
                )
            )
            if size >= most_bytes:
                return things
    return things


def _kept(
    connection: Connection, till: str, booked: Sequence[Listed]
) -> dict[tuple[str, int, bytes], tuple[int, bytes]]:
    """Return by place and digest when each was journalled, and its body."""
    found: dict[tuple[str, int, bytes], tuple[int, bytes]] = {}
    for table in (ENTRY, FORK):
        seqs: dict[str, list[int]] = {}
        for each in booked:
            if (each.run, each.seq, each.body_sha256) not in found:
                seqs.setdefault(each.run, []).append(each.seq)
        if not seqs:
            break
        places = [
            and_(table.c.run == run, table.c.seq.in_(numbers)) for run, numbers in seqs.items()
        ]
        rows = connection.execute(
            select(table.c.run, table.c.seq, table.c.header, table.c.body).where(
                table.c.till == till, or_(*places)
            )
        )
        for row in rows:
            header = decode_header(row.header)
            found[row.run, row.seq, header.body_sha256] = (header.at_ms, row.body)
    return found


def listed(connection: Connection, till: str, day: str, after: Place, most: int) -> list[Listed]:
    """Return what is booked of a till for a day after a place, in order, at most so many."""
    rows = connection.execute(
        select(
            BOOKING.c.kind,
            BOOKING.c.id,
            BOOKING.c.body_sha256,
            BOOKING.c.run,
            BOOKING.c.seq,
            BOOKING.c.amount_fen,
        )
        .where(BOOKING.c.till == till, BOOKING.c.day == day, _follows(after))
        .order_by(BOOKING.c.kind, BOOKING.c.id, BOOKING.c.body_sha256)
        .limit(most)
    )
    return [Listed(*row) for row in rows]


def _follows(after: Place) -> ColumnElement[bool]:
    kind, own_id, digest = after
    column = BOOKING.c
    return or_(
        column.kind > kind,
        and_(column.kind == kind, column.id > own_id),
        and_(column.kind == kind, column.id == own_id, column.body_sha256 > digest),
    )


def runs_of_day(connection: Connection, till: str, day: str, most: int) -> list[str]:
    """Return the runs that have entries of a day, the latest opened last, at most so many."""
    found = connection.execute(
        select(BOOKING.c.run)
        .where(BOOKING.c.till == till, BOOKING.c.day == day)
        .distinct()
        .order_by(BOOKING.c.run)
    )
    return [str(run) for (run,) in found.fetchmany(most)]


def marks_and_gaps(
    connection: Connection, till: str, runs: Iterable[str]
) -> tuple[tuple[Mark, ...], tuple[Gap, ...]]:
    """Return how far the hub has these runs, and what it misses of those they go on from."""
    names = sorted(set(runs))
    marks = {run: mark_of(connection, till, run) for run in names}
    gaps = []
    for parent_run, parent_seq in _parents(connection, till, names):
        mark = marks.get(parent_run) or mark_of(connection, till, parent_run)
        if mark.seq < parent_seq:
            gaps.append(Gap(parent_run, mark.seq + 1, parent_seq))
    return tuple(marks.values()), tuple(gaps)


def _parents(connection: Connection, till: str, runs: Sequence[str]) -> list[tuple[str, int]]:
    found = connection.execute(
        select(RUN.c.parent_run, func.max(RUN.c.parent_seq))
        .where(RUN.c.till == till, RUN.c.run.in_(runs), RUN.c.parent_run != "")
        .group_by(RUN.c.parent_run)
        .order_by(RUN.c.parent_run)
    )
    return [(run, seq) for run, seq in found]
