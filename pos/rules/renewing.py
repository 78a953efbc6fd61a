"""Taking a kept basket up again: at the items and prices of now, as far as its lines allow."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from pos.rules.basket import MOST_QUANTITY, Line
from pos.rules.cart import Cart, is_label, piece_line
from pos.rules.items import Item


class Renewed(msgspec.Struct, frozen=True):
    """A basket with the goods of now; `kept` are those that stayed as they were put in.

    They are sold in another way now: what was counted cannot be charged by weight, nor what was
    weighed by the piece.
    """

    cart: Cart
    kept: tuple[Item, ...] = ()


def renewed(cart: Cart, today: Mapping[str, Item]) -> Renewed:
    """Give every line its item as it is `today` (by sku); what is not there stays as it is.

    Lines that have become equal are one again, as far as a line holds so many.
    """
    kept: list[Item] = []
    new = replace(cart, lines=())
    for line in cart.lines:
        item = today.get(line.item.sku, line.item)
        if (item.weighed, item.kind) != (line.item.weighed, line.item.kind):
            kept.append(line.item)
            item = line.item
        new = _put(new, replace(line, item=item))
    return Renewed(new, tuple(kept))


def _put(cart: Cart, line: Line) -> Cart:
    same = None if is_label(line) else piece_line(cart, line.item, line.delivery)
    if same is None or same.quantity + line.quantity > MOST_QUANTITY:
        return replace(cart, lines=(*cart.lines, line))
    more = replace(same, quantity=same.quantity + line.quantity)
    return replace(
        cart,
        lines=tuple(more if each is same else each for each in cart.lines),
        touched=same.number if cart.touched == line.number else cart.touched,
    )
