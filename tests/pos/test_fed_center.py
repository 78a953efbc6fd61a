"""What the tills of a center learn from each other and from their hub, sold by all the way down."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from membership.rules.member import Member
from membership.services.desk import Desk
from pos.rules.escpos_reader import read_text
from pos.rules.order import CardSold, Order
from pos.rules.tender import Tender
from pos.services.checkout import Checkout
from pos.services.importing import import_goods
from pos.services.receipts import render
from pos.services.register import Register
from pos.stores import catalogue, orders
from sync.rules.days import china_day
from sync.rules.refusal import Refused
from sync.services.till import OpenTill
from tests.hub_databases import NewDatabase, OnSqlite
from tests.sync.tills import DAY_MS

from .center_scenes import CENTERS, Center, center_at, sold

TEA, CAKE = "9520123456788", "9521000000100"
CASH = [Tender("cash", 9900)]
PHONE = "138 0013 8000"
GOODS = (
    "sku,name_zh,unit,retail,plus,barcodes",
    f"TEA,信阳毛尖,罐,168,148,{TEA}",
    f"CAKE,花生糕,盒,18.80,,{CAKE}",
)


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Center]:
    with center_at(tmp_path, OnSqlite()) as center:
        yield center


@pytest.fixture
def any_center(tmp_path: Path, new_database: NewDatabase) -> Iterator[Center]:
    """Its hub keeps its data in each kind of database in turn."""
    with center_at(tmp_path, new_database()) as center:
        yield center


def reason(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reason


def joined(center: Center, till: OpenTill, phone: str | None = None) -> CardSold:
    """Sell a membership with some tea, and push it."""
    register = Register(till)
    assert not isinstance(register.scan(TEA), Refused)
    assert register.join(phone) is None
    order = sold(till, register)
    assert order.card is not None
    center.push(till)
    return order.card


def pays_plus(till: OpenTill, member: str) -> Order:
    register = Register(till)
    assert isinstance(register.attach(member), Member)
    assert not isinstance(register.scan(TEA), Refused)
    order = sold(till, register)
    assert [line.price for line in order.lines] == ["plus"]
    assert order.plus_saved_fen == 2000
    return order


def test_a_price_changes_at_midnight_at_a_till_that_is_offline(center: Center) -> None:
    center.publish("catalogue", *GOODS)
    tomorrow = china_day(center.clock.now_ms() + DAY_MS)
    center.publish("prices", "sku,valid_from,retail", f"TEA,{tomorrow},158")
    with center.till("ZZ-01") as till:
        center.pull(till)
        register = Register(till)
        register.scan(TEA)
        assert sold(till, register).total_fen == 16800
        center.clock.pass_ms(DAY_MS)
        register.scan(TEA)
        assert sold(till, register).total_fen == 15800


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_held_basket_sells_no_second_membership_to_the_same_phone(
    center: Center, elsewhere: bool
) -> None:
    center.publish("catalogue", *GOODS)
    with center.till("ZZ-01") as till, center.till("ZZ-02") as other:
        center.pull(till)
        center.pull(other)
        register = Register(till)
        assert register.join(PHONE) is None
        number = register.hold()
        assert isinstance(number, int)
        if elsewhere:
            joined(center, other, PHONE)
            center.pull(till)
        else:
            assert register.join(PHONE) is None
            sold(till, register)
        assert not isinstance(register.recall(number), Refused)
        checkout = Checkout(till)
        assert reason(checkout.ready(register.cart)) == "join.already_member"
        assert reason(checkout.complete(register.cart, CASH)) == "join.already_member"
        assert register.remove(1) is None
        assert isinstance(register.attach(PHONE), Member)


def test_who_joined_at_one_till_pays_plus_at_another_by_phone(any_center: Center) -> None:
    center = any_center
    center.publish("catalogue", *GOODS)
    with center.till("ZZ-01") as till, center.till("ZZ-02") as other:
        center.pull(till)
        joined(center, till, PHONE)
        assert reason(Desk(other).find(PHONE)) == "member.unknown_phone"
        center.pull(other)
        order = pays_plus(other, PHONE)
        assert order.member is not None
        center.push(other)
        member = Desk(other).find(PHONE)
        assert isinstance(member, Member)
        assert (member.label, member.state) == ("****8000", "active")


def test_a_member_of_another_center_is_known_by_card_and_not_by_phone(center: Center) -> None:
    center.publish("catalogue", *GOODS)
    with center.till("ZZ-01") as till, center.till("YW-01", "yiwu") as far:
        center.pull(till)
        card = joined(center, till, PHONE)
        center.pull(far)
        assert reason(Desk(far).find(PHONE)) == "member.unknown_phone"
        pays_plus(far, card.card)


def test_a_provisional_card_is_good_everywhere_in_the_center_once_confirmed(
    center: Center,
) -> None:
    center.publish("catalogue", *GOODS)
    with (
        center.till("ZZ-01", enrol=False) as till,
        center.till("ZZ-02") as other,
        center.till("YW-01", "yiwu") as far,
    ):
        _import(till, center)
        register = Register(till)
        register.scan(TEA)
        register.join()
        order = sold(till, register)
        assert order.card is not None
        assert order.card.provisional
        assert Desk(till).standing(order.card.card).state == "provisional"
        assert "临时" in _slip(till, order)
        center.enrol(till)
        center.push(till)
        for each in (till, other, far):
            center.pull(each)
        assert Desk(till).standing(order.card.card).state == "active"
        pays_plus(other, order.card.card)
        assert reason(Desk(far).find(order.card.card)) == "card.provisional_elsewhere"
        assert "临时" not in _slip(till, order)


def _import(till: OpenTill, center: Center) -> None:
    path = till.directory / "goods.csv"
    path.write_text("\n".join(GOODS), "utf-8")
    assert not isinstance(import_goods(till.reference, path, CENTERS), Refused)


def _slip(till: OpenTill, order: Order) -> str:
    kept = orders.by_receipt(till.journal.read(), order.receipt_no)
    assert kept is not None
    return read_text(render(till, kept, "card", copy=False))


def test_a_revoked_card_is_refused_after_a_pull_until_it_is_reinstated(center: Center) -> None:
    center.publish("catalogue", *GOODS)
    with center.till("ZZ-01") as till, center.till("ZZ-02") as other:
        center.pull(till)
        card = joined(center, till, PHONE)
        center.pull(other)
        center.publish("revocations", "serial,reason", f"{card.serial},fee returned")
        assert isinstance(Desk(other).find(card.card), Member), "not heard of it yet"
        center.pull(other)
        for text in (card.card, PHONE):
            assert reason(Desk(other).find(text)) == "card.revoked"
        center.withdraw("revocations", card.serial)
        center.pull(other)
        pays_plus(other, card.card)


def test_goods_that_are_withdrawn_can_no_longer_be_sold(center: Center) -> None:
    center.publish("catalogue", *GOODS)
    with center.till("ZZ-01") as till:
        center.pull(till)
        register = Register(till)
        assert not isinstance(register.scan(CAKE), Refused)
        center.withdraw("catalogue", "CAKE")
        center.pull(till)
        assert reason(register.scan(CAKE)) == "scan.unknown"
        assert [line.line.item.sku for line in register.view().priced.lines] == ["CAKE"]
        sold(till, register)


def test_goods_are_not_imported_at_a_till_that_is_fed(center: Center) -> None:
    with center.till("ZZ-01") as till:
        _import(till, center)
        center.publish("catalogue", GOODS[0], GOODS[2])
        center.pull(till)
        assert catalogue.count(till.reference.read()) == 1, "what was imported before is gone"
        path = till.directory / "goods.csv"
        assert reason(import_goods(till.reference, path, CENTERS)) == "import.fed"
        assert catalogue.count(till.reference.read()) == 1
