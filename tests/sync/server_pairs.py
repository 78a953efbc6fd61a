"""Two PostgreSQL servers of which the second follows the first, and takes over."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.postgres_server import INITDB, Databases, run_program, serving


@dataclass
class Pair:
    """Two servers, the second a copy of the first; either can be stopped and started."""

    found: Path
    place: Path
    running: dict[str, ExitStack] = field(default_factory=dict)

    def start(self, name: str) -> Databases:
        held = ExitStack()
        server = held.enter_context(serving(self.found, self.place / name))
        self.running[name] = held
        return server

    def stop(self, name: str) -> None:
        self.running.pop(name).close()

    def run(self, program: str, *arguments: str, owning: str) -> None:
        run_program(self.found / program, *arguments, owning=self.place / owning)

    def url(self, database: str) -> str:
        hosts = f"{self.place / 'first'},{self.place / 'second'}"
        attributes = "target_session_attrs=read-write"
        return f"postgresql+psycopg://postgres@/{database}?host={hosts}&port=,&{attributes}"

    def follow(self) -> None:
        """Make the second server a copy of the first, that follows it once it is started."""
        source = ("-h", str(self.place / "first"), "-U", "postgres", "-c", "fast", "-R")
        self.run("pg_basebackup", *source, "-D", str(self.place / "second"), owning="second")
        for left in (self.place / "second").glob(".s.PGSQL.*"):  # the first one's, in its files
            left.unlink()

    def take_over(self) -> None:
        """Let the second server take over."""
        self.run("pg_ctl", "promote", "-w", "-D", str(self.place / "second"), owning="second")

    def keep(self, name: str) -> None:
        """Keep a copy of the files of a server that was stopped."""
        self._copy(name, f"{name}-kept")

    def put_back(self, name: str) -> None:
        """Put the copy of a stopped server's files in their place."""
        shutil.rmtree(self.place / name)
        self._copy(f"{name}-kept", name)

    def _copy(self, name: str, to: str) -> None:
        subprocess.run(["cp", "-a", self.place / name, self.place / to], check=True)

    def kill(self, name: str) -> None:
        """End a server as a power cut does."""
        pid = (self.place / name / "postmaster.pid").read_text().splitlines()[0]
        os.kill(int(pid), signal.SIGKILL)
        self.stop(name)


@contextmanager
def two_servers(found: Path) -> Iterator[Pair]:
    """Make the first server's files, and room for the second's."""
    with tempfile.TemporaryDirectory(prefix="xp-", dir="/tmp") as directory:
        pair = Pair(found, Path(directory))
        pair.place.chmod(0o755)
        for name in ("first", "second"):
            (pair.place / name).mkdir(mode=0o700)
        pair.run("initdb", *INITDB, "-D", str(pair.place / "first"), owning="first")
        yield pair
        for held in pair.running.values():
            held.close()
