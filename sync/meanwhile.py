"""A call made while something else is waited for; what comes of it is asked for later."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Meanwhile(Generic[T]):
    """Makes a call once: when `run`, at the latest when its result is asked for."""

    def __init__(self, call: Callable[[], T]) -> None:
        """Keep what to call."""
        self._call = call
        self._outcome: Future[T] = Future()

    def run(self) -> None:
        """Make the call unless it was made; never raises."""
        if self._outcome.done():
            return
        try:
            self._outcome.set_result(self._call())
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result is told
            self._outcome.set_exception(error)

    def result(self) -> T:
        """Return what the call returned, or raise what it raised."""
        self.run()
        return self._outcome.result()
