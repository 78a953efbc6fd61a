"""Percentiles and the table that `make bench` prints."""

import os
import platform
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TURNS = 1_000_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured line: what, the figure in words, the aim in words, and whether it holds."""

    what: str
    measured: str
    aim: str
    holds: bool


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the smallest sample that at least `percent` of all do not exceed."""
    ordered = sorted(samples)
    index = max(0, -(-len(ordered) * percent // 100) - 1)
    return ordered[int(index)]


def in_ms(samples: Sequence[float]) -> str:
    """Say the median and the 99th percentile of some seconds, in milliseconds."""
    p50, p99 = (percentile(samples, percent) * 1000 for percent in (50, 99))
    return f"p50 {p50:.3g} ms, p99 {p99:.3g} ms"


def machine() -> str:
    """Name the machine: processor, cores, Python, and how fast they count just now."""
    model = platform.processor() or platform.machine()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    python = f"Python {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {python} (one turn of a loop: {_turn_ns():.0f} ns)"


def _turn_ns() -> float:
    """Time an empty loop: the figures of a busy or slow machine can be told by it."""

    def count() -> float:
        started_s = time.perf_counter()
        for _ in range(_TURNS):
            pass
        return time.perf_counter() - started_s

    return min(count() for _ in range(5)) / _TURNS * 1e9


def table(figures: Sequence[Figure]) -> str:
    """Write the figures as a Markdown table."""
    rows = ["| what | measured | aim | |", "|---|---|---|---|"]
    rows += [f"| {f.what} | {f.measured} | {f.aim} | {'✓' if f.holds else '✗'} |" for f in figures]
    return "\n".join(rows)
