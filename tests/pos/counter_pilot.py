"""A counter driven by a test: keys with the times of a scanner or of a person, and plain text."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from pos.faces.counter.app import CounterApp
from pos.faces.counter.command import make_services
from pos.faces.counter.main_screen import MainScreen
from pos.faces.printers import make_worker
from pos.rules.bursts import ECHO_S
from sync.faces.screen.dialogs import Dialog
from sync.faces.screen.rows import Rows
from sync.setup import Setup

from .stocked_till import make_test_setup, opened, stock

MOST_LOOKS = 400
SPECIAL = {"\r": "enter", "\n": "ctrl+j", "\t": "tab", "\x1b": "escape", "\x7f": "backspace"}
Scenario = Callable[["Cashier"], Awaitable[None]]


class Cashier:
    """Works at one counter; waits for what is expected instead of for time to pass."""

    def __init__(self, app: CounterApp, pilot: Pilot[Any]) -> None:
        self.app, self.pilot = app, pilot
        self._pressed_s = 0.0

    @property
    def main(self) -> MainScreen:
        return self.app._main

    @property
    def box(self) -> Dialog[Any]:
        assert isinstance(self.app.screen, Dialog)
        return self.app.screen

    def send(self, text: str, *, gap_s: float = 0.0) -> None:
        """Post keys as a terminal does: all at once, stamped `gap_s` apart."""
        at_s = events.Idle().time
        for place, character in enumerate(text):
            self._post(
                SPECIAL.get(character) or _character_to_key(character),
                character,
                at_s + gap_s * place,
            )

    def key(self, name: str) -> None:
        """Post one key that prints nothing, later than the echo of the key before."""
        self._pressed_s = max(events.Idle().time, self._pressed_s) + 2 * ECHO_S
        self._post(name, None, self._pressed_s)

    def _post(self, name: str, character: str | None, at_s: float) -> None:
        event = events.Key(name, character)
        event.time = at_s
        self.app.post_message(event)

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(MOST_LOOKS):
            if holds():
                return
            await self.pilot.pause(0.005)
        raise AssertionError(f"never so:\n{self.screen_text}")

    async def enter(self, text: str) -> None:
        """Type as a person does: each key long after the one before, and settled."""
        for character in text:
            self.send(character)
            await self.pilot.pause()
            await self.until(lambda: self.app._bursts.due_s is None)
        await self.pilot.pause()

    async def opens(self, key: str, box: type[Dialog[Any]]) -> None:
        self.key(key)
        await self.until(lambda: isinstance(self.app.screen, box) and self.app.screen.is_mounted)
        await self.pilot.pause()

    async def back(self) -> None:
        await self.until(lambda: self.app.screen is self.main)

    @property
    def cart(self) -> list[tuple[str, int]]:
        lines = self.main.services.register.cart.lines
        return [(line.item.sku, line.quantity) for line in lines]

    @property
    def screen_text(self) -> str:
        blocks = [rows.text for rows in self.app.screen.query(Rows)]
        return "\n".join([*blocks, self.main.cart.text])


def at_counter(
    root: Path, scenario: Scenario, *, setup: Setup | None = None, size: tuple[int, int] = (100, 30)
) -> None:
    """Run a scenario at a fresh counter, and close it."""

    async def work() -> None:
        with opened(setup or make_test_setup(root)) as till:
            stock(till)
            app = CounterApp(make_services(till, make_worker(till)))
            async with app.run_test(size=size) as pilot:
                cashier = Cashier(app, pilot)
                await cashier.until(lambda: app._main.is_mounted and bool(app._main.size.width))
                await pilot.pause()
                await scenario(cashier)

    asyncio.run(work())
