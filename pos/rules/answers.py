"""What the register answers: the cart as shown, what a scan did, what is held and taken back."""

from typing import Literal

import msgspec

from membership.rules.member import Member
from pos.rules.basket import PricedBasket
from pos.rules.cart import Cart
from pos.rules.items import Item


class View(msgspec.Struct, frozen=True):
    """What a screen shows of the register: the cart, priced, and how many carts are held."""

    cart: Cart
    priced: PricedBasket
    held: int


class Scanned(msgspec.Struct, frozen=True):
    """What a scan did: put an item on a line, attached a member, or found several items.

    `choices` are the items that typed words found; nothing was added then.
    """

    kind: Literal["item", "member", "choices"]
    item: Item | None = None
    line_number: int | None = None
    member: Member | None = None
    choices: tuple[Item, ...] = ()


class Held(msgspec.Struct, frozen=True):
    """A cart that waits: its number, how many lines, and the total it had."""

    number: int
    lines: int
    total_fen: int
    opened_at_ms: int


class Recalled(msgspec.Struct, frozen=True):
    """A held cart taken back, priced anew: the total it had and the one it has now.

    `kept` are goods that are sold in another way now, and are in it as they were.
    """

    number: int
    before_fen: int
    total_fen: int
    kept: tuple[Item, ...] = ()
