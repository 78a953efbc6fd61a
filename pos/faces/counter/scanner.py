"""Scans at the level of the app: whatever has the focus, a burst reaches the screen as one text."""

from collections import deque
from typing import Protocol, TypeVar, runtime_checkable

from textual import events
from textual.app import App

from pos.rules.bursts import Bursts, Scan, Stroke, pasted_scan

T = TypeVar("T")

LATE_S = 0.020  # the loop was blocked: keys may still be on their way in
SOON_S = 0.005
LOST_S = 0.150


@runtime_checkable
class TakesScans(Protocol):
    """A screen that knows what a scan means to it."""

    def scanned(self, text: str) -> None:
        """Act on a scan, or refuse it aloud."""
        ...


class ScannerApp(App[T]):
    """Passes keys through the burst splitter before any widget sees them.

    A scan takes the same queue as the keys before it, so an Esc just ahead of it has closed its
    dialog by then; if that dialog took the message with it, the scan is delivered all the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self._bursts: Bursts[events.Key] = Bursts()
        self._scans: deque[str] = deque()
        self._watching = False

    async def on_event(self, event: events.Event) -> None:
        """Hold, release or deliver keys and pastes; everything else goes its usual way."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            character = event.character if event.is_printable else None
            await self._settle(self._bursts.press(Stroke(event.key, character, event.time, event)))
            self._watch()
            return
        if isinstance(event, events.Paste) and not event.is_forwarded:
            await self._settle(list(self._bursts.let_go()))
            scan = pasted_scan(event.text)
            if scan is not None:
                self._post_scan(scan)
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
        """Release held keys whose time is over, unless the loop was late to look."""
        self._watching = False
        due_s, now_s = self._bursts.due_s, events.Idle().time
        if due_s is not None and now_s - due_s > LATE_S + SOON_S and not self._granted(due_s):
            self._watching = True
            self.set_timer(LATE_S, self._look)
            return
        await self._settle(list(self._bursts.release(now_s)))
        self._watch()

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
        while self._scans:
            text = self._scans.popleft()
            screen = self.screen
            if isinstance(screen, TakesScans):
                screen.scanned(text)
            else:
                self.bell()
