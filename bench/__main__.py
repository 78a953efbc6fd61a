"""`python -m bench [NAME …]`: measure, and print the figures as a table for the README.

Everything is kept in a temporary directory (TMPDIR says where; it should be on a real disk).
"""

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.place import Place, make_place
from bench.report import Figure, machine, pace_ns, table

NAMES = (
    *("lookups", "scans", "sales", "imports", "pushes", "scans_while_pushing"),
    *("end_of_day", "verifying", "feeds"),
)


def main() -> None:
    """Run the measurements that were named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Xuanpin.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    asked = parser.parse_args().names or NAMES
    unknown = [name for name in asked if name not in NAMES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(NAMES)}")
    figures: list[Figure] = []
    paces_ns = [pace_ns()]
    with tempfile.TemporaryDirectory(prefix="xuanpin-bench-") as directory:
        place = make_place(Path(directory))
        for name in asked:
            started_s = time.perf_counter()
            print(f"{name} …", end=" ", file=sys.stderr, flush=True)
            figures += _measurement(name)(place)
            print(f"{time.perf_counter() - started_s:.0f} s", file=sys.stderr)
            paces_ns.append(pace_ns())
    print(f"{machine(paces_ns)}\n\n{table(figures)}")


def _measurement(name: str) -> Callable[[Place], list[Figure]]:
    """Load one measurement: the others' imports must not weigh on it."""
    measure: Callable[[Place], list[Figure]] = importlib.import_module(f"bench.{name}").measure
    return measure


if __name__ == "__main__":
    main()
