"""A file or device that is written to, but not waited for longer than a printer may take."""

import os
import select
import time


class PatientFile:
    """Appends to what a path names: a file, a device, a pipe; what takes nothing is an error."""

    def __init__(self, path: str, timeout_s: float) -> None:
        """Open it; raises `OSError`, also for a pipe that nobody reads."""
        self._timeout_s = timeout_s
        # Without the flag a pipe without a reader, or a device out of paper, waits for ever.
        waits_not = getattr(os, "O_NONBLOCK", 0)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._patient = bool(waits_not)
        self._file = os.open(path, flags | waits_not, 0o666)

    def write(self, data: bytes) -> None:
        """Write all of it; raises `OSError` if some of it could not go within the time-out."""
        left, due_s = memoryview(data), time.monotonic() + self._timeout_s
        while left:
            if self._patient:
                rest_s = max(0.0, due_s - time.monotonic())
                if not select.select((), (self._file,), (), rest_s)[1]:
                    raise TimeoutError
            left = left[os.write(self._file, left) :]

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Close it; twice is an error as with any descriptor."""
        os.close(self._file)
