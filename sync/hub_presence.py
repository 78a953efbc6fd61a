"""Who uses a hub's data: any number of programs at once, or one that replaces them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import ReadWriteLock, Timeout

from sync.rules.refusal import N_, Refused

_NAME = "running.lock"
_PATIENCE_S = 5


def be_present(directory: Path) -> ReadWriteLock | Refused:
    """Use a hub's data until what is returned is closed; refused while they are being replaced.

    The system ends it when the process dies.
    """
    lock = ReadWriteLock(directory / _NAME, is_singleton=False)
    try:
        lock.acquire_read(timeout=_PATIENCE_S)
    except Timeout:
        lock.close()
        return Refused(
            "hub.restoring",
            N_("The hub in {path} is being restored."),
            N_("Wait until that has finished, then try again."),
            {"path": directory},
        )
    return lock


@contextmanager
def alone_at_hub(directory: Path) -> Iterator[Refused | None]:
    """Let nobody use a hub's data while the block runs; gives a refusal if somebody does."""
    lock = ReadWriteLock(directory / _NAME, is_singleton=False)
    try:
        try:
            lock.acquire_write(timeout=0)
        except Timeout:
            yield Refused(
                "hub.running",
                N_("The hub in {path} is running."),
                N_("End it first; restoring replaces its database."),
                {"path": directory},
            )
        else:
            yield None
    finally:
        lock.close()
