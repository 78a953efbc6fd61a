"""Ending a screen that is told to end: in good order, with the terminal given back."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App


def end_when_told(app: App[Any]) -> None:
    """Leave a running app's screen at the first SIGTERM; a second one ends the process at once.

    Where there are no such signals (Windows), or outside the main thread, nothing changes.
    """
    loop = asyncio.get_running_loop()

    def leave() -> None:
        loop.remove_signal_handler(signal.SIGTERM)
        app.exit()

    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        loop.add_signal_handler(signal.SIGTERM, leave)
