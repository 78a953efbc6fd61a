"""The evening on the screen: driven by keys, against a hub in this process."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from textual.pilot import Pilot

from sync.faces.eod import tasks, work
from sync.faces.eod.app import EveningApp
from sync.faces.eod.screen import EveningScreen
from sync.faces.eod.tasks import LOG
from sync.faces.screen.dialogs import Dialog
from sync.faces.screen.rows import Rows
from sync.language import Language
from sync.services.end_of_day import Evening
from sync.services.till import OpenTill
from sync.setup import Setup

from .evening_scenes import Center, a_center, closed, ring_up
from .tills import DAY_MS, copy_till, down, opened

MOST_LOOKS = 2000


class Manager:
    """Sits before one screen; waits for what is expected instead of for time to pass."""

    def __init__(self, app: EveningApp, pilot: Pilot[Any]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> EveningScreen:
        return self.app.evening_screen

    @property
    def evening(self) -> Evening:
        assert self.screen.evening is not None
        return self.screen.evening

    @property
    def text(self) -> str:
        return "\n".join(rows.text for rows in self.app.screen.query(Rows))

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(MOST_LOOKS):
            if holds():
                return
            await self.pilot.pause(0.005)
        raise AssertionError(f"never so:\n{self.text}")

    async def sees(self, *words: str) -> None:
        await self.until(lambda: all(word in self.text for word in words))

    async def idle(self) -> None:
        await self.until(lambda: not self.app.tasks.busy and self.screen.evening is not None)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def box(self, key: str) -> Dialog[Any]:
        await self.press(key)
        await self.until(lambda: isinstance(self.app.screen, Dialog) and self.app.screen.is_mounted)
        await self.pilot.pause()
        box = self.app.screen
        assert isinstance(box, Dialog)
        return box


Scenario = Callable[[Manager], Awaitable[None]]


def sit_down(setup: Setup, scenario: Scenario, *, size: tuple[int, int] = (100, 30)) -> None:
    async def evening() -> None:
        app = EveningApp(setup)
        async with app.run_test(size=size) as pilot:
            manager = Manager(app, pilot)
            await manager.until(lambda: app.screen is app.evening_screen)
            await manager.idle()
            await scenario(manager)
            await manager.idle()

    asyncio.run(evening())


@pytest.fixture
def center(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Center]:
    with a_center(tmp_path) as center:
        monkeypatch.setattr(work, "hub_client", lambda _till: center.hub.client())
        yield center


def speaking(setup: Setup, language: str) -> Setup:
    return structs.replace(setup, say=Language(language, [p.name for p in setup.packages]))


def enrolled(center: Center, name: str, *sold_fen: int) -> Setup:
    setup = speaking(center.setup(name), "en")
    with opened(setup) as till:
        center.hub.enrol(till)
        for amount_fen in sold_fen:
            ring_up(till, amount_fen)
    return setup


def pushed(center: Center, setup: Setup, act: Callable[[OpenTill], object]) -> None:
    with opened(setup) as till:
        act(till)
        center.hub.push(till)


def test_opening_it_sends_what_is_left_and_shows_that_all_agrees(center: Center) -> None:
    setup = enrolled(center, "ZZ-01", 16800, 5200)

    async def evening(manager: Manager) -> None:
        await manager.sees("ZZ-01", "agrees", "220.00", "All agrees to the last fen", "1 / 1")
        assert "hub and tills agree" in manager.screen.answer

    sit_down(setup, evening)


def test_what_differs_is_named_and_settled_with_a_reason(tmp_path: Path, center: Center) -> None:
    setup = enrolled(center, "ZZ-01", 16800)
    pushed(center, setup, lambda till: ring_up(till, 100))
    copy = copy_till(setup, tmp_path / "copy")
    pushed(center, copy, lambda till: ring_up(till, 18680))
    pushed(center, setup, lambda till: ring_up(till, 200))

    async def evening(manager: Manager) -> None:
        await manager.sees("DIFFERS", "-1 · -186.80", "Only at the hub:", "Branch")
        entries = await manager.box("f8")
        assert entries.heading == "Entries that differ"
        await manager.sees("186.80")
        await manager.press("escape")
        before = len(manager.evening.tills[0].exceptions)
        await manager.box("f7")
        await manager.sees("Branch")
        await manager.press("enter")
        await manager.until(lambda: "reason" in getattr(manager.app.screen, "heading", ""))
        await manager.pilot.pause()
        await manager.press("enter")
        await manager.sees("A reason is needed")
        await manager.press(*"cloned", "enter")
        await manager.until(lambda: manager.screen.answer.startswith("✓ Settled: cloned"))
        await manager.idle()
        await manager.until(
            lambda: len(manager.screen.evening.tills[0].exceptions) < before  # type: ignore[union-attr]
        )

    sit_down(setup, evening)


def test_the_day_is_closed_after_a_question(center: Center) -> None:
    setup = enrolled(center, "ZZ-01", 16800)

    async def evening(manager: Manager) -> None:
        await manager.box("f9")
        await manager.press("escape")
        await manager.idle()
        assert not manager.evening.closed
        await manager.box("f9")
        await manager.press("enter")
        await manager.sees("is closed; what is sold now counts for")
        await manager.sees("closed", "by 01")
        await manager.press("f9")
        await manager.until(lambda: "is closed at this till" in manager.screen.answer)

    sit_down(setup, evening)
    with opened(setup, "read") as till:
        assert till.business_day() > till.today().isoformat()


def test_beside_an_open_counter_it_shows_and_says_what_to_do(center: Center) -> None:
    setup = enrolled(center, "ZZ-01", 16800)

    async def evening(manager: Manager) -> None:
        await manager.sees("168.00")
        assert "this is a view only" in manager.screen.answer
        await manager.box("f9")
        await manager.press("enter")
        await manager.until(
            lambda: "Close the counter that is open there first" in manager.screen.answer
        )

    with opened(setup) as counter:
        ring_up(counter, 5)
        sit_down(setup, evening)
        assert not counter.business_day() > counter.today().isoformat()


def test_without_a_hub_it_shows_what_was_heard_last(center: Center) -> None:
    setup = enrolled(center, "ZZ-01", 16800)
    other = enrolled(center, "ZZ-02", 700)
    pushed(center, other, lambda till: ring_up(till, 1))

    async def heard(manager: Manager) -> None:
        await manager.sees("ZZ-02", "7.01")

    async def silent(manager: Manager) -> None:
        await manager.until(lambda: "does not answer" in manager.screen.answer)
        await manager.sees("ZZ-02", "7.01", "2 h ago", "The hub does not answer")
        box = await manager.box("f9")
        assert box.heading == "Close the day"
        await manager.press("enter")
        await manager.until(lambda: "is closed" in manager.screen.answer)
        await manager.until(lambda: re.search(r"Days closed +1 / 2", manager.text) is not None)

    sit_down(setup, heard)
    center.clock.pass_ms(2 * 3_600_000)
    center.hub.wire.faults = [down] * 50
    sit_down(setup, silent)


def test_days_and_tills_are_turned_over_by_arrows(center: Center) -> None:
    setup = enrolled(center, "ZZ-01", 16800)
    other = enrolled(center, "ZZ-02", 700)
    pushed(center, other, closed)
    center.clock.pass_ms(DAY_MS)

    async def evening(manager: Manager) -> None:
        newest = manager.evening.day
        await manager.press("right")
        await manager.idle()
        later = manager.evening.day
        assert later > newest
        await manager.press("right")
        await manager.idle()
        assert manager.evening.day == later, "no day in the future"
        await manager.press("left", "down")
        await manager.idle()
        assert manager.evening.day == newest
        assert manager.screen.till is manager.evening.tills[1]
        await manager.sees("as its closing entry says", "7.00")

    sit_down(setup, evening)


@pytest.mark.parametrize("size", [(100, 30), (140, 45)])
def test_it_speaks_chinese_and_english_in_dark_and_light(
    center: Center, size: tuple[int, int]
) -> None:
    setup = speaking(enrolled(center, "ZZ-01", 16800), "zh")

    async def evening(manager: Manager) -> None:
        await manager.sees("日结", "一致", "全部一致，分毫不差", "销售")
        await manager.press("f12")
        await manager.sees("End of day", "agrees", "Sales")
        await manager.press("f11")
        assert not manager.app.current_theme.dark
        guide = await manager.box("f1")
        assert guide.heading == "Help"
        await manager.press("f12")
        await manager.until(lambda: guide.heading == "帮助")
        await manager.sees("中文 / 英文")
        await manager.press("f11")
        await manager.until(lambda: manager.app.current_theme.dark)
        await manager.press("escape")

    sit_down(setup, evening, size=size)


def test_the_report_is_offered_and_written(center: Center) -> None:
    setup = enrolled(center, "ZZ-01", 16800)

    async def evening(manager: Manager) -> None:
        await manager.press("f10")
        await manager.until(lambda: "The report is in" in manager.screen.answer)

    sit_down(setup, evening)
    (report,) = (setup.root / "reports").glob("*.html")
    page = report.read_text("utf-8")
    assert "Agreed to the last fen" in page
    assert "could not read, missing from the figures: 1" in page, (
        "what this test rings up is no order"
    )


def test_what_nobody_foresaw_is_said_and_logged_and_the_next_task_is_done(
    center: Center, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    setup = enrolled(center, "ZZ-01", 16800)

    def unforeseen(*_given: object) -> object:
        raise ValueError("year 33658 is out of range")

    async def evening(manager: Manager) -> None:
        await manager.idle()
        with monkeypatch.context() as failing:
            failing.setattr(tasks, "write_report", unforeseen)
            await manager.press("f10")
            await manager.until(lambda: "year 33658 is out of range" in manager.screen.answer)
        assert LOG in manager.screen.answer
        await manager.press("f10")
        await manager.until(lambda: "The report is in" in manager.screen.answer)

    with caplog.at_level("ERROR", "xuanpin.eod"):
        sit_down(setup, evening, size=(160, 30))
    assert "ValueError" in caplog.text
