"""The ballast: room on a till's disk that nothing takes, given back to close a day when it is full.

Sales stop while there is some room left. What else fills the disk does not stop there, and then
not even a lock can be taken: the day of the sales that were made could not be closed any more.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

BALLAST = "ballast"
BALLAST_BYTES = 8 * 1024 * 1024  # a log of SQLite grows to half of that before it is used again


def lay(directory: Path) -> None:
    """Lay the ballast if it is missing and would leave as much room again; never fails for it."""
    with suppress(OSError):
        if missing_bytes(directory) and shutil.disk_usage(directory).free >= 2 * BALLAST_BYTES:
            _lay(directory / BALLAST)


def throw_off(directory: Path) -> None:
    """Give the ballast's room back if there is no other; what it cannot help fails by itself."""
    with suppress(OSError):
        if shutil.disk_usage(directory).free < BALLAST_BYTES:
            (directory / BALLAST).unlink()


def missing_bytes(directory: Path) -> int:
    """Return what is missing of the ballast: room that is free, but not there to be sold in."""
    try:
        return max(0, BALLAST_BYTES - (directory / BALLAST).stat().st_size)
    except FileNotFoundError:
        return BALLAST_BYTES


def _lay(path: Path) -> None:
    """Reserve the room where the system can, else fill it; what did not fit is taken away again."""
    try:
        with path.open("wb", buffering=0) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
            else:
                file.write(bytes(BALLAST_BYTES))
    except OSError:
        path.unlink(missing_ok=True)
        raise
