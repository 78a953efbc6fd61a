"""Sales killed with SIGKILL at moments spread over their whole life: each is there once or not."""

import contextlib
import re
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT, Place, RunningHub

pytestmark = pytest.mark.slow
SALE = ("pos", "sell", "--scan", "9520123456788", "--join", "--tender", "cash=500")
MOMENTS = 8
GROUPED = re.compile(rb"\b(\d{6}) (\d{3}) (\d{4}) (\d{7})\b")


def rows(path: Path, query: str) -> list[Any]:
    connection = sqlite3.connect(path)
    found = connection.execute(query).fetchall()
    connection.close()
    return sorted(value for (value,) in found)


def printing_to(till: Place, paper: Path) -> None:
    text = (ROOT / "config.toml").read_text("utf-8")
    text = text.replace('transport = "none"', 'transport = "file"')
    text = text.replace('address = ""', f'address = "{paper}"')
    (till.directory / "config.toml").write_text(text, "utf-8")


def kill_at(till: Place, after_s: float) -> None:
    process = subprocess.Popen(
        till.command(*SALE),
        env=till.environment(),
        cwd=till.directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=after_s)
    process.kill()
    process.wait()


def test_a_sale_killed_at_any_moment_is_whole_or_nothing_printed_and_booked_once(
    place: Callable[..., Place], hub: RunningHub, tmp_path: Path
) -> None:
    till, paper = place("till"), tmp_path / "paper"
    printing_to(till, paper)
    till.run("pos", "import", "--demo")
    till.run("sync", "enrol", hub.invite(till.till), "--hub", hub.url)
    started = time.monotonic()
    acknowledged = {str(till.ask(*SALE)["order_id"])}
    whole_s = time.monotonic() - started
    for moment in range(MOMENTS):
        kill_at(till, whole_s * (moment + 1) / MOMENTS)
    acknowledged.add(str(till.ask(*SALE)["order_id"]))
    till.run("sync", "push")
    till.run("sync", "push")
    journal = next(till.directory.rglob("journal.db"))
    here = rows(journal, "SELECT order_id FROM sale_order")
    assert acknowledged <= set(here)
    assert here == rows(next(hub.place.directory.rglob("hub.db")), "SELECT order_id FROM hub_order")
    numbers = rows(journal, "SELECT receipt_no FROM sale_order")
    printed = Counter(b"".join(found).decode() for found in GROUPED.findall(paper.read_bytes()))
    assert set(printed) == set(numbers)
    assert rows(journal, "SELECT count(*) FROM print_job WHERE state <> 'done'") == [0]
    till.run("sync", "verify")
