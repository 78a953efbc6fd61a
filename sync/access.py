"""A background thread's leave to use what its owner will close, taken back without waiting long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class AccessEnded(Exception):  # noqa: N818 - no error: the owner is closing
    """The owner has taken the leave back: touch nothing of it any more, and end."""


class Access:
    """Lets a thread use something except while it waits elsewhere; its owner may end that.

    Whoever uses it is inside `use`, and inside `away` for as long as it waits for a network. So
    the owner waits for work on a database, never for somebody else's answer.
    """

    def __init__(self) -> None:
        self._using = threading.Lock()
        self._over = threading.Event()

    @property
    def ended(self) -> bool:
        """Tell whether the leave was taken back."""
        return self._over.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the leave is taken back; tells whether it was."""
        return self._over.wait(seconds)

    @contextmanager
    def use(self) -> Iterator[None]:
        """Use what is the owner's until the block ends; raises `AccessEnded` once it may not."""
        with self._using:
            self._check()
            yield

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let go of it within `use`; raises `AccessEnded` if it is or meanwhile was taken back."""
        self._check()
        self._using.release()
        try:
            yield
        finally:
            self._using.acquire()
            self._check()

    def end(self) -> None:
        """Take the leave back: when this returns, nobody uses it, and nobody ever will again."""
        self._over.set()
        with self._using:
            return

    def _check(self) -> None:
        if self._over.is_set():
            raise AccessEnded
