"""How a screen ends: in good order when it is told to, with a status of its own if it broke."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App


def run_screen(app: App[Any], *, headless: bool = False) -> None:
    """Run a screen until it is left; exits with its status if it broke off."""
    app.run(headless=headless)
    if app.return_code:
        raise SystemExit(app.return_code)


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
