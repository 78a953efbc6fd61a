"""The selling lock: at most one process sells at a till; a second one learns which it is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

import filelock
import msgspec

from sync.disk_faults import named_problem
from sync.rules.refusal import N_, Fault, Refused

Writing = Literal[
    "counter",
    "sell",
    "import",
    "push",
    "replies",
    "close",
    "clock",
    "approve",
    "enrol",
    "print",
    "restore",
    "demo",
    "update",
]
_OPENING_TIMEOUT_S = 15


class _Holder(msgspec.Struct, frozen=True):
    pid: int | str = "?"
    doing: str = ""
    closed_by: str = ""  # the key that closes a counter, as this counter's settings have it


class SellingLock:
    """Held while a process may write to a till; the system frees it when the process dies."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = filelock.FileLock(directory / "selling.lock", timeout=0, thread_local=False)

    def take(self, to: Writing, closed_by: str = "") -> Refused | None:
        """Take the lock; a refusal names who has it, and what to do instead. Raises `Fault`.

        `closed_by` tells others which key closes this counter.
        """
        try:
            self._lock.acquire()
            self._file.write_bytes(msgspec.json.encode(_Holder(os.getpid(), to, closed_by)))
        except filelock.Timeout:
            return _in_use(self._directory.name, self._holder(), to)
        except OSError as error:
            self.release()
            raise Fault(unusable(self._directory, error.strerror)) from error
        return None

    def release(self) -> None:
        """Let another process sell."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._file.unlink()
            self._lock.release()

    @property
    def _file(self) -> Path:
        return self._directory / "selling.json"

    def _holder(self) -> _Holder:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Holder)
        except (OSError, ValueError):
            return _Holder()


def _in_use(till: str, holder: _Holder, to: Writing) -> Refused:
    return Refused(
        "till.in_use",
        _HELD.get(holder.doing, N_("Till {till} is already open in process {pid}.")),
        _hint(holder, to),
        {"till": till, "pid": holder.pid, "doing": holder.doing, "key": holder.closed_by},
    )


def _hint(holder: _Holder, to: Writing) -> str:
    if holder.doing != "counter":
        return _WAIT
    hint = _BESIDE_A_COUNTER[to]
    return hint if holder.closed_by or "{key}" not in hint else _CLOSE_IT


_HELD: dict[str, str] = {
    "counter": N_("The counter of till {till} is open in process {pid}."),
    "sell": N_("Process {pid} is ringing up a sale at till {till}."),
    "import": N_("Process {pid} is importing goods at till {till}."),
    "push": N_("Process {pid} is sending to the hub for till {till}."),
    "replies": N_("Process {pid} is taking in the hub's replies at till {till}."),
    "close": N_("Process {pid} is closing the day at till {till}."),
    "approve": N_("Process {pid} is setting the clock of till {till} right."),
    "clock": N_("Process {pid} is setting the clock of till {till} right."),
    "enrol": N_("Process {pid} is enrolling till {till}."),
    "print": N_("Process {pid} is printing a receipt of till {till} again."),
    "restore": N_("Process {pid} is restoring till {till} from a backup."),
    "demo": N_("Process {pid} is preparing the demo at till {till}."),
    "update": N_("Process {pid} is bringing the data of till {till} up to date."),
}
_WAIT = N_("Wait until it has finished, then try again.")
_CLOSE_IT = N_("Close the counter that is open there first.")
_BESIDE_A_COUNTER: dict[Writing, str] = {
    "counter": N_("Use the counter that is open there."),
    "sell": N_("Sell in the counter that is open there."),
    "import": N_("Close the counter with {key} first, then import."),
    "push": N_("The counter sends by itself; its status line shows what is pending."),
    "replies": N_("Close the counter with {key} first, then take in the replies."),
    "close": N_("Close the counter with {key} first, then close the day."),
    "approve": N_("Close the counter with {key} first, then give up the hub's time."),
    "clock": N_("Close the counter with {key} first, then give up the hub's time."),
    "enrol": N_("Close the counter with {key} first, then enrol."),
    "print": N_("Print it again in the counter that is open there."),
    "restore": N_("Close the counter with {key} first, then restore."),
    "demo": N_("Close the demo's counter with {key} first."),
    "update": N_("It is of an older program: close it with {key}, then try again."),
}


def opening_lock(directory: Path) -> filelock.BaseFileLock:
    """Return the lock under which a till's key and tables are made, by one process at a time."""
    return filelock.FileLock(directory / "opening.lock", timeout=_OPENING_TIMEOUT_S)


def unusable(directory: Path, problem: object) -> Refused:
    """Refuse a till directory that cannot be written."""
    return Refused(
        "till.directory",
        N_("The till's directory {path} cannot be used: {problem}."),
        N_("Check that it exists, has free space and belongs to you."),
        {"path": directory, "problem": named_problem(directory, problem)},
    )
