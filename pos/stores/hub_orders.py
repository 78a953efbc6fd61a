"""Orders at the hub: what `sale` entries say, booked as rows; the lines stay in the body.

Of a body only what is booked is read; the rest may be newer than this hub.

The till is in every unique key. The same order id with another content is kept beside the first:
the hub has raised an exception, and a manager decides.
"""

from collections.abc import Sequence
from itertools import count
from typing import Annotated

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    func,
    select,
    text,
    update,
)

from pos.rules.order import METHODS, SALE, SCHEMA, Method
from sync.package import Arrived, HubSecrets, HubStep, Noticed, Projection
from sync.rules.decoding import json_reader
from sync.rules.money import MOST_FEN
from sync.stores.hub_rows import Values, add_values
from sync.stores.hub_tables import BY_TILL

METADATA = MetaData()
_PAID = tuple(f"{method}_fen" for method in METHODS)

HUB_ORDER = Table(
    "hub_order",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("order_id", String(64), primary_key=True),
    Column("body_sha256", LargeBinary, primary_key=True),
    Column("run", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("center", String(64), nullable=False),
    Column("receipt_no", String(64), nullable=False),
    Column("day", String(10), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("cashier", String(64), nullable=False),
    Column("member_serial", String(64)),
    Column("retail_fen", BigInteger, nullable=False),
    Column("total_fen", BigInteger, nullable=False),
    Column("rounding_fen", BigInteger, nullable=False),
    Column("paid_fen", BigInteger, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in _PAID),
    # The till's how many-th order at this hub, from 1: whoever reads goes on behind the last read.
    Column("arrival", BigInteger, nullable=False, server_default="0"),
    Index("hub_order_arrival", "till", "arrival", unique=True),
    Index("hub_order_of_day", "day", "till", "arrival"),
    postgresql_partition_by=BY_TILL,
)


def _number(connection: Connection) -> None:
    """Number the orders that came before arrivals were counted."""
    order = HUB_ORDER.c
    key = (order.till, order.order_id, order.body_sha256)
    place = func.row_number().over(
        partition_by=order.till, order_by=(order.run, order.seq, order.order_id, order.body_sha256)
    )
    places = select(*key, place.label("place")).where(order.arrival == 0).subquery()
    same = [column == places.c[column.name] for column in key]
    connection.execute(
        update(HUB_ORDER)
        .values(arrival=select(places.c.place).where(*same).scalar_subquery())
        .where(order.arrival == 0)
    )
    for index in HUB_ORDER.indexes:
        index.create(connection, checkfirst=True)


def _forget_indexes(connection: Connection) -> None:
    """Drop two indexes that one does the work of."""
    for name in ("hub_order_day", "hub_order_by_day"):
        connection.execute(text(f"DROP INDEX IF EXISTS {name}"))


STEPS = (
    HubStep("orders", tables=(HUB_ORDER,)),
    HubStep("orders in the order of their arrival", columns=(HUB_ORDER.c.arrival,), run=_number),
    HubStep("one index for a day's orders", indexes=tuple(HUB_ORDER.indexes), run=_forget_indexes),
)

_LAST_ARRIVAL = select(func.max(HUB_ORDER.c.arrival)).where(HUB_ORDER.c.till == bindparam("till"))
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # what a column holds
_Fen = Annotated[int, msgspec.Meta(ge=0, le=MOST_FEN)]  # so that a day's sum can be told
_Text = Annotated[str, msgspec.Meta(max_length=64)]


class _Payment(msgspec.Struct, frozen=True, gc=False):
    method: Method
    amount_fen: _Fen


class _MemberUsed(msgspec.Struct, frozen=True, gc=False):
    serial: _Text


class _Order(msgspec.Struct, frozen=True, gc=False, tag_field="schema", tag=SCHEMA):
    """What is booked of a `pos.rules.order.Order`."""

    order_id: str
    receipt_no: _Text
    day: str
    at_ms: _Count
    cashier: _Text
    lines: msgspec.Raw
    payments: tuple[_Payment, ...]
    retail_fen: _Fen
    total_fen: int
    rounding_fen: _Fen
    paid_fen: int
    member: _MemberUsed | None = None


_decode = json_reader(_Order)


def _values(arrived: Arrived) -> Values | None:
    """Return a sale's row, all but its arrival, in the order of the columns.

    None if the body is no order or contradicts its header.
    """
    header = arrived.header
    try:
        order = _decode(arrived.body)
    except ValueError:
        return None
    if (order.order_id, order.paid_fen, order.day) != (header.id, header.amount_fen, header.day):
        return None
    serial = order.member.serial if order.member else None
    paid = dict.fromkeys(METHODS, 0)
    for payment in order.payments:
        paid[payment.method] += payment.amount_fen
    if not (
        # The header's amount, which `paid_fen` equals, is bounded by whoever calls.
        sum(paid.values()) == order.paid_fen == order.total_fen - order.rounding_fen
        and order.total_fen <= order.retail_fen
        and "\0" not in f"{order.receipt_no}{order.cashier}{serial}"
    ):
        return None
    return (
        header.till,
        header.id,
        header.body_sha256,
        header.run,
        header.seq,
        arrived.center,
        order.receipt_no,
        order.day,
        order.at_ms,
        order.cashier,
        serial,
        order.retail_fen,
        order.total_fen,
        order.rounding_fen,
        order.paid_fen,
        *paid.values(),
    )


def book(connection: Connection, arrived: Sequence[Arrived], _keys: HubSecrets) -> Noticed:
    """Book sales; a body that is no order this version reads is noticed."""
    rows = [_values(one) for one in arrived]
    # Nobody else adds orders of this till before this transaction ends.
    arrivals = count(last_arrival(connection, arrived[0].header.till) + 1)
    add_values(connection, HUB_ORDER, [(*row, next(arrivals)) for row in rows if row is not None])
    return Noticed(tuple(index for index, row in enumerate(rows) if row is None))


def last_arrival(connection: Connection, till: str) -> int:
    """Return the arrival of a till's newest order; 0 if there is none."""
    return connection.execute(_LAST_ARRIVAL, {"till": till}).scalar() or 0


PROJECTIONS = (Projection(SALE, book),)
