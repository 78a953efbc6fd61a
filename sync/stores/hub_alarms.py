"""Alarms at the hub until a person has settled them, and what that person said."""

from collections.abc import Iterable

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    select,
    true,
    update,
)

from sync.rules.center_day import Matter, Settled, Settlement
from sync.stores.hub_tables import ALARM, SETTLED

_KEY = ("kind", "run", "seq", "about")
Key = tuple[str, str, int, str]  # kind, run, seq, about

_SETTLED = (
    SETTLED.c.till == ALARM.c.till,
    *(SETTLED.c[name] == ALARM.c[name] for name in _KEY),
)
_SETTLED_MS = select(func.coalesce(func.max(SETTLED.c.at_ms), 0)).where(*_SETTLED).scalar_subquery()
_UNSETTLED = ~exists().where(*_SETTLED, SETTLED.c.at_ms >= ALARM.c.noticed_ms)
_UNSETTLED_KINDS = (
    select(ALARM.c.kind)
    .where(
        ALARM.c.till == bindparam("till"),
        ALARM.c.kind.in_(bindparam("kinds", expanding=True)),
        _UNSETTLED,
    )
    .distinct()
    .order_by(ALARM.c.kind)
)


def renew(connection: Connection, till: str, alarms: Iterable[Key], now_ms: int) -> None:
    """Note that something of these alarms is new: one that was settled is unsettled again.

    Whatever the clock says, that is after it was settled.
    """
    news = case((now_ms <= _SETTLED_MS, _SETTLED_MS + 1), else_=now_ms)
    for key in alarms:
        connection.execute(
            update(ALARM)
            .where(ALARM.c.till == till, _is(ALARM.c, key), ALARM.c.noticed_ms < news)
            .values(noticed_ms=news)
        )


def unsettled_kinds(connection: Connection, till: str, kinds: Iterable[str]) -> tuple[str, ...]:
    """Return of which of these kinds a till has an alarm that nobody has settled."""
    found = connection.execute(_UNSETTLED_KINDS, {"till": till, "kinds": sorted(kinds)})
    return tuple(found.scalars())


def unsettled(connection: Connection, till: str, most: int) -> tuple[tuple[Matter, ...], int]:
    """Return a till's oldest unsettled alarms, at most so many, and how many more there are."""
    of_till = (ALARM.c.till == till, _UNSETTLED)
    rows = connection.execute(
        select(ALARM).where(*of_till).order_by(ALARM.c.noticed_ms, *(ALARM.c[c] for c in _KEY))
    ).fetchmany(most)
    matters = tuple(Matter(row.kind, row.run, row.seq, row.about, row.noticed_ms) for row in rows)
    count = connection.execute(select(func.count()).select_from(ALARM).where(*of_till)).scalar_one()
    return matters, count - len(matters)


def count_unsettled(connection: Connection) -> dict[str, int]:
    """Return how many alarms of each kind nobody has settled, at any till."""
    found = connection.execute(
        select(ALARM.c.kind, func.count()).where(_UNSETTLED).group_by(ALARM.c.kind)
    )
    return {row[0]: row[1] for row in found}


def is_raised(connection: Connection, till: str, key: Key) -> bool:
    """Tell whether there is such an alarm, settled or not."""
    found = connection.execute(select(ALARM.c.till).where(ALARM.c.till == till, _is(ALARM.c, key)))
    return found.first() is not None


def is_settled(connection: Connection, till: str, key: Key) -> bool:
    """Tell whether an alarm is settled, and nothing of it was new since."""
    return (
        connection.execute(
            select(ALARM.c.till).where(ALARM.c.till == till, _is(ALARM.c, key), _UNSETTLED)
        ).first()
        is None
    )


def settle(connection: Connection, settled: Settled) -> None:
    """Keep what a person said of an alarm, as of when it was noticed if the clock is behind."""
    said = settled.settlement
    key = (said.kind, said.run, said.seq, said.about)
    noticed_ms = connection.execute(
        select(ALARM.c.noticed_ms).where(ALARM.c.till == said.till, _is(ALARM.c, key))
    ).scalar_one()
    row = {
        "till": said.till,
        "kind": said.kind,
        "run": said.run,
        "seq": said.seq,
        "about": said.about,
        "at_ms": max(settled.at_ms, noticed_ms),
        "reason": said.reason,
        "who": said.who,
        "by_till": settled.by,
    }
    connection.execute(insert(SETTLED).values(row))


def settle_all(
    connection: Connection, till: str, kind: str, *, reason: str, who: str, at_ms: int
) -> None:
    """Keep what a person at the hub said of every unsettled alarm of a kind."""
    found = connection.execute(
        select(ALARM.c.run, ALARM.c.seq, ALARM.c.about).where(
            ALARM.c.till == till, ALARM.c.kind == kind, _UNSETTLED
        )
    ).all()
    for run, seq, about in found:
        said = Settlement(till, kind, run, seq, about, reason, who)
        settle(connection, Settled(said, "", at_ms))


def last_settled(connection: Connection, till: str, key: Key) -> Settled:
    """Return what was said last of an alarm that is settled."""
    return _read(connection, till, _is(SETTLED.c, key), 1)[0]


def newest_settled(connection: Connection, till: str, most: int) -> tuple[Settled, ...]:
    """Return what was settled of a till last, newest first."""
    return _read(connection, till, true(), most)


def _read(
    connection: Connection, till: str, which: ColumnElement[bool], most: int
) -> tuple[Settled, ...]:
    rows = connection.execute(
        select(SETTLED)
        .where(SETTLED.c.till == till, which)
        .order_by(SETTLED.c.at_ms.desc(), *(SETTLED.c[name] for name in _KEY))
        .limit(most)
    )
    return tuple(
        Settled(
            Settlement(row.till, row.kind, row.run, row.seq, row.about, row.reason, row.who),
            row.by_till,
            row.at_ms,
        )
        for row in rows
    )


def _is(columns: object, key: Key) -> ColumnElement[bool]:
    return and_(*(getattr(columns, name) == value for name, value in zip(_KEY, key, strict=True)))
