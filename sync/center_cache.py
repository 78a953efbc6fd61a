"""The hub's last answer about each day, kept in files, so that it can be shown without a hub."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from sync.rules.center_day import CenterDay
from sync.rules.decoding import from_json

MOST_DAYS = 10


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer, and when it was received by this machine's clock (Unix milliseconds)."""

    answer: CenterDay
    received_ms: int


class CenterCache:
    """Keeps the answers about the newest days in one directory of a till; others are dropped."""

    def __init__(self, till_directory: Path) -> None:
        self._directory = till_directory / "days"

    def keep(self, kept: Kept) -> None:
        """Keep an answer in place of the one before; a directory that fails keeps nothing."""
        path = self._path(kept.answer.day)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with contextlib.suppress(OSError):
            self._directory.mkdir(mode=0o700, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(kept))
            fresh.replace(path)
            for old in sorted(self._directory.glob("*.json"), reverse=True)[MOST_DAYS:]:
                old.unlink(missing_ok=True)

    def of_day(self, day: str) -> Kept | None:
        """Return the last answer about a day (ISO date); None if there is none to be read."""
        try:
            kept = from_json(self._path(day).read_bytes(), Kept)
        except (OSError, ValueError):
            return None
        return kept if kept.answer.day == day else None

    def _path(self, day: str) -> Path:
        return self._directory / f"{day}.json"
