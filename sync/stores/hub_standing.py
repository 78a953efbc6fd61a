"""The newest running totals of each till, kept at the hub as the till signed them."""

from sqlalchemy import Connection, bindparam, insert, select, update

from sync.rules.center_day import Told
from sync.rules.segment import Segment, read_head
from sync.rules.standing import is_news, read_standing
from sync.stores.hub_tables import STANDING

_OF_TILL = select(STANDING.c.head, STANDING.c.received_ms).where(
    STANDING.c.till == bindparam("till")
)


def put_standing(
    connection: Connection,
    segment: Segment,
    told: Told | None,
    received_ms: int,
    *,
    brought_something: bool,
) -> None:
    """Keep the running totals that came with a segment, if they make sense and are news.

    `told` is what the till told before (`told_by`).
    """
    till = segment.head.till
    standing = read_standing(segment.head.standing)
    if standing is None:
        return
    known = told.standing if told else None
    if not is_news(known, standing, brought_something=brought_something):
        return
    row = {
        "head": segment.head_bytes,
        "signature": segment.signature,
        "certificate": segment.certificate,
        "received_ms": received_ms,
    }
    if told is None:
        connection.execute(insert(STANDING).values({"till": till, **row}))
    else:
        connection.execute(update(STANDING).where(STANDING.c.till == till).values(row))


def told_by(connection: Connection, till: str) -> Told | None:
    """Return what a till last told of its totals, and when; None if it never did."""
    row = connection.execute(_OF_TILL, {"till": till}).first()
    if row is None:
        return None
    standing = read_standing(read_head(row.head).standing)
    assert standing is not None, "only what makes sense is kept"
    return Told(standing, row.received_ms)
