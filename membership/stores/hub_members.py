"""Memberships at the hub: what `membership_granted` entries say, booked as rows.

The till is in every unique key; no personal data is here, it stays sealed in the private part.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
)

from membership.rules.grant import KIND, read_granted
from sync.package import Arrived, Projection
from sync.stores.hub_rows import add_all

METADATA = MetaData()

HUB_MEMBER = Table(
    "hub_member",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("grant_id", String(64), primary_key=True),
    Column("body_sha256", LargeBinary, primary_key=True),
    Column("run", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("order_id", String(64), nullable=False),
    Column("serial", String(12), nullable=False),
    Column("plan", SmallInteger, nullable=False),
    Column("center", SmallInteger, nullable=False),
    Column("from_day", String(10), nullable=False),
    Column("until", String(10), nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Index("hub_member_by_serial", "serial"),
)

_HEX = frozenset("0123456789abcdef")


def _row(arrived: Arrived) -> dict[str, object] | None:
    """Return the row of a grant; None if the body is none or says what no card can."""
    header = arrived.header
    granted = read_granted(arrived.body)
    if granted is None:
        return None
    numbers = ((granted.plan, 8), (granted.center, 8), (granted.counter, 32))
    if any(not 0 <= number < 2**bits for number, bits in numbers):
        return None
    serial_fits = len(granted.serial) == 12 and set(granted.serial) <= _HEX
    if not serial_fits or not 1 <= len(granted.order_id) <= 64 or "\0" in granted.order_id:
        return None
    try:
        from_day = date.fromisoformat(granted.from_day)
        until = date.fromisoformat(granted.until)
    except ValueError:
        return None
    return {
        "till": header.till,
        "grant_id": header.id,
        "body_sha256": header.body_sha256,
        "run": header.run,
        "seq": header.seq,
        "order_id": granted.order_id,
        "serial": granted.serial,
        "plan": granted.plan,
        "center": granted.center,
        "from_day": from_day.isoformat(),
        "until": until.isoformat(),
        "counter": granted.counter,
        "provisional": granted.provisional,
    }


def book(connection: Connection, arrived: Sequence[Arrived]) -> list[int]:
    """Book grants; return the indexes of those whose body this version cannot read."""
    rows = [_row(one) for one in arrived]
    add_all(connection, HUB_MEMBER, [row for row in rows if row is not None])
    return [index for index, row in enumerate(rows) if row is None]


PROJECTIONS = (Projection(KIND, (HUB_MEMBER,), book),)
