"""Time comes in as an argument; this is where the outermost ring reads it."""

import time
import uuid
from pathlib import Path
from typing import Protocol

import msgspec

# Python's monotonic clock stands still on Linux while a machine sleeps: a till put to sleep at
# night would fall a day behind for every two, and take the right date for a clock set forward.
_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class Clock(Protocol):
    """Wall time, monotonic time and which boot both belong to."""

    def now_ms(self) -> int:
        """Return Unix milliseconds of the wall clock."""
        ...

    def monotonic_ms(self) -> int:
        """Return milliseconds of a clock that never goes back until the machine boots again."""
        ...

    def boot_id(self) -> str:
        """Return an id that changes whenever the monotonic clock starts anew."""
        ...

    def boot_lasts(self) -> bool:
        """Tell whether all processes of one boot of the machine are told the same id."""
        ...


class SystemClock(msgspec.Struct, frozen=True):
    """The machine's own clocks."""

    _fallback_boot: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)

    def now_ms(self) -> int:
        """Return Unix milliseconds of the wall clock."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Return milliseconds since an arbitrary moment of this boot, sleep included on Linux."""
        if _BOOTTIME is not None:
            return time.clock_gettime_ns(_BOOTTIME) // 1_000_000
        return time.monotonic_ns() // 1_000_000

    def boot_id(self) -> str:
        """Return the kernel's boot id, or one per process where there is none.

        It names the clock as well: moments of one that stands still in sleep are none of this.
        """
        kernels = _kernels_boot_id()
        if not kernels:
            return self._fallback_boot
        return kernels if _BOOTTIME is None else f"{kernels}.sleep"

    def boot_lasts(self) -> bool:
        """Tell whether the kernel says which boot this is, as Linux does."""
        return bool(_kernels_boot_id())


def _kernels_boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
