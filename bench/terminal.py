"""A program on a real pseudo-terminal: type into it, and time when text has been painted."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType

_CONTROL = re.compile(rb"\x1b(?:\[[0-9;:?<>=]*[ -/]*[@-~]|\][^\x07]*\x07|[()][0-9A-B]|[=>])")
_STOP_S = 10


class Terminal:
    """A child process on a pty of the given size, from the moment it is started."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        columns: int = 100,
        rows: int = 30,
    ) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        self.written = 0
        self.started_s = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(command[0], list(command), dict(environment))

    def send(self, text: str) -> float:
        """Write keys in one burst; return the moment after the last byte, in seconds."""
        os.write(self._master, text.encode())
        return time.perf_counter()

    def wait_for(self, *texts: str, timeout_s: float = 20) -> float:
        """Read until each text has been painted; return that moment. Raises `TimeoutError`.

        A text is one that the program paints in one piece; its colours do not matter.
        """
        missing = {text.encode() for text in texts}
        raw = b""
        deadline_s = time.perf_counter() + timeout_s
        while True:
            left_s = deadline_s - time.perf_counter()
            if left_s <= 0 or not select.select([self._master], [], [], left_s)[0]:
                raise TimeoutError(_not_seen(missing, raw))
            raw += self._read()
            now_s = time.perf_counter()
            plain = _CONTROL.sub(b"", raw)
            missing = {text for text in missing if text not in plain}
            if not missing:
                return now_s

    def drain(self, quiet_s: float) -> None:
        """Read until nothing has come for `quiet_s`."""
        while select.select([self._master], [], [], quiet_s)[0]:
            self._read()

    def resident_kb(self) -> int:
        """Return the child's resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found is not None
        return int(found[1])

    def close(self) -> None:
        """End the child and reap it."""
        os.kill(self.pid, signal.SIGTERM)
        deadline_s = time.perf_counter() + _STOP_S
        with contextlib.suppress(OSError):  # a pty without its child cannot be read
            while time.perf_counter() < deadline_s:
                self.drain(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)

    def _read(self) -> bytes:
        data = os.read(self._master, 65536)
        self.written += len(data)
        return data

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _not_seen(missing: Collection[bytes], raw: bytes) -> str:
    wanted = ", ".join(text.decode() for text in missing)
    painted = _CONTROL.sub(b"", raw).decode(errors="replace")[-2000:]
    return f"“{wanted}” did not appear; painted: {painted}"
