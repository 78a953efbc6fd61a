"""The register as stories: scanning, members, holding, voiding, and going on after a crash."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from pos.rules.answers import Scanned
from pos.rules.tender import Tender
from pos.services.checkout import Checkout, Completed
from pos.services.register import Register
from sync.rules.refusal import Refused
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.sqlite_driver import sqlite3

from .stocked_till import (
    BAG,
    BRICKS,
    CAKE,
    DAY_MS,
    GOODS,
    TEA,
    TEA_CODE,
    YAM,
    SetClock,
    journal_kinds,
    make_test_setup,
    opened,
    rows,
    stock,
)

YAM_LABEL = "2200301012346"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def setup(tmp_path: Path, clock: SetClock) -> Setup:
    return make_test_setup(tmp_path, clock)


@pytest.fixture
def till(setup: Setup) -> Iterator[OpenTill]:
    with opened(setup) as till:
        stock(till)
        yield till


@pytest.fixture
def register(till: OpenTill) -> Register:
    return Register(till)


def scan(register: Register, text: str) -> Scanned:
    scanned = register.scan(text)
    assert isinstance(scanned, Scanned), scanned
    return scanned


def reason(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reason


def amounts(register: Register) -> list[tuple[str, int, str]]:
    return [
        (line.line.item.sku, line.amount_fen, line.price) for line in register.view().priced.lines
    ]


def test_codes_quantities_labels_links_and_skus_put_goods_on_lines(register: Register) -> None:
    assert scan(register, TEA_CODE).line_number == 1
    assert scan(register, "2*" + TEA_CODE).line_number == 1
    assert scan(register, "https://detail.1688.com/offer/952100005.html").line_number == 1
    assert scan(register, BAG).line_number == 2
    assert scan(register, "2100301003507").line_number == 3
    assert amounts(register) == [
        (TEA, 4 * 16800, "retail"),
        (BAG, 50, "retail"),
        (YAM, 350, "fixed"),
    ]


def test_the_fifth_piece_reprices_the_whole_line(register: Register) -> None:
    scan(register, "4*" + TEA_CODE)
    assert amounts(register) == [(TEA, 67200, "retail")]
    scan(register, TEA_CODE)
    assert amounts(register) == [(TEA, 59000, "tier")]
    assert register.set_quantity(1, 4) is None
    assert amounts(register) == [(TEA, 67200, "retail")]
    assert register.remove(1) is None
    assert register.view().priced.total_fen == 0


def test_what_nothing_answers_to_is_refused_and_scanning_goes_on(register: Register) -> None:
    scan(register, TEA_CODE)
    assert reason(register.scan("9521000000995")) == "scan.unknown"
    assert reason(register.scan("nothing like it")) == "scan.unknown"
    wide = register.scan("９９９９９９９９")
    assert isinstance(wide, Refused)
    assert wide.values["code"] == "99999999"
    assert reason(register.scan("9520123456789")) == "scan.check_digit"
    scan(register, TEA_CODE)
    assert amounts(register) == [(TEA, 33600, "retail")]


def test_typed_words_offer_choices_and_add_nothing(register: Register) -> None:
    scanned = scan(register, "hs")
    assert scanned.kind == "choices"
    assert [item.sku for item in scanned.choices] == [CAKE]
    assert register.cart.lines == ()
    assert isinstance(register.add_item(CAKE, 2), Scanned)
    assert amounts(register) == [(CAKE, 3770, "retail")]


def test_goods_of_another_center_are_not_sold_here(register: Register) -> None:
    assert reason(register.scan(BRICKS)) == "scan.unknown"
    assert reason(register.add_item(BRICKS)) == "item.unknown"


def test_joining_reprices_at_once_and_taking_the_plan_out_reprices_back(
    register: Register,
) -> None:
    scan(register, TEA_CODE)
    assert register.join() is None
    assert register.view().priced.plus_saved_fen == 2000
    plan = register.cart.lines[-1]
    assert register.remove(plan.number) is None
    assert amounts(register) == [(TEA, 16800, "retail")]
    assert register.cart.join is None


def test_a_phone_number_is_refused_until_the_till_is_enrolled(register: Register) -> None:
    scan(register, TEA_CODE)
    assert reason(register.join("13800001234")) == "phone.not_enrolled"
    assert register.cart.join is None


def test_a_forged_card_is_refused_and_the_sale_goes_on_at_retail(register: Register) -> None:
    scan(register, TEA_CODE)
    assert reason(register.scan("PM1:" + "A" * 134))
    assert amounts(register) == [(TEA, 16800, "retail")]


def test_a_held_cart_waits_under_the_lowest_free_number_and_comes_back(
    register: Register, till: OpenTill
) -> None:
    scan(register, TEA_CODE)
    first = register.cart.order_id
    assert register.hold() == 1
    assert register.cart.lines == ()
    scan(register, CAKE)
    assert register.hold() == 2
    assert [(held.number, held.lines, held.total_fen) for held in register.held()] == [
        (1, 1, 16800),
        (2, 1, 1885),
    ]
    recalled = register.recall(1)
    assert not isinstance(recalled, Refused)
    assert (register.cart.order_id, register.cart.held_as) == (first, None)
    assert register.view().held == 1
    assert register.hold() == 1
    assert rows(till, "cart") == 2


def test_recall_needs_an_empty_register_and_a_number_that_is_held(register: Register) -> None:
    scan(register, TEA_CODE)
    register.hold()
    assert reason(register.recall(7)) == "cart.not_held"
    scan(register, CAKE)
    assert reason(register.recall(1)) == "cart.in_use"
    assert amounts(register) == [(CAKE, 1885, "retail")]


def test_a_recalled_cart_has_todays_prices_and_says_what_it_cost_before(
    register: Register, till: OpenTill
) -> None:
    from msgspec.structs import replace

    scan(register, TEA_CODE)
    register.hold()
    stock(till, [replace(GOODS[0], retail_fen=17500)])
    recalled = register.recall(1)
    assert not isinstance(recalled, Refused)
    assert (recalled.before_fen, recalled.total_fen) == (16800, 17500)


def test_what_is_sold_in_another_way_now_stays_in_a_recalled_cart_as_it_was(
    register: Register, till: OpenTill
) -> None:
    scan(register, "4*" + TEA_CODE)
    scan(register, YAM_LABEL)
    before = amounts(register)
    assert register.hold() == 1
    tea, yam = GOODS[0], GOODS[3]
    by_weight = structs.replace(tea, weighed=True, unit="kg", retail_fen=20000, tiers=())
    by_piece = structs.replace(yam, weighed=False, unit="根", retail_fen=900)
    stock(till, [by_weight, by_piece])
    recalled = register.recall(1)
    assert not isinstance(recalled, Refused)
    assert recalled.kept == (tea, yam)
    assert amounts(register) == before
    assert [line.item for line in register.cart.lines] == [tea, yam]


def test_lines_that_were_put_in_at_two_prices_are_one_when_recalled(
    register: Register, till: OpenTill
) -> None:
    scan(register, TEA_CODE)
    stock(till, [structs.replace(GOODS[0], retail_fen=17500)])
    scan(register, CAKE)
    scan(register, TEA_CODE)
    assert [line.number for line in register.cart.lines] == [1, 2, 3]
    assert register.hold() == 1
    assert not isinstance(register.recall(1), Refused)
    assert amounts(register) == [(TEA, 2 * 17500, "retail"), (CAKE, 1885, "retail")]
    assert register.cart.touched == 1
    assert scan(register, TEA_CODE).line_number == 1


def test_a_cart_recalled_on_another_day_belongs_to_that_day_under_another_id(
    register: Register, clock: SetClock
) -> None:
    scan(register, TEA_CODE)
    held = register.cart
    register.hold()
    clock.at_ms += DAY_MS
    register.recall(1)
    assert (register.cart.day, register.cart.order_id == held.order_id) == ("2026-11-23", False)


def test_an_empty_cart_opens_with_its_first_scan(register: Register, clock: SetClock) -> None:
    clock.at_ms += DAY_MS
    scan(register, TEA_CODE)
    assert (register.cart.day, register.cart.opened_at_ms) == ("2026-11-23", clock.at_ms)


def test_a_voided_cart_is_journalled_and_gone(register: Register, till: OpenTill) -> None:
    assert reason(register.void()) == "sale.empty"
    scan(register, TEA_CODE)
    assert register.void() is None
    assert journal_kinds(till) == ["cart_voided"]
    assert (rows(till, "cart"), register.cart.lines) == (0, ())


@pytest.mark.parametrize("end", ["sale", "void", "hold"])
def test_a_cart_that_is_done_with_is_gone_though_nothing_can_be_read_any_more(
    register: Register, till: OpenTill, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    def unread(_till: OpenTill) -> str:
        raise sqlite3.OperationalError("disk I/O error")

    scan(register, TEA_CODE)
    order_id = register.cart.order_id
    with monkeypatch.context() as failing:
        failing.setattr(OpenTill, "business_day", unread)
        if end == "sale":
            sold = Checkout(till).complete(register.cart, [Tender("cash", 16800)])
            assert isinstance(sold, Completed)
            register.start_new()
        else:
            assert not isinstance(getattr(register, end)(), Refused)
    assert register.cart.lines == ()
    scan(register, TEA_CODE)
    assert register.cart.order_id != order_id
    assert amounts(register) == [(TEA, 16800, "retail")]


def test_a_new_run_goes_on_with_the_open_cart_under_a_new_id(setup: Setup) -> None:
    with opened(setup) as till:
        stock(till)
        register = Register(till)
        scan(register, "3*" + TEA_CODE)
        before = register.cart
    with opened(setup) as till:
        register = Register(till)
        assert register.cart.lines == before.lines
        assert register.cart.order_id != before.order_id
        assert rows(till, "cart") == 1
        register.hold()
    with opened(setup) as till:
        register = Register(till)
        assert (register.cart.lines, register.view().held) == ((), 1)


def test_money_taken_for_a_cart_outlives_the_run_and_keeps_the_cart_as_it_is(setup: Setup) -> None:
    taken = (Tender("cash", 10000), Tender("wechat", 2000, "W1"))
    with opened(setup) as till:
        stock(till)
        register = Register(till)
        scan(register, TEA_CODE)
        register.take(taken)
    with opened(setup) as till:
        stock(till, [structs.replace(GOODS[0], retail_fen=17500)])
        register = Register(till)
        assert register.cart.taken == taken
        assert register.view().priced.total_fen == 16800
        number = register.cart.lines[0].number
        for change in (
            lambda: register.scan(TEA_CODE),
            lambda: register.set_quantity(number, 2),
            lambda: register.remove(number),
            register.join,
            register.void,
            register.hold,
        ):
            assert reason(change()) == "cart.money_taken"
        assert (register.cart.taken, register.view().held) == (taken, 0)
        register.take(())
        assert register.void() is None
    with opened(setup) as till:
        assert Register(till).cart.taken == ()


def test_a_register_that_keeps_nothing_writes_nothing(setup: Setup) -> None:
    with opened(setup) as till:
        stock(till)
    with opened(setup, selling=False) as reading:
        register = Register(reading, keep=False)
        scan(register, TEA_CODE)
        register.join()
        assert register.view().priced.total_fen == 14800 + 9900
        assert rows(reading, "cart") == 0


def test_a_member_may_come_before_the_goods_where_nothing_is_kept(setup: Setup) -> None:
    with opened(setup) as till:
        stock(till)
        register = Register(till)
        scan(register, TEA_CODE)
        register.join()
        sold = Checkout(till).complete(register.cart, [Tender("cash", 100_000)])
        assert isinstance(sold, Completed)
        assert sold.order.card is not None
    with opened(setup, selling=False) as reading:
        register = Register(reading, keep=False)
        scan(register, sold.order.card.card)
        scan(register, TEA_CODE)
        assert register.view().priced.total_fen == 14800


def test_carts_that_crashes_left_open_are_taken_up_or_held_and_empty_ones_dropped(
    setup: Setup,
) -> None:
    from msgspec.structs import replace

    from pos.rules.cart import open_cart
    from pos.stores import carts

    with opened(setup) as till:
        stock(till)
        register = Register(till)
        scan(register, TEA_CODE)
        older = replace(register.cart, order_id="00" + register.cart.order_id[2:])
        empty = open_cart(till.new_id(), till.now_ms(), "2026-11-22")
        with till.journal.transaction() as db:
            carts.save(db, "an older run", replace(older, lines=older.lines * 2))
            carts.save(db, "an older run", empty)
    with opened(setup) as till:
        register = Register(till)
        assert len(register.cart.lines) == 1
        assert [(held.number, held.lines) for held in register.held()] == [(1, 2)]
        assert rows(till, "cart") == 2
