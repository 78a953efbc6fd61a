"""Booking sales at the hub: one row an order, and nothing from a body that contradicts itself."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import Connection, Engine, select

from pos.rules.order import SALE, MemberUsed, Order, OrderLine, Payment
from pos.stores import hub_orders
from pos.stores.hub_orders import HUB_ORDER, PROJECTIONS
from sync.database import hub_transaction, open_hub
from sync.keys import load_or_create_hub_keys
from sync.package import Arrived, Noticed
from sync.rules.entry import Header
from sync.rules.money import MOST_FEN
from tests.hub_databases import NewDatabase

Book = Callable[[Sequence[Arrived]], Noticed]

LINE = OrderLine(
    sku="MJ250",
    name_zh="信阳毛尖250g",
    name_en="Xinyang Maojian",
    unit="罐",
    kind="goods",
    delivery="carried",
    quantity=1,
    weight_g=None,
    retail_fen=16800,
    unit_price_fen=14803,
    amount_fen=14803,
    price="plus",
    tier_start=None,
    allocated_fen=14800,
    code="9520001000050",
    cluster="浉河",
)
ORDER = Order(
    order_id="01aab8e1-0000-7000-8000-000000000001",
    receipt_no="26112200100420001234",
    day="2026-11-22",
    at_ms=1_795_320_000_000,
    center="zhengzhou",
    till="ZZ-01",
    till_number=1,
    cashier="01",
    lines=(LINE,),
    payments=(
        Payment(method="cash", amount_fen=4800, handed_fen=5000),
        Payment(method="wechat", amount_fen=6000, handed_fen=6000),
        Payment(method="wechat", amount_fen=4000, handed_fen=4000),
    ),
    retail_fen=16800,
    total_fen=14803,
    saved_fen=1997,
    plus_saved_fen=1997,
    rounding_fen=3,
    paid_fen=14800,
    change_fen=200,
    member=MemberUsed(serial="00a1b2c3d4e5", until="2027-11-22"),
)


def arrived(order: Order = ORDER, body: bytes | None = None, **changed: Any) -> Arrived:
    body = msgspec.json.encode(order) if body is None else body
    header = Header(
        version=1,
        till="ab" * 16,
        run="1-0a0b0c0d",
        seq=7,
        kind=SALE,
        id=order.order_id,
        at_ms=order.at_ms,
        mono_ms=5,
        boot="boot",
        day=order.day,
        amount_fen=order.paid_fen,
        body_bytes=len(body),
        body_sha256=hashlib.sha256(body).digest(),
        private_sha256=b"",
    )
    return Arrived(structs.replace(header, **changed), body, None, "ZZ-01", "zhengzhou")


@pytest.fixture
def engine(tmp_path: Path, new_database: NewDatabase) -> Iterator[Engine]:
    engine = open_hub(new_database().url or f"sqlite:///{tmp_path / 'hub.db'}")
    with hub_transaction(engine) as connection:
        HUB_ORDER.create(connection, checkfirst=True)
    yield engine
    engine.dispose()


@pytest.fixture
def hub(engine: Engine) -> Iterator[Connection]:
    with hub_transaction(engine) as connection:
        yield connection


@pytest.fixture
def book(hub: Connection, tmp_path: Path) -> Book:
    keys = load_or_create_hub_keys(tmp_path)
    return lambda arrived: hub_orders.book(hub, arrived, keys)


def rows(hub: Connection) -> list[dict[str, object]]:
    return [dict(row) for row in hub.execute(select(HUB_ORDER)).mappings()]


def test_a_sale_becomes_one_row_with_its_sums_by_method(hub: Connection, book: Book) -> None:
    assert book([arrived()]) == Noticed()
    (row,) = rows(hub)
    assert row["order_id"] == ORDER.order_id
    assert row["center"] == "zhengzhou"
    assert (row["retail_fen"], row["total_fen"]) == (16800, 14803)
    assert (row["rounding_fen"], row["paid_fen"]) == (3, 14800)
    assert (row["cash_fen"], row["wechat_fen"], row["alipay_fen"]) == (4800, 10000, 0)
    assert row["member_serial"] == "00a1b2c3d4e5"


def test_the_same_order_with_another_content_stands_beside_the_first(
    hub: Connection, book: Book
) -> None:
    other = structs.replace(ORDER, cashier="02")
    assert book([arrived(), arrived(other)]) == Noticed()
    assert [row["cashier"] for row in rows(hub)] == ["01", "02"]


def test_an_order_id_of_another_till_is_another_order(hub: Connection, book: Book) -> None:
    assert book([arrived(), arrived(till="cd" * 16)]) == Noticed()
    assert len(rows(hub)) == 2


def changed(**values: Any) -> Order:
    return structs.replace(ORDER, **values)


@pytest.mark.parametrize(
    "odd",
    [
        arrived(body=b""),
        arrived(body=b"\xff"),
        arrived(body=b'{"schema":"xuanpin.sale.2"}'),
        arrived(body=msgspec.json.encode(ORDER).replace(b'"wechat"', b'"giftcard"')),
        arrived(id="another"),
        arrived(amount_fen=14801),
        arrived(day="2026-11-23"),
        arrived(changed(rounding_fen=0)),
        arrived(changed(payments=ORDER.payments[:2])),
        arrived(changed(retail_fen=14000)),
        arrived(changed(retail_fen=2**63)),
        arrived(changed(retail_fen=MOST_FEN + 1)),
        arrived(changed(receipt_no="2" * 65)),
        arrived(changed(cashier="a\0b")),
        arrived(
            changed(
                payments=(
                    *ORDER.payments,
                    Payment(method="alipay", amount_fen=-100, handed_fen=0),
                    Payment(method="cash", amount_fen=100, handed_fen=100),
                )
            )
        ),
    ],
)
def test_a_body_that_contradicts_itself_or_its_header_is_not_booked(
    hub: Connection, book: Book, odd: Arrived
) -> None:
    good = arrived(till="cd" * 16)
    assert book([arrived(), odd, good]) == Noticed(unread=(1,))
    assert len(rows(hub)) == 2


def test_the_hub_books_sales_by_this() -> None:
    assert [(p.kind, p.book) for p in PROJECTIONS] == [(SALE, hub_orders.book)]
