"""What may be done to an open basket, as a cashier does it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from membership.rules.phone import PhoneToken
from membership.rules.plan import PlanSettings
from pos.rules import cart as carting
from pos.rules.basket import MOST_QUANTITY, Benefits, Line
from pos.rules.cart import Cart, CartMember, JoinRequest
from pos.rules.items import SHIPS_MAY, SHIPS_NEVER, SHIPS_ONLY, Item, Tier
from pos.rules.pricing import price_basket
from sync.rules.entry import Private
from sync.rules.refusal import Refused

TEA = Item(sku="TEA", name_zh="毛尖", unit="罐", retail_fen=16800, plus_fen=14800, ships=SHIPS_MAY)
CUP = Item(sku="CUP", name_zh="胡辣汤", unit="杯", retail_fen=690, plus_fen=590, ships=SHIPS_NEVER)
WOK = Item(sku="WOK", name_zh="炒锅", unit="只", retail_fen=8900, ships=SHIPS_ONLY)
YAM = Item(sku="YAM", name_zh="山药", unit="kg", retail_fen=1980, weighed=True)
BAG = Item(sku="BAG", name_zh="购物袋", unit="个", kind="bag", retail_fen=50)
PLAN = carting.plan_item(PlanSettings())
ANNA = CartMember(serial="0a0b0c0d0e0f", until="2027-11-22", label="****1234")


def empty() -> Cart:
    return Cart(order_id="019aa9d5-5b00-7000-8000-000000000007", opened_at_ms=0, day="2026-11-22")


def ok(answer: Cart | Refused) -> Cart:
    assert isinstance(answer, Cart), answer
    return answer


def reason(answer: Cart | Refused) -> str:
    assert isinstance(answer, Refused), answer
    assert answer.message.format(**answer.values)
    assert answer.hint.format(**answer.values)
    return answer.reason


def shape(cart: Cart) -> list[tuple[int, str, int, str]]:
    return [(line.number, line.item.sku, line.quantity, line.delivery) for line in cart.lines]


def filled(*goods: Item) -> Cart:
    cart = empty()
    for item in goods:
        cart = ok(carting.add(cart, item))
    return cart


def test_the_same_item_goes_onto_its_line() -> None:
    cart = filled(TEA, CUP, TEA)
    assert shape(cart) == [(1, "TEA", 2, "carried"), (2, "CUP", 1, "carried")]
    assert cart.touched == 1


def test_a_line_keeps_the_price_at_which_it_was_put_in() -> None:
    dearer = structs.replace(TEA, retail_fen=19900)
    cart = filled(TEA, dearer, dearer, TEA)
    assert [(line.item.retail_fen, line.quantity) for line in cart.lines] == [
        (16800, 2),
        (19900, 2),
    ]


def test_lines_of_two_prices_stay_apart_when_they_leave_alike() -> None:
    cart = ok(carting.add(filled(TEA), structs.replace(TEA, retail_fen=19900)))
    cart = ok(carting.set_delivery(cart, 1, "shipped"))
    cart = ok(carting.set_delivery(cart, 2, "shipped"))
    assert shape(cart) == [(1, "TEA", 1, "shipped"), (2, "TEA", 1, "shipped")]


def test_quantities_add_up_over_lines_of_two_prices() -> None:
    before = structs.replace(TEA, tiers=(Tier(4, 15000),))
    after = structs.replace(TEA, retail_fen=17800, tiers=(Tier(4, 16000),))
    cart = filled(before, before, after, after)
    priced = price_basket(cart.lines, Benefits())
    assert [(line.amount_fen, line.price) for line in priced.lines] == [
        (30000, "tier"),
        (32000, "tier"),
    ]


def test_carried_and_shipped_are_two_lines() -> None:
    cart = ok(carting.add(filled(TEA), TEA, quantity=3, delivery="shipped"))
    assert shape(cart) == [(1, "TEA", 1, "carried"), (2, "TEA", 3, "shipped")]


def test_what_only_ships_is_shipped_and_the_rest_carried() -> None:
    assert shape(filled(WOK, TEA)) == [(1, "WOK", 1, "shipped"), (2, "TEA", 1, "carried")]
    assert reason(carting.add(empty(), WOK, delivery="carried")) == "cart.ships_only"
    assert reason(carting.add(empty(), CUP, delivery="shipped")) == "cart.never_ships"
    assert reason(carting.add(empty(), BAG, delivery="shipped")) == "cart.never_ships"


def test_every_weighed_label_is_a_line_of_its_own() -> None:
    cart = ok(carting.add(empty(), YAM, weight_g=1234, code="2200301012346"))
    cart = ok(carting.add(cart, YAM, weight_g=1234, label_fen=2443))
    cart = ok(carting.add(cart, YAM, label_fen=350))
    assert [(line.weight_g, line.label_fen, line.quantity) for line in cart.lines] == [
        (1234, None, 1),
        (1234, 2443, 1),
        (None, 350, 1),
    ]
    assert cart.lines[0].code == "2200301012346"


def test_weighed_labels_are_not_multiplied() -> None:
    assert reason(carting.add(empty(), YAM, weight_g=500, quantity=3)) == "cart.label_quantity"
    cart = ok(carting.add(empty(), YAM, weight_g=500))
    assert reason(carting.set_quantity(cart, 1, 3)) == "cart.label_quantity"


def test_weighed_goods_need_their_weight_and_others_have_none() -> None:
    assert reason(carting.add(empty(), YAM)) == "cart.weight"
    assert reason(carting.add(empty(), TEA, weight_g=500)) == "cart.weight"
    assert reason(carting.add(empty(), YAM, weight_g=0)) == "cart.empty_label"
    assert reason(carting.add(empty(), YAM, label_fen=0, weight_g=5)) == "cart.empty_label"


def test_a_priced_label_on_goods_by_the_piece_keeps_only_its_amount() -> None:
    cart = ok(carting.add(filled(CUP), CUP, label_fen=500, weight_g=90))
    assert [(line.label_fen, line.weight_g) for line in cart.lines] == [(None, None), (500, None)]
    again = ok(carting.add(cart, CUP))
    assert [line.quantity for line in again.lines] == [2, 1]


@pytest.mark.parametrize("quantity", [0, -1, MOST_QUANTITY + 1])
def test_quantities_have_bounds(quantity: int) -> None:
    assert reason(carting.add(empty(), CUP, quantity=quantity)) == "cart.quantity"
    assert reason(carting.set_quantity(filled(CUP), 1, quantity)) == "cart.quantity"


def test_a_line_never_grows_past_the_most() -> None:
    cart = ok(carting.add(empty(), TEA, quantity=MOST_QUANTITY))
    assert reason(carting.add(cart, TEA)) == "cart.quantity"
    cart = ok(carting.add(cart, TEA, delivery="shipped"))
    assert reason(carting.set_delivery(cart, 2, "carried")) == "cart.quantity"


def test_who_adds_too_many_is_told_what_is_there() -> None:
    cart = ok(carting.add(empty(), TEA, quantity=9990))
    refused = carting.add(cart, TEA, quantity=15)
    assert isinstance(refused, Refused)
    assert (refused.values["there"], refused.values["added"]) == (9990, 15)


def test_a_basket_has_a_most() -> None:
    cart = empty()
    for _ in range(carting.MOST_LINES):
        cart = ok(carting.add(cart, YAM, weight_g=100))
    assert reason(carting.add(cart, YAM, weight_g=100)) == "cart.full"
    assert reason(carting.add(cart, CUP)) == "cart.full"


def test_numbers_are_never_given_twice() -> None:
    cart = ok(carting.remove(filled(TEA, CUP), 2))
    assert shape(ok(carting.add(cart, BAG))) == [(1, "TEA", 1, "carried"), (3, "BAG", 1, "carried")]


def test_a_line_that_is_not_there() -> None:
    for answer in (
        carting.remove(empty(), 1),
        carting.set_quantity(empty(), 1, 2),
        carting.set_delivery(empty(), 1, "shipped"),
    ):
        assert reason(answer) == "cart.no_line"


def test_changing_the_delivery_joins_the_line_that_leaves_that_way() -> None:
    cart = ok(carting.add(filled(TEA, CUP), TEA, quantity=2, delivery="shipped"))
    cart = ok(carting.set_delivery(cart, 3, "carried"))
    assert shape(cart) == [(1, "TEA", 3, "carried"), (2, "CUP", 1, "carried")]
    assert cart.touched == 1
    assert shape(ok(carting.set_delivery(cart, 1, "carried"))) == shape(cart)
    assert reason(carting.set_delivery(cart, 2, "shipped")) == "cart.never_ships"


def test_a_member_brings_plus_and_takes_it_away() -> None:
    cart = filled(TEA)
    assert carting.benefits(cart) == Benefits(plus=False)
    cart = ok(carting.attach_member(cart, ANNA))
    assert carting.benefits(cart) == Benefits(plus=True)
    assert carting.detach_member(cart) == filled(TEA)


def test_joining_reprices_at_once_and_leaving_reprices_back() -> None:
    def total(cart: Cart) -> int:
        return price_basket(cart.lines, carting.benefits(cart)).total_fen

    cart = filled(TEA, BAG)
    joined = ok(carting.join(cart, PLAN, JoinRequest()))
    assert (total(cart), total(joined)) == (16850, 14850 + 9900)
    assert total(ok(carting.remove(joined, 3))) == 16850
    assert ok(carting.remove(joined, 3)).join is None


def test_one_plan_a_basket() -> None:
    joined = ok(carting.join(empty(), PLAN, JoinRequest()))
    assert reason(carting.join(joined, PLAN, JoinRequest())) == "cart.one_plan"
    assert reason(carting.set_quantity(joined, 1, 2)) == "cart.one_plan"
    assert reason(carting.set_delivery(joined, 1, "shipped")) == "cart.never_ships"


def test_a_valid_member_needs_no_new_plan() -> None:
    member = ok(carting.attach_member(empty(), ANNA))
    assert reason(carting.join(member, PLAN, JoinRequest())) == "cart.already_member"
    joined = ok(carting.join(empty(), PLAN, JoinRequest()))
    assert reason(carting.attach_member(joined, ANNA)) == "cart.already_member"


def test_the_plan_is_what_the_settings_say() -> None:
    plan = carting.plan_item(PlanSettings(price="149.5", years=2))
    assert (plan.sku, plan.kind, plan.retail_fen) == ("PLUS-2Y", "plan", 14950)


def test_a_phone_number_travels_sealed() -> None:
    token = PhoneToken(hash="ab" * 32, last4="1234", private=Private(b"salt", b"sealed"))
    request = carting.join_request(token)
    assert carting.private_of(request) == token.private
    assert carting.private_of(carting.join_request(None)) is None


def test_a_cart_is_kept_as_json() -> None:
    token = PhoneToken(hash="ab" * 32, last4="1234", private=Private(b"\x00salt", b"\xffsealed"))
    cart = ok(carting.add(filled(TEA, BAG), YAM, weight_g=5, label_fen=9))
    cart = ok(carting.join(cart, PLAN, carting.join_request(token)))
    assert msgspec.json.decode(msgspec.json.encode(cart), type=Cart) == cart


steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "ship", "weigh", "quantity", "carry", "remove", "join", "leave"]),
        st.sampled_from([TEA, CUP, WOK, YAM, BAG]),
        st.integers(-1, 12),
    ),
    max_size=30,
)


def stepped(cart: Cart, step: str, item: Item, number: int) -> Cart | Refused:
    match step:
        case "add":
            return carting.add(cart, item, quantity=number)
        case "ship":
            return carting.add(cart, item, delivery="shipped")
        case "weigh":
            return carting.add(cart, item, weight_g=number * 100)
        case "quantity":
            return carting.set_quantity(cart, number, number)
        case "carry":
            return carting.set_delivery(cart, number, "carried")
        case "remove":
            return carting.remove(cart, number)
        case "join":
            return carting.join(cart, PLAN, JoinRequest())
    return carting.attach_member(cart, ANNA)


@given(steps)
def test_whatever_is_done_the_basket_stays_whole(
    actions: list[tuple[str, Item, int]],
) -> None:
    cart = empty()
    for action in actions:
        answer = stepped(cart, *action)
        cart = answer if isinstance(answer, Cart) else cart
        numbers = [line.number for line in cart.lines]
        assert numbers == sorted(set(numbers))
        assert all(number < cart.next_number for number in numbers)
        assert all(whole(line) for line in cart.lines)
        pieces = [(x.item.sku, x.delivery) for x in cart.lines if x.weight_g is None]
        assert len(pieces) == len(set(pieces))
        plans = [line for line in cart.lines if line.item.kind == "plan"]
        assert len(plans) == (cart.join is not None)
        assert cart.join is None or cart.member is None


def whole(line: Line) -> bool:
    weighed_once = not line.item.weighed or (line.quantity == 1 and line.weight_g is not None)
    return weighed_once and 1 <= line.quantity <= MOST_QUANTITY
