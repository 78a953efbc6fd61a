"""Over the receipt of a sale: it is printed again, and what is typed begins the next one."""

from pathlib import Path

import pytest
from msgspec import structs

from pos.faces.counter.help_screen import HelpScreen
from pos.faces.counter.pay_screen import PayScreen
from pos.faces.counter.receipt_screen import ReceiptScreen
from pos.rules.printer_settings import PrinterSettings
from sync.faces.screen.dialogs import Ask, Pick

from .counter_pilot import Cashier, at_counter
from .stocked_till import CAKE, TEA, make_test_setup


async def sell_a_cake(desk: Cashier) -> None:
    desk.send(f"{CAKE}\r")
    await desk.until(lambda: desk.cart == [(CAKE, 1)])
    await desk.opens("f9", PayScreen)
    await desk.enter("100")
    desk.key("enter")
    await desk.until(lambda: isinstance(desk.app.screen, ReceiptScreen))
    await desk.pilot.pause()


def test_what_is_typed_over_a_receipt_begins_the_next_sale(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        await sell_a_cake(desk)
        desk.key("f10")
        await desk.until(lambda: "copy is on its way" in desk.box.said)
        await desk.enter("p")
        await desk.back()
        assert desk.main.entry.value == "p"
        desk.key("escape")
        await desk.enter("xymj")
        desk.key("enter")
        await desk.until(lambda: desk.cart == [(TEA, 1)])

    printer = PrinterSettings(transport="file", address=str(tmp_path / "paper"))
    setup = make_test_setup(tmp_path)
    setup = structs.replace(setup, settings=setup.settings.having(printer))
    at_counter(tmp_path, scenario, setup=setup)


def test_without_a_printer_no_copy_is_promised(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        await sell_a_cake(desk)
        jobs = desk.main.services.standing()
        desk.key("f10")
        await desk.until(lambda: "No printer is set up" in desk.box.said)
        assert desk.main.services.standing() == jobs

    at_counter(tmp_path, scenario)


@pytest.mark.parametrize("typed", ["xy", "xymj", "T-1"])
def test_keys_that_come_together_over_a_receipt_are_all_typed_into_the_next_sale(
    tmp_path: Path, typed: str
) -> None:
    async def scenario(desk: Cashier) -> None:
        await sell_a_cake(desk)
        desk.send(typed)
        await desk.until(lambda: desk.main.entry.value == typed)
        assert desk.app.screen is desk.main

    at_counter(tmp_path, scenario)


def test_a_key_pressed_twice_opens_one_box(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(f"{CAKE}\r")
        await desk.until(lambda: desk.cart == [(CAKE, 1)])
        for key, box in (("f9", PayScreen), ("f4", Ask), ("f5", Pick)):
            desk.key(key)
            desk.key(key)
            await desk.until(lambda box=box: isinstance(desk.app.screen, box))  # type: ignore[misc]
            await desk.pilot.pause()
            assert len(desk.app.screen_stack) == 3, key
            desk.key("escape")
            await desk.back()

    at_counter(tmp_path, scenario)


def test_keys_that_come_with_the_one_which_closes_a_box_are_not_lost(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(f"{CAKE}\r")
        await desk.until(lambda: desk.cart == [(CAKE, 1)])
        await desk.opens("*", Ask)
        desk.send("3\rxymj\r")
        await desk.until(lambda: desk.cart == [(CAKE, 3), (TEA, 1)])
        await desk.opens("f5", Pick)
        desk.send("1\r")
        await desk.until(lambda: isinstance(desk.app.screen, PayScreen))
        assert len(desk.cart) == 3

    at_counter(tmp_path, scenario)


def test_keys_after_the_one_that_closes_a_box_are_for_what_is_below(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        await desk.opens("f1", HelpScreen)
        desk.send("\x1b\x1b\x1bxy")
        await desk.until(lambda: desk.main.entry.value == "xy")
        assert desk.app.screen is desk.main
        desk.key("escape")
        await sell_a_cake(desk)
        desk.key("enter")
        desk.key("enter")
        await desk.until(lambda: "Scan something first" in desk.screen_text)
        assert desk.app.screen is desk.main

    at_counter(tmp_path, scenario)
