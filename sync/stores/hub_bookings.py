"""What the hub has booked, and what a manager must look at."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, case, func, select

from sync.package import Arrived, HubSecrets, Projection
from sync.rules.entry import Header
from sync.rules.money import MOST_FEN
from sync.stores.hub_rows import Values, add_missing, add_values, one_of
from sync.stores.hub_tables import ALARM, BOOKING

_LAST_ID = select(func.max(BOOKING.c.id)).where(
    BOOKING.c.till == bindparam("till"), BOOKING.c.kind == bindparam("kind")
)


class Booked(msgspec.Struct, frozen=True):
    """What booking noticed: which bodies nobody here reads, and what came with two contents.

    `new` is what was not booked before, in order; `uninterpreted` are those runs and kinds of
    which it could not read everything. `contradicted` are ids, and what projections name (see
    `sync.package.Noticed`).
    """

    new: tuple[Arrived, ...] = ()
    uninterpreted: tuple[tuple[str, str], ...] = ()
    contradicted: tuple[str, ...] = ()


def book(
    connection: Connection,
    projections: Mapping[str, Projection],
    known_kinds: Container[str],
    keys: HubSecrets,
    arrived: Sequence[Arrived],
) -> Booked:
    """Book entries of one till, each exactly once by (till, kind, id, body digest).

    An id that was booked with another content is booked too and reported. Kinds without a
    projection are booked by their header; unknown kinds, unreadable bodies and amounts beyond
    any till's are booked as uninterpreted and stay out of totals.
    """
    if not arrived:
        return Booked()
    new, twice = _new(connection, arrived)
    contradicted = list(twice)
    odd = {
        index
        for index, one in enumerate(new)
        if one.header.kind not in known_kinds or abs(one.header.amount_fen) > MOST_FEN
    }
    by_kind: dict[str, list[int]] = {}
    for index, one in enumerate(new):
        if index not in odd and one.header.kind in projections:
            by_kind.setdefault(one.header.kind, []).append(index)
    for kind, indexes in by_kind.items():
        noticed = projections[kind].book(connection, [new[index] for index in indexes], keys)
        odd.update(indexes[place] for place in noticed.unread)
        contradicted += noticed.contradicted
    _add(connection, [one.header for one in new], odd)
    unread = {(new[index].header.run, new[index].header.kind) for index in odd}
    return Booked(tuple(new), tuple(sorted(unread)), tuple(contradicted))


def _new(
    connection: Connection, arrived: Sequence[Arrived]
) -> tuple[list[Arrived], tuple[str, ...]]:
    ids: dict[str, set[str]] = {}
    for one in arrived:
        ids.setdefault(one.header.kind, set()).add(one.header.id)
    till = arrived[0].header.till
    known = {kind: _digests(connection, till, kind, some) for kind, some in ids.items()}
    new, contradicted = [], []
    for one in arrived:
        header = one.header
        digests = known[header.kind]
        earlier = digests.get(header.id, ())
        if header.body_sha256 in earlier:
            continue
        if earlier:
            contradicted.append(header.id)
        digests[header.id] = (*earlier, header.body_sha256)
        new.append(one)
    return new, tuple(contradicted)


def _digests(
    connection: Connection, till: str, kind: str, ids: Collection[str]
) -> dict[str, tuple[bytes, ...]]:
    """Return what is booked under these ids; ids behind the last one booked are all new."""
    last = connection.execute(_LAST_ID, {"till": till, "kind": kind}).scalar()
    asked = [own_id for own_id in ids if last is not None and own_id <= last]
    found: dict[str, tuple[bytes, ...]] = {}
    if not asked:
        return found
    for known, digest in connection.execute(
        select(BOOKING.c.id, BOOKING.c.body_sha256).where(
            BOOKING.c.till == till, BOOKING.c.kind == kind, one_of(connection, BOOKING.c.id, asked)
        )
    ):
        found[known] = (*found.get(known, ()), digest)
    return found


def _add(connection: Connection, headers: Sequence[Header], uninterpreted: Container[int]) -> None:
    rows: list[Values] = [
        (
            header.till,
            header.kind,
            header.id,
            header.body_sha256,
            header.run,
            header.seq,
            header.day,
            header.amount_fen,
            index not in uninterpreted,
        )
        for index, header in enumerate(headers)
    ]
    add_values(connection, BOOKING, rows)


def add_alarms(
    connection: Connection, till: str, alarms: Iterable[tuple[str, str, int, str]], now_ms: int
) -> None:
    """Raise alarms `(kind, run, seq, about)`; one raised before stays one row."""
    rows = [
        {
            "till": till,
            "kind": kind,
            "run": run,
            "seq": seq,
            "about": about,
            "noticed_ms": now_ms,
        }
        for kind, run, seq, about in alarms
    ]
    add_missing(connection, ALARM, rows)


def totals(connection: Connection) -> list[tuple[str, str, int, int, int]]:
    """Return `(till, kind, count, sum in fen, uninterpreted)`; only interpreted amounts count."""
    unread = func.sum(case((BOOKING.c.interpreted, 0), else_=1))
    amount = func.sum(case((BOOKING.c.interpreted, BOOKING.c.amount_fen), else_=0))
    found = connection.execute(
        select(BOOKING.c.till, BOOKING.c.kind, func.count(), amount, unread)
        .group_by(BOOKING.c.till, BOOKING.c.kind)
        .order_by(BOOKING.c.till, BOOKING.c.kind)
    )
    return [(till, kind, count, int(fen), int(odd)) for till, kind, count, fen, odd in found]


def alarms(connection: Connection) -> list[tuple[str, str, str, int, str]]:
    """Return every alarm `(till, kind, run, seq, about)`."""
    found = connection.execute(
        select(ALARM.c.till, ALARM.c.kind, ALARM.c.run, ALARM.c.seq, ALARM.c.about).order_by(
            ALARM.c.till, ALARM.c.run, ALARM.c.seq, ALARM.c.kind, ALARM.c.about
        )
    )
    return [(till, kind, run, seq, about) for till, kind, run, seq, about in found]
