"""The help of the counter, and speaking and looking otherwise, wherever the cashier is."""

from pathlib import Path

from pos.faces.counter.help_screen import HelpScreen

from .counter_pilot import Cashier, at_counter
from .stocked_till import TEA, TEA_CODE


def test_language_and_theme_change_while_the_help_is_open(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        await desk.opens("f1", HelpScreen)
        assert "Chinese or English" in desk.screen_text
        desk.key("f12")
        await desk.until(lambda: "中文 / 英文" in desk.screen_text)
        assert desk.box.heading == "帮助"
        was_dark = desk.app.current_theme.dark
        desk.key("f11")
        await desk.until(lambda: desk.app.current_theme.dark != was_dark)
        assert isinstance(desk.app.screen, HelpScreen)
        desk.key("escape")
        await desk.back()
        assert "应收（元）" in desk.screen_text

    at_counter(tmp_path, scenario)


def test_an_answer_does_not_stay_in_the_other_language(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        assert "Xinyang Maojian" in desk.main.answer
        desk.key("f12")
        await desk.until(lambda: "应收（元）" in desk.screen_text)
        assert desk.main.answer == ""
        assert "Xinyang" not in desk.screen_text

    at_counter(tmp_path, scenario)
