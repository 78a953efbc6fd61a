"""The machine's own clocks."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sync.clock import SystemClock
from sync.rules.segment import is_name


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="needs Linux")
def test_the_monotonic_clock_goes_on_while_the_machine_sleeps() -> None:
    before_ms = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    read_ms = SystemClock().monotonic_ms()
    assert before_ms <= read_ms <= time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def test_two_processes_of_one_boot_read_one_clock() -> None:
    clock = SystemClock()
    if not clock.boot_lasts():
        pytest.skip("the kernel names no boot")
    program = "from sync.clock import SystemClock as C; print(C().monotonic_ms(), C().boot_id())"
    before_ms = clock.monotonic_ms()
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    other_ms, boot = said.stdout.decode().split()
    assert before_ms <= int(other_ms) <= clock.monotonic_ms()
    assert boot == clock.boot_id()


def test_the_boot_names_the_clock_too_and_may_stand_in_an_entry() -> None:
    clock = SystemClock()
    assert is_name(clock.boot_id())
    if clock.boot_lasts() and hasattr(time, "CLOCK_BOOTTIME"):
        kernels = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        assert clock.boot_id() != kernels, "stamps of the clock that stands still are none of this"
