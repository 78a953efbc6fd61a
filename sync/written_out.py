"""Bringing a large file to disk little by little, so that nobody else's sync waits behind it."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path

# A multiple of every system's allocation granularity; a part takes a disk one or two milliseconds.
PART_BYTES = 256 * 1024


def write_out(path: Path, rest: Callable[[], None]) -> None:
    """Sync a file part by part and `rest` after each; what is written meanwhile may be left out.

    It makes the file's own last sync short, and does not replace it. Raises `OSError`.
    """
    with path.open("rb+") as opened:
        size = opened.seek(0, 2)
        if not size:
            return
        with mmap.mmap(opened.fileno(), size) as mapped:
            for start in range(0, size, PART_BYTES):
                mapped.flush(start, min(PART_BYTES, size - start))
                rest()
