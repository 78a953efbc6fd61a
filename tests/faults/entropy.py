"""Randomness that a seed decides: the same history draws the same keys, ids and salts."""

import contextlib
import hashlib
import os
import random
from collections.abc import Iterator
from unittest import mock


class Entropy:
    """Bytes drawn from a seed; each step of a history draws from a stream of its own.

    So a history from which a step was taken out draws the same in all others.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stream = 0
        self._drawn = 0

    def turn_to(self, stream: int) -> None:
        """Draw from another stream, from its beginning."""
        self._stream, self._drawn = stream, 0

    def __call__(self, count: int) -> bytes:
        self._drawn += 1
        drawn = f"{self._seed}.{self._stream}.{self._drawn}".encode()
        return hashlib.shake_256(drawn).digest(count)

    @contextlib.contextmanager
    def rules(self) -> Iterator[None]:
        """While this lasts, whatever asks the system for randomness is given this."""
        with mock.patch.object(os, "urandom", self), mock.patch.object(random, "_urandom", self):
            yield
