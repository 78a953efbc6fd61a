"""Durable files: synced to disk, and under their own name only when they are whole."""

import contextlib
import os
from pathlib import Path


def place(path: Path, data: bytes) -> None:
    """Write a file beside its place, durably, then give it its name; the one before is replaced.

    One writer at a time: what a crash left of its draft is overwritten. Raises `OSError`: then the
    file is the one before, or the new one if only its name could not be made durable.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as target:
            target.write(data)
            target.flush()
            os.fsync(target.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    sync_directory(path.parent)


def sync_file(path: Path) -> None:
    """Make what is in a file durable. Raises `OSError`."""
    with path.open("rb+") as written:
        os.fsync(written.fileno())


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable, where a system can. Raises `OSError`."""
    if os.name == "posix":
        opened = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
