"""From a priced basket and its settlement to the order that is journalled and printed.

What was paid is stored with each line: its amount, less its share of the cash rounding. Refunds
use that, never a later price.
"""

from collections.abc import Sequence

import msgspec

from membership.rules.member import Member
from pos.rules.basket import PricedBasket, PricedLine
from pos.rules.cart import Cart, CartMember
from pos.rules.order import CardSold, MemberUsed, Order, OrderLine
from pos.rules.tender import Settlement
from sync.rules.money import allocate
from sync.rules.refusal import N_, Refused


class Place(msgspec.Struct, frozen=True):
    """Who sells where: center and till by their short names, the till's number, the cashier."""

    center: str
    till: str
    till_number: int
    cashier: str


def check_sellable(cart: Cart) -> Refused | None:
    """Refuse a basket with nothing in it: it is no sale."""
    if cart.lines:
        return None
    return Refused("sale.empty", N_("There is nothing in the basket."), N_("Scan something first."))


def already_member(member: Member) -> Refused:
    """Refuse to sell the plan to somebody whose membership is still valid."""
    return Refused(
        "join.already_member",
        N_("The member {member} is valid through {until} already."),
        N_("Attach the membership instead of selling another."),
        {"member": member.label, "until": member.until.isoformat()},
    )


def make_order(
    cart: Cart,
    priced: PricedBasket,
    settlement: Settlement,
    *,
    receipt_no: str,
    at_ms: int,
    place: Place,
    card: CardSold | None = None,
) -> Order:
    """Make the order of a settled basket; `card` is the membership that it grants.

    `member` is whose PLUS prices applied; one who joins in this very sale is in `card`.
    """
    assert cart.lines, "a basket with nothing in it is no sale"
    assert (card is None) == (cart.join is None)
    shares = allocated(priced.lines, settlement.rounding_fen)
    assert sum(shares) == settlement.paid_fen
    lines = zip(priced.lines, shares, strict=True)
    return Order(
        order_id=cart.order_id,
        receipt_no=receipt_no,
        day=cart.day,
        at_ms=at_ms,
        center=place.center,
        till=place.till,
        till_number=place.till_number,
        cashier=place.cashier,
        lines=tuple(_order_line(line, share_fen) for line, share_fen in lines),
        payments=settlement.payments,
        retail_fen=priced.retail_fen,
        total_fen=priced.total_fen,
        saved_fen=priced.saved_fen,
        plus_saved_fen=priced.plus_saved_fen,
        rounding_fen=settlement.rounding_fen,
        paid_fen=settlement.paid_fen,
        change_fen=settlement.change_fen,
        member=_member_used(cart.member),
        card=card,
    )


def allocated(lines: Sequence[PricedLine], rounding_fen: int) -> list[int]:
    """Return what each line was paid: its amount less its share of the rounding.

    Rounding is spread over the goods by largest remainder, never over the plan or bags.
    """
    goods = [line.amount_fen if line.line.item.kind == "goods" else 0 for line in lines]
    shares = allocate(rounding_fen, goods) if rounding_fen else [0] * len(goods)
    return [line.amount_fen - share for line, share in zip(lines, shares, strict=True)]


def _member_used(member: CartMember | None) -> MemberUsed | None:
    if member is None:
        return None
    return MemberUsed(serial=member.serial, until=member.until)


def _order_line(priced: PricedLine, allocated_fen: int) -> OrderLine:
    line, item = priced.line, priced.line.item
    return OrderLine(
        sku=item.sku,
        name_zh=item.name_zh,
        name_en=item.name_en,
        unit=item.unit,
        kind=item.kind,
        delivery=line.delivery,
        quantity=line.quantity,
        weight_g=line.weight_g,
        retail_fen=priced.retail_fen,
        unit_price_fen=priced.unit_price_fen,
        amount_fen=priced.amount_fen,
        price=priced.price,
        tier_start=priced.tier_start,
        allocated_fen=allocated_fen,
        code=line.code,
        cluster=item.cluster,
    )
