"""The open basket: what is in it, for whom, and what may be done to it.

A cart is one frozen value, kept whole after every change; operations return a new cart, or say
why not. It knows no amounts: `pos.rules.pricing` prices its lines with its `benefits`.
"""

import msgspec
from msgspec.structs import replace

from membership.rules.phone import PhoneToken
from membership.rules.plan import PlanSettings
from pos.rules.basket import MOST_QUANTITY, Benefits, Line
from pos.rules.codes import half_width
from pos.rules.items import SHIPS_NEVER, SHIPS_ONLY, Delivery, Item, Tier, plan_sku
from pos.rules.tender import Tender
from sync.rules.entry import Private
from sync.rules.money import format_yuan
from sync.rules.refusal import N_, Bilingual, Refused

MOST_LINES = 500
MOST_WEIGHT_G = 9_999_999


class CartMember(msgspec.Struct, frozen=True, kw_only=True):
    """The member at the counter, to whom PLUS prices apply: card serial and last valid day.

    `label` is what screens show (`****1234` or the serial); no personal data.
    """

    serial: str
    until: str
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
    number under which it waits when held. `taken` is money that was handed over for part of it: it
    is not booked yet, and until it is, or is given back, nothing about the cart changes.
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
    taken: tuple[Tender, ...] = ()


def benefits(cart: Cart) -> Benefits:
    """Return what prices the basket: PLUS for a valid member, and for one joining in it."""
    return Benefits(plus=cart.join is not None or cart.member is not None)


def taken_fen(cart: Cart) -> int:
    """Return how much was handed over for a cart that is not sold yet."""
    return sum(tender.amount_fen for tender in cart.taken)


def money_taken(cart: Cart) -> Refused | None:
    """Refuse to change a cart for which money was taken."""
    if not cart.taken:
        return None
    return Refused(
        "cart.money_taken",
        N_("{sum} was taken for this basket and is not booked."),
        N_("Enter goes on taking payment; it is given back there too."),
        {"sum": format_yuan(taken_fen(cart))},
    )


def find_line(cart: Cart, number: int) -> Line | None:
    """Return the line with this number, or None."""
    return next((line for line in cart.lines if line.number == number), None)


def open_cart(order_id: str, opened_at_ms: int, day: str) -> Cart:
    """Open an empty cart; `order_id` is a fresh UUIDv7, `day` the business day (ISO)."""
    return Cart(order_id=order_id, opened_at_ms=opened_at_ms, day=day)


def join_request(token: PhoneToken | None) -> JoinRequest:
    """Ask to join with a phone number's token, or without a number."""
    if token is None:
        return JoinRequest()
    return JoinRequest(
        phone_hash=token.hash,
        last4=token.last4,
        salt=token.private.salt,
        sealed=token.private.data,
    )


def private_of(request: JoinRequest) -> Private | None:
    """Return the sealed number for the journal's private part, if one was given."""
    return Private(request.salt, request.sealed) if request.phone_hash else None


def plan_item(plan: PlanSettings) -> Item:
    """Return the PLUS plan as an item: kind `plan`, at its own fixed price."""
    return Item(
        sku=plan_sku(plan.years),
        kind="plan",
        name_zh=plan.name_zh,
        name_en=plan.name_en,
        unit="份",
        retail_fen=plan.price_fen,
    )


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
    `label_fen` or both) is always a line of its own, never multiplied. The weight of what is
    sold by the piece says nothing about its price, so there only the label's amount counts.
    """
    assert item.kind != "plan", "the plan goes in by joining"
    labelled = weight_g is not None or label_fen is not None
    refused = (
        _check_label(item, quantity, weight_g, label_fen)
        if labelled or item.weighed
        else _check_quantity(quantity)
    )
    leaves = _delivery(item, delivery)
    if refused is not None:
        return refused
    if isinstance(leaves, Refused):
        return leaves
    same = None if labelled else piece_line(cart, item, leaves)
    if same is not None:
        return _more(cart, replace(same, item=item), quantity)
    if len(cart.lines) >= MOST_LINES:
        return Refused(
            "cart.full",
            N_("A basket holds at most {most} lines."),
            N_("Take payment and go on with a new basket."),
            {"most": MOST_LINES},
        )
    line = Line(
        number=cart.next_number,
        item=item,
        quantity=quantity,
        weight_g=weight_g if item.weighed else None,
        label_fen=label_fen,
        delivery=leaves,
        code=code,
    )
    return _appended(cart, line)


def set_quantity(cart: Cart, number: int, quantity: int) -> Cart | Refused:
    """Change how many pieces a line has; never a weighed label's or the plan's."""
    line = _line(cart, number)
    if isinstance(line, Refused):
        return line
    if line.item.kind == "plan":
        return _one_plan()
    if is_label(line):
        return Refused(
            "cart.label_quantity",
            N_("A weighed label counts once."),
            N_("Scan each label by itself, or remove the line."),
        )
    return _replaced(cart, line, replace(line, quantity=quantity))


def set_delivery(cart: Cart, number: int, delivery: Delivery) -> Cart | Refused:
    """Change how a line leaves; it joins the line that already leaves that way, if any."""
    line = _line(cart, number)
    if isinstance(line, Refused):
        return line
    leaves = _delivery(line.item, delivery)
    if isinstance(leaves, Refused):
        return leaves
    same = None if is_label(line) else piece_line(cart, line.item, leaves)
    if same is None or same.number == number:
        return _replaced(cart, line, replace(line, delivery=leaves))
    joined = _more(cart, same, line.quantity)
    return joined if isinstance(joined, Refused) else _without(joined, line, same.number)


def remove(cart: Cart, number: int) -> Cart | Refused:
    """Take a line out; taking the plan out takes the joining back."""
    line = _line(cart, number)
    if isinstance(line, Refused):
        return line
    left = _without(cart, line, 0)
    return replace(left, join=None) if line.item.kind == "plan" else left


def attach_member(cart: Cart, member: CartMember) -> Cart | Refused:
    """Attach a member, in place of any other; none while the plan is in."""
    if cart.join is not None:
        return _already_member(member)
    return replace(cart, member=member)


def detach_member(cart: Cart) -> Cart:
    """Take the member off; the basket goes back to everyone's prices."""
    return replace(cart, member=None)


def join(cart: Cart, plan: Item, request: JoinRequest) -> Cart | Refused:
    """Put the plan in, once; PLUS prices apply from now on, nothing is granted before paying.

    Refused while the attached member is still valid: renewing is another action.
    """
    assert plan.kind == "plan"
    if cart.join is not None:
        return _one_plan()
    if cart.member is not None:
        return _already_member(cart.member)
    line = Line(number=cart.next_number, item=plan, code=plan.sku)
    return replace(_appended(cart, line), join=request)


def read_quantity(text: str) -> int | Refused:
    """Read how many pieces a line shall have, as a person types it."""
    digits = half_width(text).strip()
    is_short = digits.isascii() and digits.isdigit() and len(digits) <= len(str(MOST_QUANTITY))
    return int(digits) if is_short else _no_quantity(digits[:20])


def _check_quantity(quantity: int) -> Refused | None:
    return None if 1 <= quantity <= MOST_QUANTITY else _no_quantity(quantity)


def _no_quantity(quantity: int | str) -> Refused:
    return Refused(
        "cart.quantity",
        N_("{quantity} is no quantity for a line: 1 to {most}."),
        N_("To take goods out, remove their line."),
        {"quantity": quantity, "most": MOST_QUANTITY},
    )


def _check_label(
    item: Item, quantity: int, weight_g: int | None, label_fen: int | None
) -> Refused | None:
    if quantity != 1:
        return Refused(
            "cart.label_quantity",
            N_("A weighed label counts once."),
            N_("Scan each label by itself, or remove the line."),
        )
    if label_fen is None and (weight_g is None or not item.weighed):
        hint = N_("Weigh it and scan the scale's label.")
        message = N_("{name} is sold by weight.")
        if not item.weighed:
            hint = N_("Scan the code on the goods themselves.")
            message = N_("{name} is not sold by weight.")
        return Refused("cart.weight", message, hint, {"name": _named(item)})
    bad_weight = weight_g is not None and not 1 <= weight_g <= MOST_WEIGHT_G
    if bad_weight or (label_fen is not None and label_fen < 1):
        return Refused(
            "cart.empty_label",
            N_("The label of {name} weighs or costs nothing."),
            N_("Weigh the goods again and print a new label."),
            {"name": _named(item)},
        )
    return None


def _delivery(item: Item, asked: Delivery | None) -> Delivery | Refused:
    if asked is None:
        return "shipped" if item.ships == SHIPS_ONLY else "carried"
    if item.ships == SHIPS_NEVER and asked == "shipped":
        return Refused(
            "cart.never_ships",
            N_("The factory does not ship {name}."),
            N_("It can only be carried out."),
            {"name": _named(item)},
        )
    if item.ships == SHIPS_ONLY and asked == "carried":
        return Refused(
            "cart.ships_only",
            N_("{name} is only shipped by the factory."),
            N_("There is none here to carry out."),
            {"name": _named(item)},
        )
    return asked


def _named(item: Item) -> Bilingual:
    return Bilingual(item.name_zh, item.name_en)


def _line(cart: Cart, number: int) -> Line | Refused:
    line = find_line(cart, number)
    if line is not None:
        return line
    return Refused(
        "cart.no_line",
        N_("The basket has no line {number}."),
        N_("Choose a line of the basket."),
        {"number": number},
    )


def is_label(line: Line) -> bool:
    """Tell whether a line is a scale's label, which is always a line of its own."""
    return line.weight_g is not None or line.label_fen is not None


def piece_line(cart: Cart, item: Item, delivery: Delivery) -> Line | None:
    """Find the line onto which pieces of this item go: one whose prices are still the item's.

    A line keeps the prices at which it was put in, so pieces at a new price are another line.
    """
    for line in cart.lines:
        same = line.item.sku == item.sku and _prices(line.item) == _prices(item)
        if same and line.delivery == delivery and not is_label(line):
            return line
    return None


def _prices(item: Item) -> tuple[int, int | None, tuple[Tier, ...]]:
    return item.retail_fen, item.plus_fen, item.tiers


def _appended(cart: Cart, line: Line) -> Cart:
    lines = (*cart.lines, line)
    return replace(cart, lines=lines, next_number=line.number + 1, touched=line.number)


def _more(cart: Cart, line: Line, added: int) -> Cart | Refused:
    """Add pieces to a line that is in the cart (or was, but for its newest item data)."""
    if line.quantity + added > MOST_QUANTITY:
        return Refused(
            "cart.quantity",
            N_("{there} of {name} are in the basket; {added} more are too many for its line."),
            N_("A line holds at most {most}: take payment and go on with a new basket."),
            {
                "there": line.quantity,
                "name": _named(line.item),
                "added": added,
                "most": MOST_QUANTITY,
            },
        )
    return _replaced(cart, line, replace(line, quantity=line.quantity + added))


def _replaced(cart: Cart, old: Line, new: Line) -> Cart | Refused:
    refused = _check_quantity(new.quantity)
    if refused is not None:
        return refused
    lines = tuple(new if line.number == old.number else line for line in cart.lines)
    return replace(cart, lines=lines, touched=new.number)


def _without(cart: Cart, gone: Line, touched: int) -> Cart:
    lines = tuple(line for line in cart.lines if line.number != gone.number)
    return replace(cart, lines=lines, touched=touched)


def _one_plan() -> Refused:
    return Refused(
        "cart.one_plan",
        N_("The basket holds one membership at most."),
        N_("Each member joins with a sale of their own."),
    )


def _already_member(member: CartMember) -> Refused:
    return Refused(
        "cart.already_member",
        N_("Member {label} is valid through {until} and needs no new membership."),
        N_("Take the membership or the member out of the basket."),
        {"label": member.label, "until": member.until},
    )
