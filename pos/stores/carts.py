"""Carts that are not sold yet, kept whole in journal.db: the open one and those on hold."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from pos.rules.cart import Cart

MIGRATIONS = Migrations("pos.carts")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Cart).decode


@MIGRATIONS()
def make_cart(db: Database) -> None:
    """Keep carts by order id; `run` is the run that gave the id."""
    db.execute("""
        CREATE TABLE cart (
            order_id TEXT PRIMARY KEY,
            run TEXT NOT NULL,
            held_as INTEGER UNIQUE CHECK (held_as >= 1),
            body BLOB NOT NULL
        ) STRICT
    """)


def save(db: Database, run: str, cart: Cart) -> None:
    """Write a cart as it is now."""
    db.execute(
        "INSERT INTO cart (order_id, run, held_as, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (order_id) DO UPDATE"
        " SET run = excluded.run, held_as = excluded.held_as, body = excluded.body",
        [cart.order_id, run, cart.held_as, _encode(cart)],
    )


def remove(db: Database, order_id: str) -> None:
    """Forget a cart: sold, voided, or continued under another id."""
    db.execute("DELETE FROM cart WHERE order_id = ?", [order_id])


def open_carts(db: Database) -> Sequence[tuple[str, Cart]]:
    """Return (run, cart) of the carts not held, newest first; more than one after a crash."""
    rows = db.execute("SELECT run, body FROM cart WHERE held_as IS NULL ORDER BY order_id DESC")
    return [(run, _decode(body)) for run, body in rows.fetchall()]


def held_carts(db: Database) -> Sequence[Cart]:
    """Return the carts on hold, lowest number first."""
    rows = db.execute("SELECT body FROM cart WHERE held_as IS NOT NULL ORDER BY held_as")
    return [_decode(body) for (body,) in rows.fetchall()]


def held_cart(db: Database, number: int) -> tuple[str, Cart] | None:
    """Return (run, cart) on hold under this number, or None."""
    row = db.execute("SELECT run, body FROM cart WHERE held_as = ?", [number]).fetchone()
    return None if row is None else (row[0], _decode(row[1]))


def set_aside(db: Database, run: str, cart: Cart) -> int:
    """Put a cart on hold under the lowest free number; return the number."""
    rows = db.execute("SELECT held_as, order_id FROM cart WHERE held_as IS NOT NULL").fetchall()
    taken = {number for number, order_id in rows if order_id != cart.order_id}
    number = next(number for number in range(1, len(taken) + 2) if number not in taken)
    save(db, run, replace(cart, held_as=number))
    return number


def is_kept(db: Database, order_id: str) -> bool:
    """Tell whether a cart is neither sold nor voided."""
    return db.execute("SELECT 1 FROM cart WHERE order_id = ?", [order_id]).fetchone() is not None


def count_held(db: Database) -> int:
    """Return how many carts are on hold."""
    row = db.execute("SELECT count(*) FROM cart WHERE held_as IS NOT NULL").fetchone()
    return int(row[0])
