"""A call made in a thread of its own, so that its caller can work until the answer is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def begin(call: Callable[[], T]) -> Future[T]:
    """Begin a call; `result()` waits for what it returns, and raises what it raises.

    A program that ends does not wait for it, as it would for the threads of an executor.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - whoever waits for it is told
            future.set_exception(error)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return future
