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


def machine(paces_ns: Sequence[float]) -> str:
    """Name the machine: processor, cores, Python, and its pace before, between and after."""
    model = platform.processor() or platform.machine()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    python = f"Python {platform.python_version()}"
    pace = f"{min(paces_ns):.0f} to {max(paces_ns):.0f} ns for one turn of a loop"
    return f"{model}, {os.cpu_count()} cores, {python}; {pace}"


def pace_ns() -> float:
    """Time a loop that does next to nothing: how fast this machine is just now."""
    started_s = time.perf_counter()
    total = 0
    for turn in range(_TURNS):
        total += turn * turn % 7
    return (time.perf_counter() - started_s) / _TURNS * 1e9


def table(figures: Sequence[Figure]) -> str:
    """Write the figures as a Markdown table."""
    rows = ["| what | measured | aim | |", "|---|---|---|---|"]
    rows += [f"| {f.what} | {f.measured} | {f.aim} | {'✓' if f.holds else '✗'} |" for f in figures]
    return "\n".join(rows)
