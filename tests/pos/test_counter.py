"""The counter as a cashier meets it: scans, keys and boxes, from an empty cart to a receipt."""

from functools import partial
from pathlib import Path

import pytest
from msgspec import structs
from textual import events

from membership.rules.plan import PlanSettings
from pos.faces.counter.help_screen import HelpScreen
from pos.faces.counter.pay_screen import PayScreen
from pos.faces.counter.qr_screen import QrScreen
from pos.faces.counter.receipt_screen import ReceiptScreen
from pos.faces.counter.search_screen import SearchScreen
from pos.rules.key_settings import CounterSettings
from sync.faces.screen.dialogs import Ask, Confirm, Pick

from .counter_pilot import Cashier, at_counter
from .stocked_till import BAG, CAKE, GOODS, TEA, TEA_CODE, make_test_setup, stock

CAKE_CODE = "9521000000100"


def test_a_scan_puts_goods_in_and_the_total_is_shown(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        assert "168.00" in desk.main.cart.text
        assert desk.main.answer.startswith("✓ Xinyang Maojian")

    at_counter(tmp_path, scenario)


@pytest.mark.parametrize("ending", ["\r", "\r\n", "\t", "\n"])
def test_twenty_scans_in_one_write_are_twenty_pieces(tmp_path: Path, ending: str) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send((TEA_CODE + ending) * 20)
        await desk.until(lambda: desk.cart == [(TEA, 20)])
        assert desk.main.entry.value == ""

    at_counter(tmp_path, scenario)


def test_a_typed_quantity_counts_for_the_next_scan(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        await desk.enter("3*")
        assert desk.main.entry.value == "3*"
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 3)])

    at_counter(tmp_path, scenario)


def test_initials_find_one_item_at_once_and_several_to_pick_from(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        await desk.enter("xymj")
        desk.key("enter")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        await desk.opens("f2", SearchScreen)
        await desk.enter("hsg")
        await desk.until(lambda: "花生糕" in desk.screen_text)
        desk.key("enter")
        await desk.until(lambda: desk.cart == [(TEA, 1), (CAKE, 1)])

    at_counter(tmp_path, scenario)


def test_an_unknown_code_is_loud_and_scanning_goes_on(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send("9521111111114\r")
        await desk.until(lambda: desk.main.answer.startswith("✗"))
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        assert desk.main.answer.startswith("✓")

    at_counter(tmp_path, scenario)


def test_a_pasted_code_is_a_scan(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.app.post_message(events.Paste(TEA_CODE + "\n"))
        await desk.until(lambda: desk.cart == [(TEA, 1)])

    at_counter(tmp_path, scenario)


def test_what_was_refused_of_several_pasted_codes_stays_on_the_screen(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        wrong = TEA_CODE[:-1] + str((int(TEA_CODE[-1]) + 1) % 10)
        unknown = "9529999999996"
        desk.app.post_message(events.Paste(f"{wrong}\n{TEA_CODE}\n{unknown}\n{TEA_CODE}\n"))
        await desk.until(lambda: desk.cart == [(TEA, 2)])
        await desk.until(lambda: desk.main.answer.startswith("✗ 2 of 4 scans were refused: "))
        assert f"The check digit of {wrong} is wrong." in desk.main.answer
        assert unknown in desk.main.answer

    at_counter(tmp_path, scenario)


def test_escape_and_a_scan_in_one_write_close_the_box_and_sell(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        await desk.opens("f9", PayScreen)
        desk.send("\x1b" + CAKE_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1), (CAKE, 1)])

    at_counter(tmp_path, scenario)


def test_a_scan_neither_pays_nor_fills_in_money(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        await desk.opens("f9", PayScreen)
        desk.send(CAKE_CODE + "\r\n")
        await desk.until(lambda: desk.box.said.startswith("Scan not taken"))
        assert isinstance(desk.app.screen, PayScreen)
        assert desk.app.screen._amount.value == ""
        assert desk.cart == [(TEA, 1)]

    at_counter(tmp_path, scenario)


def test_a_payment_code_chooses_the_wallet_and_waits_for_enter(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        await desk.opens("f9", PayScreen)
        desk.send("134567890123456789\r")
        await desk.until(lambda: desk.box.said.startswith("WeChat code: collect 168.00"))
        desk.key("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ReceiptScreen))
        order = desk.main.last
        assert order is not None
        assert [(p.method, p.amount_fen, p.reference) for p in order.payments] == [
            ("wechat", 16800, "")
        ]

    at_counter(tmp_path, scenario)


def test_cash_is_typed_change_is_shown_and_the_next_scan_begins_a_sale(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        await desk.opens("f9", PayScreen)
        await desk.enter("200")
        await desk.until(lambda: desk.box.said == "Change 32.00")
        desk.key("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ReceiptScreen))
        assert desk.cart == []
        desk.send(CAKE_CODE + "\r")
        await desk.back()
        await desk.until(lambda: desk.cart == [(CAKE, 1)])

    at_counter(tmp_path, scenario)


def test_part_by_cash_the_rest_by_wallet(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        await desk.opens("f9", PayScreen)
        await desk.enter("100")
        desk.key("enter")
        await desk.until(lambda: "Still to pay" in desk.screen_text)
        desk.key("f3")
        await desk.until(lambda: "Collect 68.00" in desk.screen_text)
        desk.key("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ReceiptScreen))
        order = desk.main.last
        assert order is not None
        assert {p.method: p.amount_fen for p in order.payments} == {"cash": 10000, "alipay": 6800}

    at_counter(tmp_path, scenario)


def test_more_by_wallet_than_is_due_is_refused_in_the_box(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        await desk.opens("f9", PayScreen)
        desk.key("f2")
        await desk.enter("200")
        desk.key("enter")
        await desk.until(lambda: "32.00 more than" in desk.box.said)
        assert desk.cart == [(TEA, 1)]

    at_counter(tmp_path, scenario)


def test_nothing_in_the_cart_is_nothing_to_pay(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.key("enter")
        await desk.until(lambda: desk.main.answer.startswith("✗"))
        assert desk.app.screen is desk.main

    at_counter(tmp_path, scenario)


def test_joining_reprices_the_sale_and_sells_a_card(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        assert "Joining PLUS saves 20.00 now" in desk.screen_text
        await desk.opens("f4", Ask)
        shown = " ".join(desk.screen_text.split())
        assert PlanSettings().refund_rule_en in shown
        assert desk.box.query_one("#box").region.height < 24, "the box leaves the screen's bars"
        desk.key("enter")
        await desk.back()
        await desk.until(lambda: "20.00 saved" in desk.main.answer)
        assert "PLUS" in desk.main.cart.text
        await desk.opens("f9", PayScreen)
        await desk.enter("300")
        desk.key("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ReceiptScreen))
        assert desk.main.last is not None
        assert desk.main.last.card is not None
        await desk.until(lambda: "PLUS until 2027-11-22" in desk.screen_text)

    at_counter(tmp_path, scenario)


def test_a_sold_card_is_scanned_at_the_next_sale(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        await desk.opens("f4", Ask)
        desk.key("enter")
        await desk.back()
        await desk.opens("f9", PayScreen)
        await desk.enter("300")
        desk.key("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ReceiptScreen))
        assert desk.main.last is not None
        assert desk.main.last.card is not None
        desk.send(desk.main.last.card.card.lower() + "\r")
        await desk.back()
        await desk.until(lambda: desk.main.services.register.cart.member is not None)
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: "148.00" in desk.main.cart.text)

    at_counter(tmp_path, scenario)


def says_no_quantity(desk: Cashier, typed: str) -> bool:
    return f"{typed} is no quantity" in desk.box.said


def test_quantity_delivery_and_removal_act_on_the_chosen_line(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(f"{TEA_CODE}\r{CAKE_CODE}\r")
        await desk.until(lambda: desk.cart == [(TEA, 1), (CAKE, 1)])
        desk.key("up")
        await desk.enter("+")
        await desk.until(lambda: desk.cart == [(TEA, 2), (CAKE, 1)])
        await desk.enter("*")
        await desk.until(lambda: isinstance(desk.app.screen, Ask))
        for wrong in ("2.5", "1e1", "abc", "-3"):
            await desk.enter(wrong)
            desk.key("enter")
            await desk.until(partial(says_no_quantity, desk, wrong))
        assert desk.cart == [(TEA, 2), (CAKE, 1)]
        await desk.enter("12")
        desk.key("enter")
        await desk.until(lambda: desk.cart == [(TEA, 12), (CAKE, 1)])
        desk.key("f7")
        await desk.until(lambda: "Ships" in desk.main.cart.text)
        desk.key("delete")
        await desk.until(lambda: desk.cart == [(CAKE, 1)])

    at_counter(tmp_path, scenario)


def test_a_held_sale_comes_back(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        desk.key("f6")
        await desk.until(lambda: desk.cart == [])
        desk.key("shift+f6")
        await desk.until(lambda: desk.cart == [(TEA, 1)])

    at_counter(tmp_path, scenario)


def test_a_held_sale_says_what_is_sold_in_another_way_now(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        desk.key("f6")
        await desk.until(lambda: desk.cart == [])
        stock(desk.main.services.register._till, [structs.replace(GOODS[0], weighed=True)])
        desk.key("shift+f6")
        await desk.until(lambda: "Xinyang Maojian is sold in another way" in desk.main.answer)

    at_counter(tmp_path, scenario)


def test_voiding_asks_first(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        await desk.opens("ctrl+delete", Confirm)
        desk.send(CAKE_CODE + "\r")
        await desk.until(lambda: desk.box.said.startswith("Scan not taken"))
        desk.key("escape")
        await desk.back()
        assert desk.cart == [(TEA, 1)]
        await desk.opens("ctrl+delete", Confirm)
        desk.key("enter")
        await desk.until(lambda: desk.cart == [])

    at_counter(tmp_path, scenario)


def test_a_bag_is_one_digit_away(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        await desk.opens("f5", Pick)
        await desk.enter("1")
        await desk.until(lambda: desk.cart == [(BAG, 1)])

    at_counter(tmp_path, scenario)


def test_a_quick_key_for_goods_that_are_not_here_is_named_and_keeps_its_digit(
    tmp_path: Path,
) -> None:
    setup = make_test_setup(tmp_path)
    keys = CounterSettings(quick_keys=("NO-SUCH", BAG))
    setup = structs.replace(setup, settings=setup.settings.having(keys))

    async def scenario(desk: Cashier) -> None:
        await desk.opens("f5", Pick)
        assert "[counter] quick_keys: no goods “NO-SUCH” here" in desk.screen_text
        await desk.enter("1")
        await desk.until(lambda: "No item “NO-SUCH”" in desk.main.answer)
        await desk.opens("f5", Pick)
        await desk.enter("2")
        await desk.until(lambda: desk.cart == [(BAG, 1)])

    at_counter(tmp_path, scenario, setup=setup)


def test_help_and_the_order_link_step_aside_for_a_scan(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        await desk.opens("f8", QrScreen)
        assert "█" in desk.screen_text
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 2)])
        await desk.opens("f1", HelpScreen)
        assert "Shift+F6" in desk.screen_text
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 3)])

    at_counter(tmp_path, scenario)


def test_the_language_changes_at_a_key(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        assert "To pay (yuan)" in desk.screen_text
        desk.key("f12")
        await desk.until(lambda: "应收（元）" in desk.screen_text)
        assert "信阳毛尖250g" in desk.main.cart.text

    at_counter(tmp_path, scenario)


def test_a_cart_left_open_is_taken_up_at_the_next_start(tmp_path: Path) -> None:
    async def before(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])

    async def after(desk: Cashier) -> None:
        assert desk.cart == [(TEA, 1)]
        assert "168.00" in desk.main.cart.text

    at_counter(tmp_path, before)
    at_counter(tmp_path, after)


@pytest.mark.parametrize("size", [(100, 30), (140, 40), (80, 24)])
def test_every_row_fits_the_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        bar = desk.main.query_one("#keys").size
        assert (bar.width, bar.height) == (size[0], 2)
        assert desk.main.cart.size.height > 0

    at_counter(tmp_path, scenario, size=size)
