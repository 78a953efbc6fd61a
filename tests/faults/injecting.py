"""Sales that meet something at one chosen system call: SIGKILL, or an error of the disk."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .system_calls import CALLS

ROOT = Path(__file__).parents[2]
_CALL = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += ")
_FILE = re.compile(r"^(\d+)<([^>]*)>|^AT_FDCWD(?:<[^>]*>)?, \"([^\"]*)\"|^\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class Call:
    """One system call of a sale: the nth of its name, and the file that it touches."""

    name: str
    nth: int
    file: str


class Sales:
    """Runs sales, each in a process of its own whose modules are loaded already."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def run(self, directory: Path, *options: str) -> int:
        """Sell at the till in `directory` under strace with these options; return how it ended.

        The result is `os.waitpid`'s: 0, or the signal that killed it.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{directory}\n")
        self._server.stdin.flush()
        child = int(self._server.stdout.readline())
        _wait_until_stopped(child)
        strace = subprocess.Popen(
            ["strace", "-p", str(child), *options], stderr=subprocess.PIPE, text=True
        )
        assert strace.stderr is not None
        attached = strace.stderr.readline()
        assert "attached" in attached, attached
        os.kill(child, signal.SIGCONT)
        ended = int(self._server.stdout.readline())
        strace.communicate(timeout=60)
        return ended


@contextlib.contextmanager
def sale_server() -> Iterator[Sales]:
    """Start the program that forks sales."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.sale_server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        yield Sales(server)
        assert server.stdin is not None
        server.stdin.close()
        server.wait(timeout=60)


def calls_of(sales: Sales, directory: Path, log: Path) -> list[Call]:
    """Let a sale go well and return its calls that touch files below `directory`, in order."""
    ended = sales.run(directory, "-y", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(log))
    assert ended == 0
    counts: dict[str, int] = {}
    found: list[Call] = []
    for line in log.read_text("utf-8", "replace").splitlines():
        matched = _CALL.match(line)
        if matched is None:
            continue
        name = matched[1]
        counts[name] = counts.get(name, 0) + 1
        touched = _FILE.match(matched[2])
        path = next((group for group in touched.groups()[1:] if group), "") if touched else ""
        if path.startswith(f"{directory}/"):
            found.append(Call(name, counts[name], path.removeprefix(f"{directory}/")))
    return found


def _wait_until_stopped(child: int) -> None:
    """Wait until a process has stopped itself."""
    stat = Path(f"/proc/{child}/stat")
    while stat.read_text("ascii").rsplit(")", 1)[1].split()[0] != "T":
        os.sched_yield()
