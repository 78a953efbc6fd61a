"""How the program ends with its screen."""

import pytest
from textual.app import App

from sync.faces.screen.ending import run_screen


class Leaves(App[None]):
    def on_mount(self) -> None:
        self.exit()


class Breaks(App[None]):
    def on_mount(self) -> None:
        raise RuntimeError("nobody foresaw this")


def test_a_screen_that_broke_is_told_from_one_that_was_left() -> None:
    run_screen(Leaves(), headless=True)
    with pytest.raises(SystemExit) as ended:
        run_screen(Breaks(), headless=True)
    assert ended.value.code == 1
