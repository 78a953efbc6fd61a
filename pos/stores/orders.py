"""Completed orders with their lines and payments, in journal.db, written once with their entry.

The order as a whole is the body of its journal entry, and a card that it sold stands with the
membership; these tables answer questions about it.
"""

import msgspec
from msgspec.structs import replace
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from membership.stores import members
from pos.rules.order import Order

MIGRATIONS = Migrations("pos.orders")
_WHOLE = "SELECT body FROM sale_order JOIN entry USING (run, seq)"
_decode = msgspec.json.Decoder(Order).decode


@MIGRATIONS()
def make_orders(db: Database) -> None:
    """Keep orders by id and receipt number, with their place in the journal."""
    db.execute("""
        CREATE TABLE sale_order (
            order_id TEXT PRIMARY KEY,
            receipt_no TEXT NOT NULL UNIQUE,
            run TEXT NOT NULL,
            seq INTEGER NOT NULL,
            day TEXT NOT NULL,
            day_count INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            retail_fen INTEGER NOT NULL,
            total_fen INTEGER NOT NULL,
            rounding_fen INTEGER NOT NULL,
            paid_fen INTEGER NOT NULL,
            member_serial TEXT
        ) STRICT
    """)
    db.execute("CREATE INDEX sale_order_by_day ON sale_order (day, day_count)")
    db.execute("""
        CREATE TABLE order_line (
            order_id TEXT NOT NULL REFERENCES sale_order,
            position INTEGER NOT NULL,
            sku TEXT NOT NULL,
            kind TEXT NOT NULL,
            delivery TEXT NOT NULL,
            quantity INTEGER NOT NULL,
            weight_g INTEGER,
            price TEXT NOT NULL,
            amount_fen INTEGER NOT NULL,
            allocated_fen INTEGER NOT NULL,
            PRIMARY KEY (order_id, position)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("""
        CREATE TABLE payment (
            order_id TEXT NOT NULL REFERENCES sale_order,
            position INTEGER NOT NULL,
            method TEXT NOT NULL,
            amount_fen INTEGER NOT NULL,
            handed_fen INTEGER NOT NULL,
            reference TEXT NOT NULL,
            PRIMARY KEY (order_id, position)
        ) STRICT, WITHOUT ROWID
    """)


def add(db: Database, order: Order, *, run: str, seq: int, day_count: int) -> None:
    """Write an order with its lines and payments; `run` and `seq` are its journal entry's."""
    db.execute(
        "INSERT INTO sale_order VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            order.order_id,
            order.receipt_no,
            run,
            seq,
            order.day,
            day_count,
            order.at_ms,
            order.retail_fen,
            order.total_fen,
            order.rounding_fen,
            order.paid_fen,
            order.member.serial if order.member else None,
        ],
    )
    db.conn.executemany(
        "INSERT INTO order_line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                order.order_id,
                position,
                line.sku,
                line.kind,
                line.delivery,
                line.quantity,
                line.weight_g,
                line.price,
                line.amount_fen,
                line.allocated_fen,
            )
            for position, line in enumerate(order.lines, 1)
        ],
    )
    db.conn.executemany(
        "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?)",
        [
            (order.order_id, number, paid.method, paid.amount_fen, paid.handed_fen, paid.reference)
            for number, paid in enumerate(order.payments, 1)
        ],
    )


def next_day_count(db: Database, day: str) -> int:
    """Return the place that the next order of this business day takes, from 1."""
    row = db.execute("SELECT max(day_count) FROM sale_order WHERE day = ?", [day]).fetchone()
    return (row[0] or 0) + 1


def by_receipt(db: Database, receipt_no: str) -> Order | None:
    """Return the order with this receipt number (20 digits), or None."""
    return _read(db, f"{_WHOLE} WHERE receipt_no = ?", receipt_no)


def by_id(db: Database, order_id: str) -> Order | None:
    """Return the order with this id, or None."""
    return _read(db, f"{_WHOLE} WHERE order_id = ?", order_id)


def latest(db: Database) -> Order | None:
    """Return the order that was sold last, or None."""
    row = db.execute("SELECT order_id FROM sale_order ORDER BY rowid DESC LIMIT 1").fetchone()
    return None if row is None else by_id(db, row[0])


def _read(db: Database, query: str, value: str) -> Order | None:
    row = db.execute(query, [value]).fetchone()
    if row is None:
        return None
    order = _decode(row[0])
    kept = members.by_serial(db, order.card.serial) if order.card else None
    if order.card is None or kept is None:
        return order
    return replace(order, card=replace(order.card, card=kept.card))
