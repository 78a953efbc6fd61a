"""The watermark beside the hub's keys: how far its database was when it was last looked at.

A database that is behind it was put back, and one of another lineage is another database.
"""

from __future__ import annotations

from pathlib import Path

import filelock
import msgspec

from sync.durable import place
from sync.rules.decoding import from_json
from sync.rules.lineage import Watermark, what_happened
from sync.rules.refusal import N_, Fault, Refused, Words

NAME = "hub.watermark"
_WAIT_S = 5


def read_watermark(directory: Path) -> Watermark | None:
    """Return the watermark; None if there is none, or a crash left it unreadable."""
    try:
        return from_json((directory / NAME).read_bytes(), Watermark)
    except (FileNotFoundError, ValueError):
        return None
    except OSError as error:
        raise Fault(_unusable(directory / NAME, error.strerror)) from error


def write_watermark(directory: Path, watermark: Watermark) -> None:
    """Replace the watermark. Raises `Fault`."""
    path = directory / NAME
    try:
        place(path, msgspec.json.encode(watermark))
    except OSError as error:
        raise Fault(_unusable(path, error.strerror)) from error


def raise_watermark(directory: Path, now: Watermark) -> None:
    """Replace the watermark, unless the database of `now` is behind it: then it is evidence.

    Over all processes one compares and writes at a time, so none lowers what another wrote.
    Raises `Fault`, also where the directory is not there, or another process does not finish.
    """
    if read_watermark(directory) == now:
        return
    path = directory / NAME
    if not directory.is_dir():  # which a lock would make
        raise Fault(_unusable(path, Words(N_("it is not there"))))
    try:
        with filelock.FileLock(path.with_name(f"{NAME}.lock"), timeout=_WAIT_S):
            kept = read_watermark(directory)
            if kept is None or not what_happened(kept, now):
                write_watermark(directory, now)
    except filelock.Timeout as error:
        raise Fault(_unusable(path, Words(N_("another process is writing it")))) from error
    except OSError as error:
        raise Fault(_unusable(path, error.strerror)) from error


def _unusable(path: Path, problem: object) -> Refused:
    return Refused(
        "hub.watermark",
        N_("The hub's file {path} cannot be used: {problem}."),
        N_("Check the disk, its free space and the file's permissions."),
        {"path": path, "problem": problem},
    )
