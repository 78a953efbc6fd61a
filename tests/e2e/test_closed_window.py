"""A window that is closed over an open counter, and a counter that is told to end: both end it."""

import contextlib
import os
import pty
import select
import signal
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import Place

CHILDREN = Path("/proc/self/task") / str(os.getpid()) / "children"
LEGEND = b"Ctrl+Q"
LEAVE_SCREEN = b"\x1b[?1049l"
PATIENCE_MS = 60_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHILDREN.exists(), reason="needs a Linux kernel that lists children"),
]


@dataclass
class Window:
    """A terminal in which one program runs."""

    pid: int
    terminal: int

    def read_until(self, text: bytes) -> bytes:
        seen = b""
        deadline_s = time.monotonic() + PATIENCE_MS / 1000
        with contextlib.suppress(OSError):  # the end of the program is the end of its terminal
            while text not in seen:
                left_s = max(deadline_s - time.monotonic(), 0)
                assert select.select([self.terminal], [], [], left_s)[0], seen
                seen += os.read(self.terminal, 65536)
        return seen

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii")
        return [int(pid) for pid in listed.split()]

    def status(self) -> int:
        """Wait for the end; the signal that ended it is negative."""
        wait_for_the_end(self.pid)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def wait_for_the_end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            assert poll.poll(PATIENCE_MS), f"{pid} goes on"
        finally:
            os.close(handle)


@pytest.fixture
def machine(place: Callable[..., Place]) -> Place:
    return place("machine")


@pytest.fixture
def open_window(machine: Place) -> Iterator[Callable[..., Window]]:
    windows: list[Window] = []

    def begin(*arguments: str) -> Window:
        command = machine.command(*arguments)
        environment = {**machine.environment(), "TERM": "xterm-256color"}
        pid, terminal = pty.fork()
        if pid == 0:
            termios.tcsetwinsize(0, (34, 110))
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where these tests run by nohup
            os.chdir(machine.directory)
            os.execvpe(command[0], command, environment)
        windows.append(Window(pid, terminal))
        assert LEGEND in windows[-1].read_until(LEGEND)
        return windows[-1]

    yield begin
    for window in windows:
        with contextlib.suppress(OSError):
            os.close(window.terminal)


@pytest.mark.parametrize("times", [1, 3])
def test_a_closed_window_ends_the_demo_and_its_hub(
    machine: Place, open_window: Callable[..., Window], times: int
) -> None:
    window = open_window("pos", "demo")
    (hub,) = window.children()
    os.close(window.terminal)
    for _ in range(times - 1):  # as make does, which passes on the one that it gets itself
        with contextlib.suppress(ProcessLookupError):
            os.kill(window.pid, signal.SIGHUP)
    assert window.status() == -signal.SIGHUP
    wait_for_the_end(hub)
    machine.run("pos", "demo")


@pytest.mark.parametrize("arguments", [("pos", "demo"), ("pos",), ("sync",)])
def test_a_screen_told_to_end_gives_the_terminal_back(
    machine: Place, open_window: Callable[..., Window], arguments: tuple[str, ...]
) -> None:
    machine.run("pos", "import", "--demo")
    window = open_window(*arguments)
    children = window.children()
    os.kill(window.pid, signal.SIGTERM)
    assert LEAVE_SCREEN in window.read_until(LEAVE_SCREEN)
    window.read_until(b"nothing more comes, up to the end")
    assert window.status() == 0
    for child in children:
        wait_for_the_end(child)
