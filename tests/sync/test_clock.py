"""The machine's own clocks."""

import subprocess
import sys
import time

import pytest

from sync.clock import SystemClock


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
