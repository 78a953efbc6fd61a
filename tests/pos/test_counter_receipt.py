"""Over the receipt of a sale: it is printed again, and what is typed begins the next one."""

from pathlib import Path

from pos.faces.counter.pay_screen import PayScreen
from pos.faces.counter.receipt_screen import ReceiptScreen

from .counter_pilot import Cashier, at_counter
from .stocked_till import CAKE, TEA


def test_what_is_typed_over_a_receipt_begins_the_next_sale(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(f"{CAKE}\r")
        await desk.until(lambda: desk.cart == [(CAKE, 1)])
        await desk.opens("f9", PayScreen)
        await desk.enter("100")
        desk.key("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ReceiptScreen))
        await desk.pilot.pause()
        desk.key("f10")
        await desk.until(lambda: "copy is on its way" in desk.box.said)
        await desk.enter("p")
        await desk.back()
        assert desk.main.entry.value == "p"
        desk.key("escape")
        await desk.enter("xymj")
        desk.key("enter")
        await desk.until(lambda: desk.cart == [(TEA, 1)])

    at_counter(tmp_path, scenario)
