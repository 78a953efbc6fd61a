"""The selling lock: at most one process sells at a till; a second one learns which it is."""

from __future__ import annotations

import os
from pathlib import Path

import filelock
import msgspec

from sync.rules.refusal import N_, Fault, Refused

_OPENING_TIMEOUT_S = 15


class _Holder(msgspec.Struct, frozen=True):
    pid: int


class SellingLock:
    """Held while a process may write to a till; the system frees it when the process dies."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = filelock.FileLock(directory / "selling.lock", timeout=0, thread_local=False)

    def take(self) -> Refused | None:
        """Take the lock; a refusal names the process that has it. Raises `Fault`."""
        try:
            self._lock.acquire()
            self._holder.write_bytes(msgspec.json.encode(_Holder(os.getpid())))
        except filelock.Timeout:
            return Refused(
                "till.in_use",
                N_("Till {till} is already open in process {pid}."),
                N_(
                    "Use the counter that is open there: it sends by itself. Or wait until it ends."
                ),
                {"till": self._directory.name, "pid": self._held_by()},
            )
        except OSError as error:
            raise Fault(unusable(self._directory, error.strerror)) from error
        return None

    def release(self) -> None:
        """Let another process sell."""
        self._lock.release()

    @property
    def _holder(self) -> Path:
        return self._directory / "selling.json"

    def _held_by(self) -> int | str:
        try:
            return msgspec.json.decode(self._holder.read_bytes(), type=_Holder).pid
        except (OSError, ValueError):
            return "?"


def opening_lock(directory: Path) -> filelock.BaseFileLock:
    """Return the lock under which a till's key and tables are made, by one process at a time."""
    return filelock.FileLock(directory / "opening.lock", timeout=_OPENING_TIMEOUT_S)


def unusable(directory: Path, problem: object) -> Refused:
    """Refuse a till directory that cannot be written."""
    return Refused(
        "till.directory",
        N_("The till's directory {path} cannot be used: {problem}."),
        N_("Check that it exists, has free space and belongs to you."),
        {"path": directory, "problem": problem},
    )
