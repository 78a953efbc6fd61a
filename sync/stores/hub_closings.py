"""Closing entries at the hub: booked, recounted, and what arrives for a day that is closed."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from sync.package import Arrived, HubSecrets, Noticed, Projection
from sync.rules.center_day import Closing
from sync.rules.closing import DAY_CLOSED, read_closing, recount
from sync.rules.reply import FLAG_EXCEPTION
from sync.stores.hub_days import day_totals
from sync.stores.hub_rows import add_all
from sync.stores.hub_tables import CLOSING

Raised = tuple[str, str, int, str]

_CLOSED = select(CLOSING.c.day, CLOSING.c.id).where(
    CLOSING.c.till == bindparam("till"),
    CLOSING.c.day.in_(bindparam("days", expanding=True)),
)


def book(connection: Connection, arrived: Sequence[Arrived], keys: HubSecrets) -> Noticed:
    """Book closing entries; one that does not say its own day's totals is noticed."""
    del keys
    rows, unread = [], []
    for index, one in enumerate(arrived):
        header = one.header
        if read_closing(one.body, header.day) is None or header.amount_fen:
            unread.append(index)
            continue
        rows.append(
            {
                "till": header.till,
                "day": header.day,
                "id": header.id,
                "body_sha256": header.body_sha256,
                "run": header.run,
                "seq": header.seq,
                "at_ms": header.at_ms,
                "body": one.body,
            }
        )
    add_all(connection, CLOSING, rows)
    return Noticed(tuple(unread))


PROJECTIONS = (Projection(DAY_CLOSED, book),)


def closings(connection: Connection, till: str, day: str, most: int) -> tuple[Closing, ...]:
    """Return a day's closing entries, newest first; more than one if its data was copied."""
    rows = connection.execute(
        select(CLOSING)
        .where(CLOSING.c.till == till, CLOSING.c.day == day)
        .order_by(CLOSING.c.at_ms.desc(), CLOSING.c.id)
        .limit(most)
    )
    found = []
    for row in rows:
        said = read_closing(row.body, day)
        assert said is not None, "only what could be read is booked"
        found.append(Closing(row.run, row.seq, row.at_ms, said))
    return tuple(found)


def odd_closings(connection: Connection, till: str, booked: Sequence[Arrived]) -> list[Raised]:
    """Recount the days that were just closed, and find what was booked under a closed day.

    `booked` is what a segment brought, in order, and is booked by now.
    """
    raised: dict[Raised, None] = {}
    closed = _days_closed_before(connection, till, booked)
    for one in booked:
        header = one.header
        if header.day in closed:
            raised[FLAG_EXCEPTION, header.run, 0, f"closed day {header.day}"] = None
        if header.kind != DAY_CLOSED:
            continue
        closed.add(header.day)
        said = read_closing(one.body, header.day)
        if said is not None and recount(said.totals, day_totals(connection, till, header.day)):
            raised[FLAG_EXCEPTION, header.run, header.seq, f"day totals {header.day}"] = None
    return list(raised)


def _days_closed_before(connection: Connection, till: str, booked: Sequence[Arrived]) -> set[str]:
    """Return the days of these entries that had a closing before any of them came."""
    new = {one.header.id for one in booked if one.header.kind == DAY_CLOSED}
    days = {one.header.day for one in booked}
    found = connection.execute(_CLOSED, {"till": till, "days": sorted(days)})
    return {day for day, closing in found if closing not in new}
