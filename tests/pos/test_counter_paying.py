"""Taking money at the counter: what is typed wrong is said, and nothing leaves by mistake."""

from pathlib import Path

import pytest

from pos.faces.counter import pay_screen
from pos.faces.counter.main_screen import MainScreen
from pos.faces.counter.pay_screen import PayScreen
from pos.faces.counter.receipt_screen import ReceiptScreen

from .counter_pilot import Cashier, at_counter
from .stocked_till import TEA, TEA_CODE


async def begin(desk: Cashier) -> None:
    """Scan tea for 168.00 and open the box that takes money."""
    desk.send(TEA_CODE + "\r")
    await desk.until(lambda: desk.cart == [(TEA, 1)])
    await desk.opens("f9", PayScreen)


async def keep_in_cash(desk: Cashier, amount: str) -> None:
    """Take a part of it in cash."""
    await desk.enter(amount)
    desk.key("enter")
    await desk.until(
        lambda: any("✓" in row and f"{amount}.00" in row for row in desk.screen_text.splitlines())
    )


@pytest.mark.parametrize("typed", ["1a", "1o0", "1e3"])
def test_letters_in_a_sum_are_refused_with_a_reason(tmp_path: Path, typed: str) -> None:
    async def scenario(desk: Cashier) -> None:
        await begin(desk)
        await desk.enter(typed)
        desk.key("enter")
        await desk.until(lambda: f"“{typed}” is not an amount" in desk.box.said)
        assert isinstance(desk.app.screen, PayScreen)
        assert "Still to pay" not in desk.screen_text
        await desk.enter("200")
        desk.key("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ReceiptScreen))
        assert desk.main.last is not None
        assert desk.main.last.change_fen == 20000 - 16800

    at_counter(tmp_path, scenario)


def test_what_a_wallet_paid_too_much_does_not_leave_as_change(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        await begin(desk)
        await keep_in_cash(desk, "100")
        desk.key("f2")
        await desk.enter("70")
        desk.key("enter")
        await desk.until(lambda: "2.00 more than the 68.00" in desk.box.said)
        assert isinstance(desk.app.screen, PayScreen)

    at_counter(tmp_path, scenario)


async def overpay(desk: Cashier) -> None:
    """Type a zero too many, and press Enter."""
    await begin(desk)
    await desk.enter("1680")
    desk.key("enter")
    await desk.until(lambda: desk.box.said.startswith("Change 1512.00? Enter once more"))
    assert isinstance(desk.app.screen, PayScreen)


def test_change_that_no_visitor_waits_for_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(desk: Cashier) -> None:
        await overpay(desk)
        desk.key("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ReceiptScreen))
        order = desk.main.last
        assert order is not None
        assert order.change_fen == 151200

    monkeypatch.setattr(pay_screen, "HASTE_S", 0)
    at_counter(tmp_path, scenario)


def test_enter_pressed_twice_is_no_answer_to_a_question_not_read_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(desk: Cashier) -> None:
        await overpay(desk)
        desk.key("enter")
        await desk.enter("0")
        await desk.until(lambda: desk.box.said.startswith("Change 16632.00"))
        assert desk.main.last is None

    monkeypatch.setattr(pay_screen, "HASTE_S", 3600)
    at_counter(tmp_path, scenario)


def test_escape_says_what_was_taken_before_it_leaves(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        await begin(desk)
        await keep_in_cash(desk, "100")
        desk.key("escape")
        await desk.until(lambda: desk.box.said.startswith("100.00 was taken and is not booked"))
        assert isinstance(desk.app.screen, PayScreen)
        desk.key("escape")
        await desk.until(lambda: isinstance(desk.app.screen, MainScreen))
        assert desk.cart == [(TEA, 1)]
        assert desk.main.last is None

    at_counter(tmp_path, scenario)


def test_backspace_says_what_to_give_back_before_it_takes_a_part_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pay_screen, "HASTE_S", 0)

    async def scenario(desk: Cashier) -> None:
        await begin(desk)
        await keep_in_cash(desk, "100")
        desk.key("f2")
        await desk.enter("30")
        desk.key("tab")
        await desk.enter("REF123")
        desk.key("enter")
        await desk.until(lambda: "38.00" in desk.screen_text)
        await desk.pilot.pause()
        desk.key("backspace")
        await desk.until(lambda: "WeChat 30.00 REF123 was taken: give it back" in desk.box.said)
        desk.key("backspace")
        await desk.until(lambda: "WeChat 30.00 REF123 is taken out again" in desk.box.said)
        assert "✓ Cash" in desk.screen_text

    at_counter(tmp_path, scenario)


def test_a_backspace_held_down_takes_no_money_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pay_screen, "HASTE_S", 3600)

    async def scenario(desk: Cashier) -> None:
        await begin(desk)
        await keep_in_cash(desk, "100")
        await desk.enter("40")
        for _ in range(16):
            desk.key("backspace")
            await desk.pilot.pause()
        await desk.until(lambda: "Cash 100.00 was taken: give it back" in desk.box.said)
        await desk.pilot.pause()
        assert "✓ Cash" in desk.screen_text

    at_counter(tmp_path, scenario)


def test_escape_warns_again_after_anything_else_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pay_screen, "HASTE_S", 0)

    async def scenario(desk: Cashier) -> None:
        await begin(desk)
        await keep_in_cash(desk, "100")
        await keep_in_cash(desk, "30")
        desk.key("escape")
        await desk.until(lambda: desk.box.said.startswith("130.00 was taken and is not booked"))
        desk.key("backspace")
        desk.key("backspace")
        desk.key("f2")
        desk.key("escape")
        await desk.until(lambda: desk.box.said.startswith("100.00 was taken and is not booked"))
        assert isinstance(desk.app.screen, PayScreen)

    at_counter(tmp_path, scenario)


def test_nothing_is_not_a_part_of_the_sum(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        await begin(desk)
        await desk.enter("0")
        desk.key("enter")
        await desk.pilot.pause()
        await desk.until(lambda: "168.00" in desk.box.said)
        assert "✓" not in desk.screen_text

    at_counter(tmp_path, scenario)


def test_what_was_taken_before_the_counter_went_down_still_counts(tmp_path: Path) -> None:
    async def before(desk: Cashier) -> None:
        await begin(desk)
        desk.key("f2")
        await desk.enter("20")
        desk.key("enter")
        await desk.until(lambda: "Still to pay" in desk.screen_text)
        await keep_in_cash(desk, "100")

    async def after(desk: Cashier) -> None:
        await desk.until(lambda: isinstance(desk.app.screen, PayScreen))
        await desk.until(lambda: desk.box.said.startswith("Taken before the interruption: 120.00."))
        desk.key("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ReceiptScreen))
        order = desk.main.last
        assert order is not None
        paid = [(payment.method, payment.amount_fen) for payment in order.payments]
        assert paid == [("wechat", 2000), ("cash", 14800)]

    async def once_more(desk: Cashier) -> None:
        assert desk.cart == []
        assert isinstance(desk.app.screen, MainScreen)

    for scenario in (before, after, once_more):
        at_counter(tmp_path, scenario)


def test_what_was_given_back_is_not_asked_for_again(tmp_path: Path) -> None:
    async def before(desk: Cashier) -> None:
        await begin(desk)
        await keep_in_cash(desk, "100")
        desk.key("escape")
        desk.key("escape")
        await desk.back()

    async def after(desk: Cashier) -> None:
        assert isinstance(desk.app.screen, MainScreen)
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 2)])

    for scenario in (before, after):
        at_counter(tmp_path, scenario)
