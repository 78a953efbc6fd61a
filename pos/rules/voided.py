"""What the journal keeps of a cart that was given up: its lines and total, no personal data."""

import msgspec

from pos.rules.basket import PricedBasket
from pos.rules.cart import Cart

CART_VOIDED = "cart_voided"  # the journal kind


class VoidedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line that was not sold."""

    sku: str
    quantity: int
    weight_g: int | None
    amount_fen: int


class VoidedCart(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="xuanpin.cart_voided.1"
):
    """The body of a `cart_voided` entry; its `total_fen` was never paid."""

    order_id: str
    cashier: str
    opened_at_ms: int
    total_fen: int
    lines: tuple[VoidedLine, ...]


def voided(cart: Cart, priced: PricedBasket, *, cashier: str) -> VoidedCart:
    """Return what to journal of a cart that is given up at these prices."""
    return VoidedCart(
        order_id=cart.order_id,
        cashier=cashier,
        opened_at_ms=cart.opened_at_ms,
        total_fen=priced.total_fen,
        lines=tuple(
            VoidedLine(
                sku=line.line.item.sku,
                quantity=line.line.quantity,
                weight_g=line.line.weight_g,
                amount_fen=line.amount_fen,
            )
            for line in priced.lines
        ),
    )
