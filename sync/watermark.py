"""The watermark beside the hub's keys: how far its database was when it was last looked at.

A database that is behind it was put back, and one of another lineage is another database.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sync.durable import place
from sync.rules.decoding import from_json
from sync.rules.lineage import Watermark
from sync.rules.refusal import N_, Fault, Refused

NAME = "hub.watermark"


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


def _unusable(path: Path, problem: object) -> Refused:
    return Refused(
        "hub.watermark",
        N_("The hub's file {path} cannot be used: {problem}."),
        N_("Check the disk, its free space and the file's permissions."),
        {"path": path, "problem": problem},
    )
