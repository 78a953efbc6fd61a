"""Orders to print: one of everything that can stand on a receipt."""

from msgspec import structs

from pos.rules.order import CardSold, MemberUsed, Order, OrderLine, Payment
from pos.rules.slip import Heading
from sync.language import Language

CHINESE = Language("zh", ["sync", "membership", "pos"])
ENGLISH = Language("en", ["sync", "membership", "pos"])
NUMBER = "26112200100421234567"
TOKEN = "XR1:" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 5 + "ABCDEFGH"
CARD = "PM1:" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 9 + "ABCDEFGHIJKLMNOPQR"

HEADING = Heading(
    center="1688选品中心·郑州",
    address="河南省郑州市",
    policy="现货商品凭小票七日内可退换；厂家直发商品签收后七日内可无理由退货。",
    member="****1234",
    code=TOKEN,
)
DEMO_COPY = structs.replace(HEADING, demo=True, copy=True)

_LINE = OrderLine(
    sku="TEA",
    name_zh="信阳毛尖250g",
    name_en="Xinyang Maojian",
    unit="罐",
    kind="goods",
    delivery="carried",
    quantity=2,
    weight_g=None,
    retail_fen=33600,
    unit_price_fen=14800,
    amount_fen=29600,
    price="plus",
    tier_start=None,
    allocated_fen=29600,
    code="9520123456788",
)


def line(**changes: object) -> OrderLine:
    """Return a line of tea with other values; what it was paid follows its amount."""
    changed = structs.replace(_LINE, **changes)
    return structs.replace(changed, allocated_fen=changed.amount_fen)


TEA = line()
YAM = line(
    sku="YAM", name_zh="铁棍山药", name_en="Iron-stick yam", unit="kg", quantity=1, weight_g=1234,
    retail_fen=2443, unit_price_fen=1780, amount_fen=2196,
)  # fmt: skip
WALNUTS = line(
    sku="NUT", name_zh="河南手剥薄皮核桃（五香味家庭分享装）", name_en="", unit="袋",
    quantity=12, retail_fen=35880, unit_price_fen=2250, amount_fen=27000, price="tier",
    tier_start=12,
)  # fmt: skip
SHIPPED = line(
    sku="WOK", name_zh="永康麦饭石炒锅32cm", name_en="Wok", unit="只", quantity=1,
    delivery="shipped", retail_fen=8900, unit_price_fen=8900, amount_fen=8900, price="retail",
)  # fmt: skip
LABEL = line(
    sku="JUJ", name_zh="散装枣", name_en="Jujubes", unit="kg", quantity=1, retail_fen=350,
    unit_price_fen=350, amount_fen=350, price="fixed",
)  # fmt: skip
BAG = line(
    sku="BAG-L", name_zh="购物袋大", name_en="Large bag", unit="个", kind="bag", quantity=2,
    retail_fen=100, unit_price_fen=50, amount_fen=100, price="retail",
)  # fmt: skip
PLAN = line(
    sku="PLUS-1Y", name_zh="PLUS会员 一年", name_en="PLUS membership, one year", unit="份",
    kind="plan", quantity=1, retail_fen=9900, unit_price_fen=9900, amount_fen=9900,
    price="fixed",
)  # fmt: skip


def order(*lines: OrderLine, **changes: object) -> Order:
    """Return an order paid in exact cash, with the sums of its lines."""
    total_fen = sum(each.amount_fen for each in lines)
    retail_fen = sum(each.retail_fen for each in lines)
    plain = Order(
        order_id="019aa9d5-5b00-7000-8000-000000000007",
        receipt_no=NUMBER,
        day="2026-11-22",
        at_ms=1_795_320_005_000,
        center="zhengzhou",
        till="ZZ-01",
        till_number=1,
        cashier="01",
        lines=lines,
        payments=(Payment(method="cash", amount_fen=total_fen, handed_fen=total_fen),),
        retail_fen=retail_fen,
        total_fen=total_fen,
        saved_fen=retail_fen - total_fen,
        plus_saved_fen=0,
        rounding_fen=0,
        paid_fen=total_fen,
        change_fen=0,
    )
    return structs.replace(plain, **changes)


def everything(*, provisional: bool = False) -> Order:
    """Return a sale to a new member: weighed, shipped, bags, the plan, split tender, rounding."""
    sold = CardSold(
        card=CARD,
        serial="3f2a9c01d4e7",
        from_day="2026-11-22",
        until="2027-11-22",
        provisional=provisional,
    )
    lines = (TEA, YAM, SHIPPED, WALNUTS, LABEL, BAG, PLAN)
    total_fen = sum(each.amount_fen for each in lines)
    wallet_fen, rounding_fen = 20000, (total_fen - 20000) % 10
    cash_fen = total_fen - wallet_fen - rounding_fen
    reference = "4200002026112212345678901234"
    return order(
        *lines,
        payments=(
            Payment(method="wechat", amount_fen=20000, handed_fen=20000, reference=reference),
            Payment(method="cash", amount_fen=cash_fen, handed_fen=60000),
        ),
        plus_saved_fen=4000 + 247,
        rounding_fen=rounding_fen,
        paid_fen=total_fen - rounding_fen,
        change_fen=60000 - cash_fen,
        card=sold,
    )


def member_sale() -> Order:
    """Return two tins of tea sold to a member."""
    return order(
        TEA, member=MemberUsed(serial="3f2a9c01d4e7", until="2027-11-22"), plus_saved_fen=4000
    )
