"""Completing a sale: all of it or nothing, once, and known for certain before anything prints."""

import shutil
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from pos.rules import cart as carting
from pos.rules.cart import Cart
from pos.rules.items import Item
from pos.rules.order import Order
from pos.rules.receipt_number import parse_receipt_number
from pos.rules.tender import MOST_REFERENCE, MOST_TENDERS, Tender
from pos.services.checkout import Checkout, Completed
from pos.services.register import Register
from pos.stores import orders, print_jobs
from sync.rules.entry import MOST_BODY_BYTES
from sync.rules.refusal import Fault, Refused
from sync.services.till import OpenTill
from sync.sqlite_driver import SqliteError
from sync.stores import journal as journals
from sync.stores.journal import entries_of

from .stocked_till import (
    BAG,
    CAKE,
    TEA,
    TEA_CODE,
    journal_kinds,
    make_test_setup,
    opened,
    rows,
    stock,
)

CASH = [Tender("cash", 100_000)]
YAM_LABEL = "2200301012346"
SALE_TABLES = ("sale_order", "order_line", "payment", "membership", "print_job")


@pytest.fixture
def till(tmp_path: Path) -> Iterator[OpenTill]:
    with opened(make_test_setup(tmp_path)) as till:
        stock(till)
        yield till


@pytest.fixture
def register(till: OpenTill) -> Register:
    return Register(till)


@pytest.fixture
def checkout(till: OpenTill) -> Checkout:
    return Checkout(till)


def filled(register: Register, *codes: str) -> Cart:
    for code in codes or (TEA_CODE,):
        assert not isinstance(register.scan(code), Refused)
    return register.cart


def sold(answer: Completed | Refused) -> Order:
    assert isinstance(answer, Completed), answer
    return answer.order


def reason(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reason


def counts(till: OpenTill) -> list[int]:
    return [rows(till, table) for table in SALE_TABLES]


def test_a_sale_is_order_lines_payment_entry_and_print_job_and_the_cart_is_gone(
    till: OpenTill, register: Register, checkout: Checkout
) -> None:
    cart = filled(register, TEA_CODE, "2*" + CAKE, BAG, "2100301003507")
    order = sold(checkout.complete(cart, CASH))
    assert counts(till) == [1, 4, 1, 0, 1]
    assert rows(till, "cart") == 0
    assert journal_kinds(till) == ["sale"]
    (entry,) = entries_of(till.journal.read(), till.run.run, 1, 9)
    assert (entry.header.id, entry.header.amount_fen) == (order.order_id, order.paid_fen)
    assert msgspec.json.decode(entry.body, type=Order) == order
    assert orders.by_receipt(till.journal.read(), order.receipt_no) == order
    assert orders.latest(till.journal.read()) == order


def test_sums_rounding_and_change_are_those_of_the_price_rule(
    register: Register, checkout: Checkout
) -> None:
    order = sold(checkout.complete(filled(register, CAKE), [Tender("cash", 2000)]))
    assert (order.retail_fen, order.total_fen, order.rounding_fen) == (1885, 1885, 5)
    assert (order.paid_fen, order.change_fen) == (1880, 120)
    assert [line.allocated_fen for line in order.lines] == [1880]


def test_a_new_member_is_granted_in_the_same_transaction_at_member_prices(
    till: OpenTill, register: Register, checkout: Checkout
) -> None:
    filled(register)
    register.join()
    order = sold(checkout.complete(register.cart, CASH))
    assert (order.paid_fen, order.plus_saved_fen) == (14800 + 9900, 2000)
    assert order.card is not None
    assert (order.card.provisional, order.card.until) == (True, "2027-11-22")
    assert journal_kinds(till) == ["sale", "membership_granted"]
    assert counts(till) == [1, 2, 1, 1, 2]
    assert orders.by_id(till.journal.read(), order.order_id) == order
    run = till.run.run
    bodies = [each.body for each in journals.entries_of(till.journal.read(), run, 0, 99)]
    assert b"PM1:" not in b"".join(bodies), "who reads the journal gets no card to show"
    register.start_new()
    register.attach(order.card.card)
    later = sold(checkout.complete(filled(register), CASH))
    assert later.member is not None
    assert (later.member.serial, later.paid_fen) == (order.card.serial, 14800)


def test_receipt_numbers_count_the_day_and_never_repeat(
    register: Register, checkout: Checkout
) -> None:
    numbers = []
    for _ in range(3):
        register.start_new()
        order = sold(checkout.complete(filled(register), CASH))
        numbers.append(parse_receipt_number(order.receipt_no))
    assert [number.count for number in numbers if not isinstance(number, Refused)] == [1, 2, 3]


def test_completing_twice_sells_once(
    till: OpenTill, register: Register, checkout: Checkout
) -> None:
    cart = filled(register)
    first = checkout.complete(cart, CASH)
    assert checkout.complete(cart, CASH) == first
    assert counts(till) == [1, 1, 1, 0, 1]


@pytest.mark.parametrize(
    ("tenders", "expected"),
    [
        ([Tender("cash", 100)], "tender.too_little"),
        ([Tender("wechat", 99_999)], "tender.wallet_too_much"),
        ([], "tender.too_little"),
    ],
)
def test_wrong_money_is_refused_and_nothing_is_written(
    till: OpenTill,
    register: Register,
    checkout: Checkout,
    tenders: list[Tender],
    expected: str,
) -> None:
    cart = filled(register)
    assert reason(checkout.quote(cart, tenders)) == expected
    assert reason(checkout.complete(cart, tenders)) == expected
    assert counts(till) == [0] * 5
    assert journal_kinds(till) == []
    assert register.cart == cart


def test_an_empty_basket_is_no_sale(register: Register, checkout: Checkout) -> None:
    assert reason(checkout.complete(register.cart, CASH)) == "sale.empty"


def test_what_could_not_be_recorded_is_refused_before_money_is_taken(
    till: OpenTill, register: Register, checkout: Checkout
) -> None:
    long_name = "很长的名字" * 600
    stock(till, [Item(sku=f"L{n}", name_zh=long_name, unit="个", retail_fen=1) for n in range(30)])
    cart = filled(register, *(f"L{n}" for n in range(30)))
    assert checkout.ready(cart) is not None
    assert reason(checkout.quote(cart, CASH)) == "sale.too_large"


def test_the_largest_basket_can_be_paid_in_the_most_parts_and_with_a_card(
    till: OpenTill, register: Register, checkout: Checkout
) -> None:
    register.join()

    def basket(characters: int) -> Cart:
        item = Item(sku="L", name_zh="x" * characters, unit="个", retail_fen=99_999_999)
        cart = carting.add(register.cart, item)
        assert isinstance(cart, Cart)
        return cart

    too_many = bisect_left(
        range(MOST_BODY_BYTES), 1, key=lambda most: int(checkout.ready(basket(most)) is not None)
    )
    cart = basket(too_many - 1)
    total_fen = 99_999_999 + 9_900
    parts = [Tender("unionpay", 1_000_000, '"' * MOST_REFERENCE)] * (MOST_TENDERS - 1)
    rest = Tender("unionpay", total_fen - 1_000_000 * len(parts), '"' * MOST_REFERENCE)
    assert reason(checkout.complete(cart, [*parts, parts[0], rest])) == "tender.too_many"
    assert counts(till) == [0] * 5
    assert len(sold(checkout.complete(cart, [*parts, rest])).payments) == MOST_TENDERS


def test_a_full_disk_is_said_before_money_is_taken(
    register: Register, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    cart = filled(register)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=4096))
    assert reason(checkout.ready(cart)) == "disk.full"
    assert reason(checkout.complete(cart, CASH)) == "disk.full"


def test_a_disk_that_is_gone_is_a_fault_before_money_is_taken(
    register: Register, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(path: object) -> None:
        raise FileNotFoundError(path)

    cart = filled(register)
    monkeypatch.setattr(shutil, "disk_usage", gone)
    with pytest.raises(Fault):
        checkout.quote(cart, CASH)


class FaultyDisk:
    """Makes a database's statements fail as a broken disk does; `failures` are still to come.

    A failing COMMIT raises after (`durable`) or before it took effect; `spoilt` statements
    raise always.
    """

    def __init__(
        self, till: OpenTill, *, failures: int = 1, durable: bool = False, spoilt: str = ""
    ) -> None:
        self.failures = failures
        self.durable = durable
        self.spoilt = spoilt
        database: Any = till.journal
        self._connect = database._connect
        database._connect = self.connect
        database.reopen()

    def connect(self, **options: bool) -> Any:
        opened: Any = self._connect(**options)
        opened.conn = FaultyConnection(opened.conn, self)
        return opened


class FaultyConnection:
    def __init__(self, connection: Any, disk: FaultyDisk) -> None:
        self.connection = connection
        self.disk = disk

    def execute(self, sql: str, *parameters: Any) -> Any:
        if self.disk.spoilt and self.disk.spoilt in sql:
            raise SqliteError("disk I/O error")
        if sql == "COMMIT" and self.disk.failures:
            self.disk.failures -= 1
            if self.disk.durable:
                self.connection.execute(sql)
            raise SqliteError("disk I/O error")
        return self.connection.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


@pytest.mark.parametrize("durable", [True, False])
def test_a_commit_of_unknown_outcome_is_looked_up_and_sold_once_under_the_same_id(
    till: OpenTill, register: Register, checkout: Checkout, *, durable: bool
) -> None:
    cart = filled(register)
    register.join()
    disk = FaultyDisk(till, durable=durable)
    completed = checkout.complete(register.cart, CASH)
    order = sold(completed)
    assert disk.failures == 0
    assert order.order_id == cart.order_id
    assert counts(till) == [1, 2, 1, 1, 2]
    assert isinstance(completed, Completed)
    assert completed.job_ids == print_jobs.of_order(till.journal.read(), order.order_id)
    assert journal_kinds(till) == ["sale", "membership_granted"]
    wal = till.journal.path.with_name("journal.db-wal")
    assert not durable or wal.stat().st_size == 0


def test_a_sale_found_but_not_proven_by_a_checkpoint_stops_selling_and_printing(
    till: OpenTill, register: Register, checkout: Checkout
) -> None:
    cart = filled(register)
    FaultyDisk(till, durable=True, spoilt="wal_checkpoint")
    with pytest.raises(Fault) as caught:
        checkout.complete(cart, CASH)
    assert caught.value.refused.reason == "sale.stopped"
    with pytest.raises(Fault), till.journal.transaction() as db:
        print_jobs.mark_sending(db, 1)
    with pytest.raises(Fault):
        register.scan(CAKE)


def test_commits_that_keep_failing_stop_selling(
    till: OpenTill, register: Register, checkout: Checkout
) -> None:
    cart = filled(register)
    FaultyDisk(till, failures=99)
    with pytest.raises(Fault) as caught:
        checkout.complete(cart, CASH)
    assert caught.value.refused.reason == "sale.stopped"
    assert counts(till) == [0] * 5


@pytest.mark.parametrize(
    "statement", ["INTO entry", "INTO sale_order", "INTO membership", "INTO print_job"]
)
def test_a_write_that_fails_leaves_nothing_of_the_sale(
    till: OpenTill, register: Register, checkout: Checkout, statement: str
) -> None:
    filled(register, TEA, YAM_LABEL)
    register.join()
    disk = FaultyDisk(till, failures=0, spoilt=statement)
    with pytest.raises(Fault) as caught:
        checkout.complete(register.cart, CASH)
    assert caught.value.refused.reason == "sale.not_recorded"
    assert counts(till) == [0] * 5
    assert journal_kinds(till) == []
    disk.spoilt = ""
    assert sold(checkout.complete(register.cart, CASH)).order_id == register.cart.order_id


def test_writes_that_keep_failing_stop_selling(
    till: OpenTill, register: Register, checkout: Checkout
) -> None:
    cart = filled(register)
    FaultyDisk(till, failures=0, spoilt="INTO sale_order")
    reasons = []
    for _ in range(4):
        with pytest.raises(Fault) as caught:
            checkout.complete(cart, CASH)
        reasons.append(caught.value.refused.reason)
    assert reasons == ["sale.not_recorded"] * 2 + ["sale.stopped"] * 2


def test_a_cart_is_kept_once_whatever_its_commit_says(till: OpenTill, register: Register) -> None:
    filled(register)
    FaultyDisk(till, durable=True)
    register.hold()
    assert [held.number for held in register.held()] == [1]
    FaultyDisk(till, durable=False)
    register.recall(1)
    register.void()
    assert rows(till, "cart") == 0
    assert journal_kinds(till) == ["cart_voided"]
