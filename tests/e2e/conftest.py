"""Real processes over real sockets: a hub, and tills that are told what to do by commands."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OF_WHO_RUNS_THIS = ("XUANPIN", "COLUMNS", "LINES")  # the latter two outdo a terminal's own size
XUANPIN = [sys.executable, str(ROOT / "xuanpin.py")]


@dataclass(frozen=True)
class Place:
    """One machine: a data directory, and the commands run there."""

    directory: Path
    till: str = "ZZ-01"
    center: str = "zhengzhou"

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(OF_WHO_RUNS_THIS)}
        return {
            **kept,
            "XDG_DATA_HOME": str(self.directory),
            "XDG_CONFIG_HOME": str(self.directory),
        }

    def command(self, *arguments: str) -> list[str]:
        return [*XUANPIN, "--till", self.till, "--center", self.center, *arguments]

    def run(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == status, (
            f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        assert "Traceback" not in done.stderr
        return done

    def ask(self, *arguments: str, status: int = 0) -> dict[str, Any]:
        """Run a command with --json; its whole standard output is one JSON object."""
        answer = json.loads(self.run(*arguments, "--json", status=status).stdout)
        assert isinstance(answer, dict)
        return answer

    def refused(self, *arguments: str) -> str:
        """Run a command that must be refused; return its one line."""
        said = self.run(*arguments, status=2).stderr
        assert said.count("\n") == 1, said
        return said


@dataclass
class RunningHub:
    """A hub process of its own, which can be killed and started again on the same port."""

    place: Place
    port: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "RunningHub":
        self.process = subprocess.Popen(
            self.place.command("sync", "hub", "--port", str(self.port), "--json"),
            env=self.place.environment(),
            cwd=self.place.directory,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = json.loads(self.process.stdout.readline())
        self.port = int(line["url"].rsplit(":", 1)[1].strip("/"))
        return self

    def stop(self, *, hard: bool = False) -> None:
        if self.process is None:
            return
        if hard:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(timeout=30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def invite(self, till: str, center: str = "zhengzhou") -> str:
        inviting = Place(self.place.directory, till=till, center=center)
        return str(inviting.ask("sync", "invite", till)["code"])


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Place]:
    def make(name: str, **choices: str) -> Place:
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        return Place(directory, **choices)

    return make


@pytest.fixture
def hub(place: Callable[..., Place]) -> Iterator[RunningHub]:
    running = RunningHub(place("hub")).start()
    yield running
    running.stop()
