"""Orders at the hub: what `sale` entries say, booked as rows; the lines stay in the body.

The till is in every unique key. The same order id with another content is kept beside the first:
the hub has raised an exception, and a manager decides.
"""

from collections.abc import Sequence

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
    func,
    select,
    update,
)

from pos.rules.order import METHODS, SALE, Order
from sync.package import Arrived, HubSecrets, HubStep, Noticed, Projection
from sync.stores.hub_rows import add_all
from sync.stores.hub_tables import BY_TILL

METADATA = MetaData()

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
    *(Column(f"{method}_fen", BigInteger, nullable=False) for method in METHODS),
    # The till's how many-th order at this hub, from 1: whoever reads goes on behind the last read.
    Column("arrival", BigInteger, nullable=False, server_default="0"),
    Index("hub_order_arrival", "till", "arrival", unique=True),
    Index("hub_order_day", "till", "day", "arrival"),
    Index("hub_order_by_day", "day", "till"),
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


STEPS = (
    HubStep("orders", tables=(HUB_ORDER,)),
    HubStep("orders in the order of their arrival", columns=(HUB_ORDER.c.arrival,), run=_number),
)

_MOST = 2**63
_MOST_NAME = 64
_decode = msgspec.json.Decoder(Order).decode


def _row(arrived: Arrived) -> dict[str, object] | None:
    """Return the row of a sale; None if the body is no order or contradicts its header."""
    header = arrived.header
    try:
        order = _decode(arrived.body)
    except ValueError:
        return None
    if (order.order_id, order.paid_fen, order.day) != (header.id, header.amount_fen, header.day):
        return None
    if not _is_sound(order):
        return None
    paid = dict.fromkeys(METHODS, 0)
    for payment in order.payments:
        paid[payment.method] += payment.amount_fen
    return {
        "till": header.till,
        "order_id": header.id,
        "body_sha256": header.body_sha256,
        "run": header.run,
        "seq": header.seq,
        "center": arrived.center,
        "receipt_no": order.receipt_no,
        "day": order.day,
        "at_ms": order.at_ms,
        "cashier": order.cashier,
        "member_serial": order.member.serial if order.member else None,
        "retail_fen": order.retail_fen,
        "total_fen": order.total_fen,
        "rounding_fen": order.rounding_fen,
        "paid_fen": order.paid_fen,
        **{f"{method}_fen": paid[method] for method in METHODS},
    }


def _is_sound(order: Order) -> bool:
    """Tell whether the sums agree, and every column can hold its value.

    The header's amount, which `paid_fen` equals, is bounded by whoever calls.
    """
    amounts = [payment.amount_fen for payment in order.payments]
    serial = order.member.serial if order.member else ""
    longest = max(len(order.receipt_no), len(order.cashier), len(serial))
    return (
        sum(amounts) == order.paid_fen == order.total_fen - order.rounding_fen
        and min(order.rounding_fen, *amounts, 0) == 0
        and order.total_fen <= order.retail_fen < _MOST
        and 0 <= order.at_ms < _MOST
        and longest <= _MOST_NAME
        and "\0" not in order.receipt_no + order.cashier + serial
    )


def book(connection: Connection, arrived: Sequence[Arrived], _keys: HubSecrets) -> Noticed:
    """Book sales; a body that is no order this version reads is noticed."""
    rows = [_row(one) for one in arrived]
    found = [row for row in rows if row is not None]
    if found:
        # Nobody else adds orders of this till before this transaction ends.
        last = last_arrival(connection, arrived[0].header.till)
        for arrival, row in enumerate(found, last + 1):
            row["arrival"] = arrival
        add_all(connection, HUB_ORDER, found)
    return Noticed(tuple(index for index, row in enumerate(rows) if row is None))


def last_arrival(connection: Connection, till: str) -> int:
    """Return the arrival of a till's newest order; 0 if there is none."""
    arrival = HUB_ORDER.c.arrival
    found = connection.execute(select(func.max(arrival)).where(HUB_ORDER.c.till == till))
    return found.scalar() or 0


PROJECTIONS = (Projection(SALE, book),)
