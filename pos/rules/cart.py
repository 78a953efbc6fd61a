"""The open basket: what is in it, for whom, and what may be done to it.

A cart is one frozen value, kept whole after every change; operations return a new cart, or say
why not. It knows no amounts: `pos.rules.pricing` prices its lines with its `benefits`.
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from membership.rules.plan import PlanSettings
from pos.rules.basket import Benefits, Line
from pos.rules.items import SHIPS_NEVER, SHIPS_ONLY, Delivery, Item
from sync.rules.refusal import N_, Refused

MOST_LINES = 500
MOST_QUANTITY = 9999


class CartMember(msgspec.Struct, frozen=True, kw_only=True):
    """The member at the counter: card serial, last valid day, and whether PLUS prices apply.

    `label` is what screens show (`****1234` or the serial); no personal data.
    """

    serial: str
    until: str
    plus: bool
    label: str


class JoinRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How the new member wants to be found: not at all, or by a phone number.

    `phone_hash` is keyed, `last4` for display; `salt` and `sealed` are the number sealed to
    the hub, as they go into the journal's private part. All empty when no number was given.
    """

    phone_hash: str = ""
    last4: str = ""
    salt: bytes = b""
    sealed: bytes = b""


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """An open basket; JSON-serialisable. `touched` is the line last changed (0: none).

    `order_id` is the UUIDv7 its order will have, `day` the business day (ISO), `held_as` the
    number under which it waits when held.
    """

    order_id: str
    opened_at_ms: int
    day: str
    lines: tuple[Line, ...] = ()
    next_number: int = 1
    touched: int = 0
    member: CartMember | None = None
    join: JoinRequest | None = None
    held_as: int | None = None


def benefits(cart: Cart) -> Benefits:
    """Return what prices the basket: PLUS for a valid member, and for one joining in it."""
    return Benefits(plus=cart.join is not None or (cart.member is not None and cart.member.plus))


def find_line(cart: Cart, number: int) -> Line | None:
    """Return the line with this number, or None."""
    return next((line for line in cart.lines if line.number == number), None)


def plan_item(plan: PlanSettings) -> Item:
    """Return the PLUS plan as an item: kind `plan`, at its own fixed price."""
    raise NotImplementedError


def add(
    cart: Cart,
    item: Item,
    *,
    quantity: int = 1,
    weight_g: int | None = None,
    label_fen: int | None = None,
    delivery: Delivery | None = None,
    code: str = "",
) -> Cart | Refused:
    """Put goods or bags in: onto the line of the same item and delivery, or a line of its own.

    `delivery` None means carried, or shipped for what only ships. A weighed label (`weight_g`,
    `label_fen` or both) is always a line of its own, never multiplied.
    """
    raise NotImplementedError


def set_quantity(cart: Cart, number: int, quantity: int) -> Cart | Refused:
    """Change how many pieces a line has; never a weighed label's or the plan's."""
    raise NotImplementedError


def set_delivery(cart: Cart, number: int, delivery: Delivery) -> Cart | Refused:
    """Change how a line leaves; it joins the line that already leaves that way, if any."""
    raise NotImplementedError


def remove(cart: Cart, number: int) -> Cart | Refused:
    """Take a line out; taking the plan out takes the joining back."""
    raise NotImplementedError


def attach_member(cart: Cart, member: CartMember) -> Cart | Refused:
    """Attach a member, in place of any other; not a valid one while the plan is in."""
    raise NotImplementedError


def detach_member(cart: Cart) -> Cart:
    """Take the member off; the basket goes back to everyone's prices."""
    return replace(cart, member=None)


def join(cart: Cart, plan: Item, request: JoinRequest) -> Cart | Refused:
    """Put the plan in, once; PLUS prices apply from now on, nothing is granted before paying."""
    raise NotImplementedError
