"""The completed sale as it is journalled, printed and booked: the body of a `sale` entry.

What is as usual (a field that has its default) is left out of the body: a till keeps its sales for
years, and every byte of them is hashed, sent and stored more than once.
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

from pos.rules.basket import PriceName
from pos.rules.items import Delivery, Kind

SALE = "sale"  # the journal kind
SCHEMA = "xuanpin.sale.1"
Method = Literal["cash", "wechat", "alipay", "unionpay", "ecny"]
WALLETS: tuple[Method, ...] = ("wechat", "alipay", "unionpay", "ecny")
METHODS: tuple[Method, ...] = ("cash", *WALLETS)


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line as sold. `allocated_fen` is its share of what was paid; refunds use it.

    `unit_price_fen` is per piece or kilogram; where `labelled`, the amount of the label.
    """

    sku: str
    name_zh: str
    name_en: str
    unit: str
    kind: Kind = "goods"
    delivery: Delivery = "carried"
    quantity: int
    weight_g: int | None = None
    retail_fen: int
    unit_price_fen: int
    amount_fen: int
    price: PriceName = "retail"
    tier_start: int | None = None
    allocated_fen: int
    code: str
    cluster: str = ""


def labelled(line: OrderLine) -> bool:
    """Tell whether a scale's label said what a line costs: then that is its only price."""
    return line.price == "fixed" and line.kind == "goods"


class Payment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money kept by one method; for cash also what was handed over."""

    method: Method
    amount_fen: int
    handed_fen: int
    reference: str = ""


class MemberUsed(msgspec.Struct, frozen=True, kw_only=True):
    """The membership whose prices applied; no personal data."""

    serial: str
    until: str


class CardSold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The PLUS card that this sale granted; dates are ISO, `until` inclusive.

    `card` is its text, which whoever shows is the member: not in the journal (`journalled`).
    """

    card: str = ""
    serial: str
    from_day: str
    until: str
    provisional: bool


class Order(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="schema",
    tag=SCHEMA,
):
    """A completed sale. All sums in fen; `at_ms` Unix milliseconds; `day` the business day."""

    order_id: str
    receipt_no: str
    day: str
    at_ms: int
    center: str
    till: str
    till_number: int
    cashier: str
    lines: tuple[OrderLine, ...]
    payments: tuple[Payment, ...]
    retail_fen: int
    total_fen: int
    saved_fen: int
    plus_saved_fen: int
    rounding_fen: int
    paid_fen: int
    change_fen: int
    member: MemberUsed | None = None
    card: CardSold | None = None


def journalled(order: Order) -> Order:
    """Return an order as the journal keeps it, without the card that it sold.

    So who reads orders at the hub, or finds a stick, gets no card; the till keeps it with the
    membership.
    """
    return order if order.card is None else replace(order, card=replace(order.card, card=""))
