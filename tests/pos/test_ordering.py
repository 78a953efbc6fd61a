"""From basket to order: what every line was paid, to the fen."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from membership.rules.plan import PlanSettings
from pos.rules import cart as carting
from pos.rules.basket import Line
from pos.rules.cart import Cart, CartMember, JoinRequest
from pos.rules.items import Item
from pos.rules.order import CardSold, MemberUsed, Order
from pos.rules.ordering import Place, check_sellable, make_order
from pos.rules.pricing import goods_fen, price_basket
from pos.rules.settings import ROUNDING_STEP_FEN, Rounding
from pos.rules.tender import Settlement, Tender, settle
from sync.rules.refusal import Refused

PLACE = Place(center="zhengzhou", till="ZZ-01", till_number=7, cashier="01")
CARD = CardSold(
    card="PM1:ABC",
    serial="0a0b0c0d0e0f",
    from_day="2026-11-22",
    until="2027-11-22",
    provisional=True,
)
TEA = Item(sku="TEA", name_zh="毛尖", unit="盒", retail_fen=3907, plus_fen=3511, cluster="浉河")
CUP = Item(sku="CUP", name_zh="胡辣汤", unit="杯", retail_fen=691)
YAM = Item(sku="YAM", name_zh="山药", unit="kg", retail_fen=1980, weighed=True)
BAG = Item(sku="BAG", name_zh="购物袋", unit="个", kind="bag", retail_fen=33)
PLAN = carting.plan_item(PlanSettings(price="99.05"))


def cart_of(*lines: Line, member: CartMember | None = None) -> Cart:
    joining = any(line.item.kind == "plan" for line in lines)
    return Cart(
        order_id="019aa9d5-5b00-7000-8000-000000000007",
        opened_at_ms=0,
        day="2026-11-22",
        lines=lines,
        next_number=len(lines) + 1,
        join=JoinRequest() if joining else None,
        member=member,
    )


def sold(cart: Cart, rounding: Rounding, tender: Tender | None = None) -> Order:
    priced = price_basket(cart.lines, carting.benefits(cart))
    tenders = [tender or Tender("cash", priced.total_fen + 10_000)]
    settlement = settle(priced.total_fen, tenders, rounding, goods_fen=goods_fen(priced))
    assert isinstance(settlement, Settlement), settlement
    return make_order(
        cart,
        priced,
        settlement,
        receipt_no="26112200700421234567",
        at_ms=1_795_312_800_000,
        place=PLACE,
        card=CARD if cart.join else None,
    )


def test_a_basket_with_nothing_in_it_is_no_sale() -> None:
    refused = check_sellable(cart_of())
    assert isinstance(refused, Refused)
    assert refused.reason == "sale.empty"
    assert check_sellable(cart_of(Line(number=1, item=TEA))) is None


def test_rounding_falls_on_the_goods_by_largest_remainder() -> None:
    order = sold(
        cart_of(
            Line(number=1, item=TEA, quantity=2),
            Line(number=2, item=CUP),
            Line(number=3, item=BAG, quantity=2),
            Line(number=4, item=PLAN),
        ),
        "yuan",
    )
    assert [line.amount_fen for line in order.lines] == [7022, 691, 66, 9905]
    assert (order.total_fen, order.rounding_fen, order.paid_fen) == (17684, 84, 17600)
    assert [line.allocated_fen for line in order.lines] == [7022 - 76, 691 - 8, 66, 9905]


def test_the_order_says_who_where_and_what_applied() -> None:
    member = CartMember(serial="0a0b0c0d0e0f", until="2027-01-31", label="****1234")
    cart = cart_of(
        Line(number=1, item=TEA, code="9520123456788", delivery="shipped"),
        Line(number=2, item=YAM, weight_g=1234),
        member=member,
    )
    order = sold(cart, "jiao", Tender("wechat", 3511 + 2443, "4200001"))
    assert (order.order_id, order.day, order.till_number) == (cart.order_id, cart.day, 7)
    assert order.member == MemberUsed(serial=member.serial, until=member.until)
    assert (order.retail_fen, order.saved_fen, order.plus_saved_fen) == (6350, 396, 396)
    tea, yam = order.lines
    assert (tea.price, tea.code, tea.delivery, tea.cluster) == (
        "plus",
        "9520123456788",
        "shipped",
        "浉河",
    )
    assert (yam.price, yam.weight_g, yam.unit_price_fen, yam.amount_fen) == (
        "retail",
        1234,
        1980,
        2443,
    )
    assert "****1234" not in msgspec.json.encode(order).decode()


def test_the_order_survives_its_json() -> None:
    order = sold(cart_of(Line(number=1, item=TEA), Line(number=2, item=PLAN)), "jiao")
    assert msgspec.json.decode(msgspec.json.encode(order), type=Order) == order
    assert order.card == CARD


goods = st.builds(
    lambda fen, quantity, kind: (fen, quantity, kind),
    st.integers(0, 5000),
    st.integers(1, 20),
    st.sampled_from(["goods", "goods", "bag"]),
)


@given(st.lists(goods, min_size=1, max_size=12), st.sampled_from(list(ROUNDING_STEP_FEN)))
def test_allocations_sum_to_what_was_paid(
    drawn: list[tuple[int, int, str]], rounding: Rounding
) -> None:
    lines = [
        Line(
            number=number,
            quantity=quantity,
            item=msgspec.convert(
                {
                    "sku": f"S{number}",
                    "kind": kind,
                    "name_zh": "货",
                    "unit": "件",
                    "retail_fen": fen,
                },
                Item,
            ),
        )
        for number, (fen, quantity, kind) in enumerate(drawn, 1)
    ]
    cart = cart_of(*lines)
    total_fen = price_basket(cart.lines, carting.benefits(cart)).total_fen
    if total_fen == 0:
        return
    order = sold(cart, rounding)
    assert sum(line.allocated_fen for line in order.lines) == order.paid_fen
    for line in order.lines:
        assert 0 <= line.allocated_fen <= line.amount_fen
        assert line.kind == "goods" or line.allocated_fen == line.amount_fen
