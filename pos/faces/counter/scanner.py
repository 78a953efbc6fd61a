"""Scans at the level of the app: whatever has the focus, a burst reaches the screen as one text."""

import sys
from collections import deque
from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

from textual import events
from textual.app import App
from textual.driver import Driver

from pos.rules.bursts import Bursts, Scan, Stroke, pasted_scans
from sync.rules.refusal import Refused

T = TypeVar("T")

LATE_S = 0.020  # the loop was blocked: keys may still be on their way in
SOON_S = 0.005
LOST_S = 0.150


@runtime_checkable
class TakesScans(Protocol):
    """A screen that knows what a scan means to it."""

    def scanned(self, text: str) -> Refused | None:
        """Act on a scan, or refuse it aloud; return what a person would miss if more follow."""
        ...


@runtime_checkable
class SumsUp(Protocol):
    """A screen that says once more what was refused of several scans that came together."""

    def sum_up(self, refused: Sequence[Refused], count: int) -> None:
        """Say what was refused of `count` scans: each answer has hidden the one before."""
        ...


class ScannerApp(App[T]):
    """Passes keys through the burst splitter before any widget sees them.

    A scan takes the same queue as the keys before it, so an Esc just ahead of it has closed its
    dialog by then; if that dialog took the message with it, the scan is delivered all the same.
    """

    def __init__(self) -> None:
        super().__init__(driver_class=_driver())
        self._bursts: Bursts[events.Key] = Bursts()
        self._scans: deque[str] = deque()
        self._watching = False

    async def on_event(self, event: events.Event) -> None:
        """Hold, release or deliver keys and pastes; everything else goes its usual way."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            character = event.character if event.is_printable else None
            waited_s = vars(event).get("waited_s", 0.0)
            stroke = Stroke(event.key, character, event.time, event, waited_s)
            await self._settle(self._bursts.press(stroke))
            self._watch()
            return
        if isinstance(event, events.Paste) and not event.is_forwarded:
            await self._settle(list(self._bursts.let_go()))
            scans = pasted_scans(event.text)
            for scan in scans:
                self._post_scan(scan)
            if scans:
                return
        await super().on_event(event)

    async def _settle(self, settled: list[Stroke[events.Key] | Scan]) -> None:
        for thing in settled:
            if isinstance(thing, Scan):
                self._post_scan(thing.text)
            else:
                await super().on_event(thing.event)

    def _watch(self) -> None:
        due_s = self._bursts.due_s
        if due_s is not None and not self._watching:
            self._watching = True
            self.set_timer(max(due_s - events.Idle().time, 0) + SOON_S, self._look)

    async def _look(self) -> None:
        """Release held keys whose time is over, unless the loop or the reader is late."""
        self._watching = False
        due_s, now_s = self._bursts.due_s, events.Idle().time
        if due_s is not None and self._more_waits():
            self._watching = True
            self.set_timer(SOON_S, self._look)
            return
        if due_s is not None and now_s - due_s > LATE_S + SOON_S and not self._granted(due_s):
            self._watching = True
            self.set_timer(LATE_S, self._look)
            return
        await self._settle(list(self._bursts.release(now_s)))
        self._watch()

    def _more_waits(self) -> bool:
        """Tell whether the driver knows of keys that have not come here yet."""
        has_more = getattr(self._driver, "has_more", None)
        return has_more is not None and has_more()

    _grace_s: float | None = None

    def _granted(self, due_s: float) -> bool:
        """Tell whether these keys had their grace already; grant it once."""
        had, self._grace_s = self._grace_s == due_s, due_s
        return had

    def _post_scan(self, text: str) -> None:
        self._scans.append(text)
        target = self.focused or self.screen
        target.call_later(self._deliver)
        if len(self.screen_stack) > 1:
            self.set_timer(LOST_S, self._deliver)

    def _deliver(self) -> None:
        count, refused = len(self._scans), list[Refused]()
        while self._scans:
            text = self._scans.popleft()
            screen = self.screen
            if not isinstance(screen, TakesScans):
                self.bell()
                continue
            missed = screen.scanned(text)
            if missed is not None:
                refused.append(missed)
        if count > 1 and refused and isinstance(self.screen, SumsUp):
            self.screen.sum_up(refused, count)


def _driver() -> type[Driver] | None:
    """Return the driver that reads this system's keyboard; None for Textual's own."""
    if sys.platform == "win32":
        return None
    from pos.faces.counter.keyboard import KeyboardDriver

    return KeyboardDriver
