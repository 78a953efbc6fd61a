"""A hub of the demo's own, run as a child process on a free loopback port while the demo lasts."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

import msgspec

from sync.rules.refusal import N_, Fault, Refused
from sync.setup import Setup

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 10
_FRONT_DOOR = Path(__file__).parents[2] / "xuanpin.py"


class _Listening(msgspec.Struct):
    url: str


def demo_command_line(setup: Setup, *arguments: str) -> list[str]:
    """Return the command line that does this in the same demo, as another process."""
    given = ["--config", str(setup.settings.path), "--center", setup.till.center]
    language = ["--language", setup.say.name]
    return [sys.executable, str(_FRONT_DOOR), *given, *language, "--demo", *arguments]


@contextmanager
def embedded_hub(setup: Setup) -> Iterator[str]:
    """Run the demo's hub; yields its URL and always stops it. Raises `Fault` if it cannot start.

    What it logs goes to `hub.log` in the demo's directory.
    """
    setup.root.mkdir(parents=True, exist_ok=True)
    log = setup.root / "hub.log"
    command = demo_command_line(setup, "sync", "hub", "--port", "0", "--json")
    with log.open("ab") as errors:
        hub = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        )
    _end_with_the_terminal(hub)
    try:
        yield _url_of(hub, log)
    finally:
        _stop(hub)


def _end_with_the_terminal(hub: subprocess.Popen[bytes]) -> None:
    """End hub and demo where the terminal is closed: nobody could see or close them any more."""
    if not hasattr(signal, "SIGHUP") or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return

    def hang_up(number: int, _frame: FrameType | None) -> None:
        hub.terminate()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGHUP, hang_up)


def _url_of(hub: subprocess.Popen[bytes], log: Path) -> str:
    """Wait for the line in which the hub says where it listens."""
    assert hub.stdout is not None
    first: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(hub.stdout, first), daemon=True).start()
    try:
        return msgspec.json.decode(first.get(timeout=START_TIMEOUT_S), type=_Listening).url
    except (queue.Empty, msgspec.DecodeError) as error:
        refused = Refused(
            "demo.no_hub", N_("The demo's hub did not start."), N_("See {path}."), {"path": log}
        )
        raise Fault(refused) from error


def _hear(output: IO[bytes], first: queue.SimpleQueue[bytes]) -> None:
    """Pass the first line on and read the rest away, so that the hub never waits for us."""
    with output:
        first.put(output.readline())
        for _ in output:
            pass


def _stop(hub: subprocess.Popen[bytes]) -> None:
    hub.terminate()
    try:
        hub.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        hub.kill()
        hub.wait()
