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
    LargeBinary,
    MetaData,
    String,
    Table,
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
    postgresql_partition_by=BY_TILL,
)

STEPS = (HubStep("orders", tables=(HUB_ORDER,)),)

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
    add_all(connection, HUB_ORDER, [row for row in rows if row is not None])
    return Noticed(tuple(index for index, row in enumerate(rows) if row is None))


PROJECTIONS = (Projection(SALE, book),)
