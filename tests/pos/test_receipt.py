"""What a receipt says, on both papers and in both languages."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from membership.rules.plan import PlanSettings
from pos.rules.blocks import Barcode, Block, Cut, OpenDrawer, QrCode, Row
from pos.rules.card_slip import card_blocks
from pos.rules.order import Order, Payment
from pos.rules.paper import Paper, columns_of, fill, paper_of
from pos.rules.receipt import receipt_blocks
from pos.rules.slip import Heading, Say
from tests.pos.printed_orders import (
    BAG,
    CARD,
    CHINESE,
    DEMO_COPY,
    ENGLISH,
    HEADING,
    LABEL,
    NUMBER,
    SHIPPED,
    TEA,
    TOKEN,
    YAM,
    everything,
    line,
    member_sale,
    order,
)

NARROW, BROAD = paper_of(58), paper_of(80)

NARROW_RECEIPT = """\
1688选品中心·郑州
河南省郑州市
--------------------------------
单号 261122 001 0042 1234567
时间 2026-11-22 12:00:05
收银台 ZZ-01           收银员 01
会员 ****1234 PLUS 至 2027-11-22
--------------------------------
品名     数量     单价      小计
【现货带走】
信阳毛尖250g
          2罐   148.00    296.00
  PLUS价  省 40.00
铁棍山药
      1.234kg    17.80     21.96
  PLUS价  省 2.47
河南手剥薄皮核桃（五香味家庭分享
装）
         12袋    22.50    270.00
  阶梯价（满12袋）  省 88.80
散装枣
          1份               3.50
  标签价
【厂家直发】
永康麦饭石炒锅32cm
          1只    89.00     89.00
【购物袋】
购物袋大
          2个     0.50      1.00
【会员】
PLUS会员 一年
          1份    99.00     99.00
--------------------------------
商品 5 种 共 17 件
零售价合计                911.73
PLUS优惠                  -42.47
其他优惠                  -88.80
合计                      780.46
抹零                       -0.06
应收                    ￥780.40
--------------------------------
实收                      800.00
  微信支付                200.00
    流水号
    4200002026112212345678901234
  现金                    600.00
找零                       19.60
★ PLUS 本单为您节省 42.47 元 ★
--------------------------------
现货商品凭小票七日内可退换；厂家
直发商品签收后七日内可无理由退
货。

261122 001 0042 1234567
凭此码开具发票、办理退换
谢谢惠顾，欢迎再来"""


def texts(blocks: Sequence[Block]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, Row)]


def receipt(sold: Order, heading: Heading = HEADING, say: Say = CHINESE) -> list[str]:
    return texts(receipt_blocks(sold, heading, BROAD, say))


def test_a_whole_receipt_on_narrow_paper() -> None:
    blocks = receipt_blocks(everything(), HEADING, NARROW, CHINESE)
    assert "\n".join(texts(blocks)) == NARROW_RECEIPT
    assert [block for block in blocks if not isinstance(block, Row)] == [
        Barcode(NUMBER),
        QrCode(TOKEN, 5),
        Cut(),
    ]


def test_broad_paper_puts_names_before_their_figures() -> None:
    lines = receipt(everything())
    assert "信阳毛尖250g              2罐   148.00    296.00" in lines
    assert "铁棍山药              1.234kg    17.80     21.96" in lines
    at = lines.index("河南手剥薄皮核桃（五香味家庭分享装）")
    assert lines[at + 1] == "                         12袋    22.50    270.00"


def test_a_visitor_who_saves_nothing_sees_no_savings_and_no_member() -> None:
    lines = receipt(order(SHIPPED, BAG))
    spoken = "\n".join(lines)
    assert "PLUS" not in spoken
    assert "优惠" not in spoken
    assert "抹零" not in spoken
    assert "会员" not in spoken
    assert "应收                                     ￥90.00" in lines


def test_carried_and_shipped_stand_apart_and_bags_behind_them() -> None:
    lines = receipt(order(BAG, SHIPPED, TEA))
    heads = [text for text in lines if text.startswith("【")]
    assert heads == ["【现货带走】", "【厂家直发】", "【购物袋】"]
    named = [text.split(" ")[0] for text in lines[lines.index("【现货带走】") :][:6]]
    assert named == [
        "【现货带走】",
        "信阳毛尖250g",
        "",
        "【厂家直发】",
        "永康麦饭石炒锅32cm",
        "【购物袋】",
    ]


def test_a_weighed_threshold_is_in_kilograms() -> None:
    bulk = line(
        name_zh="山药", unit="kg", quantity=1, weight_g=50500, price="tier", tier_start=50000,
        retail_fen=99990, unit_price_fen=1350, amount_fen=68175,
    )  # fmt: skip
    assert "  阶梯价（满50kg）  省 318.15" in receipt(order(bulk))


def test_a_label_without_a_weight_claims_none() -> None:
    lines = receipt(order(LABEL))
    assert "散装枣                    1份               3.50" in lines
    assert "kg" not in "".join(lines)


def test_goods_are_counted_by_kind_however_they_leave_and_however_often_they_are_weighed() -> None:
    shipped = structs.replace(TEA, delivery="shipped")
    assert "商品 2 种 共 6 件" in receipt(order(TEA, shipped, YAM, YAM))


def test_a_member_is_masked_or_named_by_serial() -> None:
    assert fill("会员 ****1234", "PLUS 至 2027-11-22", 48) in receipt(member_sale())
    unknown = structs.replace(HEADING, member="3f2a9c01d4e7")
    assert fill("会员 3f2a9c01d4e7", "PLUS 至 2027-11-22", 48) in receipt(member_sale(), unknown)


def test_a_sale_past_midnight_names_its_business_day() -> None:
    assert "营业日 2026-11-21" in receipt(order(TEA, day="2026-11-21"))
    assert not [text for text in receipt(order(TEA)) if text.startswith("营业日")]


@pytest.mark.parametrize("layout", [receipt_blocks, card_blocks])
def test_a_copy_and_a_demo_say_so_first_and_last(
    layout: Callable[..., tuple[Block, ...]],
) -> None:
    lines = texts(layout(everything(), DEMO_COPY, NARROW, CHINESE))
    marks = ["【补打 COPY】", "★ 演示 DEMO 非真实交易 ★"]
    assert lines[2:4] == marks
    assert lines[-2:] == marks
    plain = texts(layout(everything(), HEADING, NARROW, CHINESE))
    assert not set(plain) & set(marks)


def drawer_opens(sold: Order, heading: Heading) -> bool:
    return OpenDrawer() in receipt_blocks(sold, heading, BROAD, CHINESE)


def test_the_drawer_opens_for_cash_alone_where_the_print_may_open_it() -> None:
    wallet = (Payment(method="alipay", amount_fen=8900, handed_fen=8900),)
    kicks = structs.replace(HEADING, drawer=True)
    assert drawer_opens(order(SHIPPED), kicks)
    assert not drawer_opens(order(SHIPPED), HEADING)
    assert not drawer_opens(order(SHIPPED, payments=wallet), kicks)
    assert drawer_opens(order(SHIPPED), structs.replace(kicks, copy=True))


def test_the_caption_promises_a_page_only_where_there_is_one() -> None:
    assert "扫码查看本单、申请开票" in receipt(order(TEA), structs.replace(HEADING, linked=True))
    assert "凭此码开具发票、办理退换" in receipt(order(TEA))


def test_english_names_where_there_are_any() -> None:
    lines = receipt(order(TEA, YAM), say=ENGLISH)
    assert "Xinyang Maojian           2罐   148.00    296.00" in lines
    assert "  PLUS price  saved 40.00" in lines


def test_a_card_slip_carries_the_card_and_its_dates() -> None:
    blocks = card_blocks(everything(), HEADING, NARROW, CHINESE)
    assert QrCode(CARD, 4) in blocks
    lines = texts(blocks)
    assert "卡号                3f2a9c01d4e7" in lines
    assert "手机                    ****1234" in lines
    assert "有效期至              2027-11-22" in lines
    assert "临时卡" not in lines


def test_a_provisional_card_says_where_it_is_good() -> None:
    lines = texts(card_blocks(everything(provisional=True), HEADING, NARROW, CHINESE))
    assert "临时卡" in lines
    assert "总部确认之前，仅限本收银台使用" in lines


@pytest.mark.parametrize("paper", [NARROW, BROAD])
def test_a_card_slip_says_when_its_fee_is_returned(paper: Paper) -> None:
    rule = PlanSettings().refund_rule_zh
    ruled = structs.replace(HEADING, refund_rule=rule)
    assert rule in "".join(texts(card_blocks(everything(), ruled, paper, CHINESE)))


def test_a_card_without_a_phone_shows_no_phone() -> None:
    anonymous = structs.replace(HEADING, member="3f2a9c01d4e7")
    lines = texts(card_blocks(everything(), anonymous, NARROW, CHINESE))
    assert not [text for text in lines if text.startswith("手机")]


WORDS = st.text(max_size=100)


@given(
    name=WORDS.filter(bool),
    unit=st.text(min_size=1, max_size=8),
    quantity=st.integers(1, 9999),
    amount_fen=st.integers(0, 10**14),
    reference=WORDS,
    heading=st.builds(Heading, WORDS, WORDS, WORDS, WORDS, st.just(TOKEN)),
    paper=st.sampled_from([NARROW, BROAD]),
)
def test_nothing_that_is_typed_breaks_the_paper(
    name: str,
    unit: str,
    quantity: int,
    amount_fen: int,
    reference: str,
    heading: Heading,
    paper: Paper,
) -> None:
    odd = line(
        name_zh=name, unit=unit, quantity=quantity, amount_fen=amount_fen, price="tier",
        unit_price_fen=amount_fen, retail_fen=amount_fen + 1, tier_start=quantity,
    )  # fmt: skip
    paid = Payment(
        method="wechat", amount_fen=amount_fen, handed_fen=amount_fen, reference=reference
    )
    blocks = receipt_blocks(order(odd, payments=(paid,)), heading, paper, CHINESE)
    widths = [columns_of(b.text) * (1 + b.wide) for b in blocks if isinstance(b, Row)]
    assert max(widths) <= paper.columns
