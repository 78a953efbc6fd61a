"""A snapshot of the hub's feeds taken by a process of its own, so that a screen stays quick."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sync.access import Access
from sync.setup import Setup

_FRONT_DOOR = Path(__file__).parents[2] / "xuanpin.py"
_LOOK_AGAIN_S = 0.2
_FAREWELL_S = 2
_LOG = "pull.log"


def take_snapshot(setup: Setup, access: Access) -> None:
    """Pull in a child process of low priority; return when it ends, or `access` does.

    A child that is told to end leaves what it built: the next one goes on with it. What it has
    to say goes to `pull.log` in the till's directory.
    """
    with (setup.till_directory / _LOG).open("wb") as log:
        child = subprocess.Popen(
            [*_command(setup), "sync", "pull", "--gently", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        while child.poll() is None and not access.wait(_LOOK_AGAIN_S):
            pass
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(_FAREWELL_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _command(setup: Setup) -> list[str]:
    given = ["--config", str(setup.settings.path), "--till", setup.till.id]
    given += ["--center", setup.till.center, "--language", setup.say.name]
    return [sys.executable, str(_FRONT_DOOR), *given, *(["--demo"] if setup.demo else [])]
