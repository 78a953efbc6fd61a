"""Hubs as processes of their own, and tills that reach them over real sockets."""

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import msgspec

import xuanpin
from sync.rules.entry import Draft
from sync.services.courier import Courier, PushReport, hub_client
from sync.services.enrolment import Enroller
from sync.services.hub import Summary
from sync.services.till import OpenTill
from sync.stores import journal as journals
from sync.stores.enrolment import Enrolment

from .tills import make_setup, opened

_LOGS = itertools.count()
FRONT_DOOR = str(Path(xuanpin.__file__))


@dataclass
class Machine:
    """Where a hub keeps its data; commands run there as processes.

    `database` is another than the hub's own file there.
    """

    root: Path
    database: str = ""

    def command(self, command: str, *arguments: str) -> list[str]:
        where = ["--database", self.database] if self.database else []
        front_door = [sys.executable, FRONT_DOOR, "--language", "en", "sync"]
        return [*front_door, command, *where, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "XUANPIN" not in name}
        return {**kept, "XDG_DATA_HOME": str(self.root), "XDG_CONFIG_HOME": str(self.root)}

    def configure(self, **settings: object) -> None:
        """Change settings of [hub] for this machine."""
        text = Path(FRONT_DOOR).with_name("config.toml").read_text()
        for name, value in settings.items():
            text, found = re.subn(
                rf"^{name} = .*$", f"{name} = {json.dumps(value)}", text, flags=re.MULTILINE
            )
            assert found == 1, name
        (self.root / "config.toml").write_text(text)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as process:
            said, complaint = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, said, complaint)

    def invite(self, name: str) -> str:
        said = self.run("invite", name, "--json")
        assert said.returncode == 0, said.stderr
        return str(json.loads(said.stdout)["code"])

    @contextlib.contextmanager
    def serving(self, port: int = 0) -> Iterator["Serving"]:
        log = self.root / f"hub-{next(_LOGS)}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                self.command("hub", "--port", str(port), "--json"),
                env=self.environment,
                cwd=self.root,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert process.stdout is not None
        with process, process.stdout:
            try:
                said = process.stdout.readline()
                assert said, log.read_text()
                yield Serving(process, str(json.loads(said)["url"]), log)
            finally:
                process.kill()


@dataclass
class Serving:
    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def ended(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)

    def get(self, path: str) -> httpx2.Response:
        with httpx2.Client(trust_env=False) as client:
            return client.get(f"{self.url}{path}")

    def summary(self) -> Summary:
        return msgspec.json.decode(self.get("/v1/summary").content, type=Summary)

    def logged(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextlib.contextmanager
def enrolled(root: Path, machine: Machine, hub: Serving, name: str) -> Iterator[OpenTill]:
    with opened(make_setup(root / name, till=name)) as till:
        with client_of(till, hub) as client:
            assert isinstance(Enroller(till, client).enrol(machine.invite(name)), Enrolment)
        yield till


def client_of(till: OpenTill, hub: Serving) -> httpx2.Client:
    client = hub_client(till, hub.url)
    assert isinstance(client, httpx2.Client)
    return client


def sell_fast(till: OpenTill, count: int) -> None:
    """Journal so many things in one transaction."""
    with till.journal.transaction() as db:
        for _ in range(count):
            draft = Draft("sign_in", till.new_id(), till.today().isoformat(), 0, b"{}")
            journals.append(db, till.run, till.stamp(), draft)


def push(till: OpenTill, hub: Serving) -> PushReport:
    with client_of(till, hub) as client:
        return Courier(till, client).push()


def counts(hub: Serving) -> dict[str, int]:
    return {till.name: till.kinds["sign_in"].count for till in hub.summary().tills}
