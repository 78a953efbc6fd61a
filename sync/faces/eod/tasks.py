"""What the evening's screen has done beside itself: one task at a time, told in messages."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from textual.message import Message
from textual.message_pump import MessagePump

from sync.disk_faults import disk_faults
from sync.faces.eod import work
from sync.faces.eod.report import write_report
from sync.faces.eod.work import Step
from sync.language import Language
from sync.rules.center_day import Settlement
from sync.rules.refusal import N_, Fault, Refused
from sync.services.end_of_day import Evening
from sync.setup import Setup

LOG = "eod.log"
_LOG = logging.getLogger("xuanpin.eod")


class Progressed(Message):
    """A task is so far with a step."""

    def __init__(self, step: Step, done: int, of: int) -> None:
        super().__init__()
        self.step, self.done, self.of = step, done, of


class Done(Message):
    """A task is done: what it returned, or why it was refused."""

    def __init__(self, name: str, result: object) -> None:
        super().__init__()
        self.name, self.result = name, result


class Tasks:
    """Runs tasks in a thread of their own and tells the app; only `look` answers at once."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.app: MessagePump | None = None
        self._waiting: list[tuple[str, Callable[[], object]]] = []
        self._lock = threading.Lock()
        self._running = False

    @property
    def busy(self) -> bool:
        """Tell whether a task is running."""
        return self._running

    def look(self, day: str = "") -> None:
        """Show what is known of a day."""
        self._post(Done("look", self._guarded(lambda: work.look(self.setup, day))))

    def ask(self, day: str) -> None:
        """Ask the hub about a day."""
        self._start("ask", lambda: work.ask(self.setup, day))

    def refresh(self, day: str) -> None:
        """Push, ask and compare."""
        self._start("refresh", lambda: work.refresh(self.setup, day, self._tell))

    def close(self, day: str) -> None:
        """Close a day, then push and compare."""
        who = self.setup.till.cashier
        self._start("close", lambda: work.close(self.setup, day, who, self._tell))

    def settle(self, said: Settlement) -> None:
        """Settle an exception."""
        self._start("settle", lambda: work.settle(self.setup, said))

    def report(self, evening: Evening, say: Language) -> None:
        """Write a day's report beside the till's data."""
        self._start("report", lambda: write_report(self.setup, evening, say, None))

    def closable(self, day: str) -> Refused | None:
        """Say why a day cannot be closed here now."""
        found = self._guarded(lambda: work.closable_here(self.setup, day))
        return found if isinstance(found, Refused) else None

    def following(self, evening: Evening) -> str:
        """Return the business day that follows once this one is closed."""
        if evening.business_day != evening.day:
            return evening.business_day
        return (date.fromisoformat(evening.day) + timedelta(days=1)).isoformat()

    def _start(self, name: str, task: Callable[[], object]) -> None:
        with self._lock:
            self._waiting.append((name, task))
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._run, name="eod", daemon=True).start()

    def _run(self) -> None:
        more = True
        while more:
            with self._lock:
                name, task = self._waiting[0]
            result = self._guarded(task)
            with self._lock:
                self._waiting.pop(0)
                more = self._running = bool(self._waiting)
            self._post(Done(name, result))

    def _guarded(self, task: Callable[[], object]) -> object:
        try:
            with disk_faults(Path(self.setup.till_directory)):
                return task()
        except Fault as fault:
            return fault.refused
        # The boundary of one task: what nobody foresaw must neither end the only thread that
        # closes a day nor keep what waits behind it from being done.
        except Exception as error:  # noqa: BLE001
            _LOG.exception("a task of the end of day failed")
            return Refused(
                "eod.failed",
                N_("That failed for a reason nobody foresaw: {problem}."),
                N_("Try once more; {path} says more about it."),
                {"problem": error, "path": self.setup.till_directory / LOG},
            )

    def _tell(self, step: Step, done: int, of: int) -> None:
        self._post(Progressed(step, done, of))

    def _post(self, message: Message) -> None:
        if self.app is not None:
            self.app.post_message(message)
