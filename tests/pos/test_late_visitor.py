"""A visitor after the day was closed: sold to, for the next business day, never refused."""

import asyncio
from datetime import date
from pathlib import Path

from membership.rules.grant import KIND as GRANTED
from pos.rules.order import SALE
from pos.rules.receipt_number import parse_receipt_number
from pos.rules.tender import Tender
from pos.services.checkout import Checkout, Completed
from pos.services.register import Register
from sync.rules.refusal import Refused
from sync.services.closing import Closed, close_day
from sync.services.till import OpenTill
from sync.stores import day_totals
from sync.stores import journal as journals

from .counter_pilot import Cashier, at_counter
from .stocked_till import BAG, TEA, make_test_setup, opened, stock

TODAY, TOMORROW = "2026-11-22", "2026-11-23"


def closed(till: OpenTill) -> None:
    assert isinstance(close_day(till, TODAY, "Li"), Closed)


def sold(till: OpenTill, register: Register) -> Completed:
    cart = register.cart
    due = Checkout(till).due(cart)
    assert not isinstance(due, Refused)
    done = Checkout(till).complete(cart, [Tender("cash", due.cash_fen)])
    assert isinstance(done, Completed), done
    register.start_new()
    return done


def test_what_is_sold_after_closing_counts_for_the_next_day(tmp_path: Path) -> None:
    with opened(make_test_setup(tmp_path)) as till:
        stock(till)
        register = Register(till)
        register.add_item(TEA)
        first = sold(till, register).order
        closed(till)
        register.start_new()
        register.add_item(TEA)
        register.join()
        late = sold(till, register).order
        assert (first.day, late.day) == (TODAY, TOMORROW)
        number = parse_receipt_number(late.receipt_no)
        assert not isinstance(number, Refused)
        assert (number.day, number.count) == (date.fromisoformat(TOMORROW), 1)
        assert late.card is not None
        assert late.card.from_day == TODAY, "memberships follow the calendar"
        db = till.journal.read()
        assert day_totals.of_day(db, TODAY)[SALE].amount_fen == first.paid_fen
        assert {SALE, GRANTED} <= day_totals.of_day(db, TOMORROW).keys()


def test_a_basket_opened_before_the_day_was_closed_is_sold_for_the_next(tmp_path: Path) -> None:
    with opened(make_test_setup(tmp_path)) as till:
        stock(till)
        register = Register(till)
        register.add_item(TEA)
        assert register.cart.day == TODAY
        closed(till)
        late = sold(till, register).order
        assert late.day == TOMORROW
        header = journals.last_entry(till.journal.read(), till.run.run).header
        assert (header.kind, header.day) == (SALE, TOMORROW)
        register.add_item(BAG)
        register.void()
        assert "cart_voided" in day_totals.of_day(till.journal.read(), TOMORROW)


def test_a_basket_given_up_after_closing_counts_for_the_next_day(tmp_path: Path) -> None:
    with opened(make_test_setup(tmp_path)) as till:
        stock(till)
        register = Register(till)
        register.add_item(TEA)
        closed(till)
        register.void()
        header = journals.last_entry(till.journal.read(), till.run.run).header
        assert (header.kind, header.day) == ("cart_voided", TOMORROW)


def test_the_counter_says_for_which_day_it_sells(tmp_path: Path) -> None:
    async def evening(cashier: Cashier) -> None:
        bar = cashier.main._block("bar")
        assert "counts for" not in bar.text
        till = cashier.main.services.checkout._till
        await asyncio.to_thread(closed, till)
        cashier.main.services.register.start_new()
        cashier.main.tick()
        assert f"counts for {TOMORROW}" in bar.text

    at_counter(tmp_path, evening)
