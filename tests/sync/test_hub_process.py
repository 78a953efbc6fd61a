"""The hub as a process of its own: real sockets, the till's own courier, signals, many at once."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import msgspec
import pytest

import xuanpin
from sync.rules.entry import Draft
from sync.services.courier import Courier, PushReport, hub_client
from sync.services.enrolment import Enroller
from sync.services.hub import Summary
from sync.services.till import OpenTill
from sync.stores import journal as journals
from sync.stores.enrolment import Enrolment

from .tills import make_setup, opened

pytestmark = pytest.mark.slow
FRONT_DOOR = str(Path(xuanpin.__file__))


@dataclass
class Machine:
    """Where a hub keeps its data; commands run there as processes."""

    root: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, FRONT_DOOR, "--language", "en", "sync", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "XUANPIN" not in name}
        return {**kept, "XDG_DATA_HOME": str(self.root), "XDG_CONFIG_HOME": str(self.root)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def invite(self, name: str) -> str:
        said = self.run("invite", name, "--json")
        assert said.returncode == 0, said.stderr
        return str(json.loads(said.stdout)["code"])

    @contextlib.contextmanager
    def serving(self, port: int = 0) -> Iterator["Serving"]:
        process = subprocess.Popen(
            self.command("hub", "--port", str(port), "--json"),
            env=self.environment,
            cwd=self.root,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        with process, process.stdout:
            try:
                yield Serving(process, str(json.loads(process.stdout.readline())["url"]))
            finally:
                process.kill()


@dataclass
class Serving:
    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def ended(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)

    def summary(self) -> Summary:
        with httpx2.Client(trust_env=False) as client:
            return msgspec.json.decode(client.get(f"{self.url}/v1/summary").content, type=Summary)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    root = tmp_path / "hub-machine"
    root.mkdir()
    return Machine(root)


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


def test_a_killed_hub_has_what_it_acknowledged_and_gets_the_rest(
    machine: Machine, tmp_path: Path
) -> None:
    with machine.serving() as hub, enrolled(tmp_path, machine, hub, "ZZ-01") as till:
        sell_fast(till, 700)
        assert push(till, hub).refused is None
        hub.ended(signal.SIGKILL)
        sell_fast(till, 5)
        refused = push(till, hub).refused
        assert refused is not None
        assert refused.reason == "hub.unreachable"
        with machine.serving(hub.port) as again:
            assert counts(again) == {"ZZ-01": 700}
            report = push(till, again)
            assert (report.refused, report.pending, report.flags) == (None, 0, ())
            assert counts(again) == {"ZZ-01": 705}
            assert again.summary().alarms == []


def test_tills_push_at_the_same_time(machine: Machine, tmp_path: Path) -> None:
    names = ["ZZ-01", "ZZ-02", "ZZ-03"]
    with machine.serving() as hub, contextlib.ExitStack() as stack:
        tills = [stack.enter_context(enrolled(tmp_path, machine, hub, name)) for name in names]
        for till in tills:
            sell_fast(till, 600)
        reports: list[PushReport] = []
        pushing = [
            threading.Thread(target=lambda till=till: reports.append(push(till, hub)))
            for till in tills
        ]
        for thread in pushing:
            thread.start()
        for thread in pushing:
            thread.join()
        assert [(r.refused, r.pending) for r in reports] == [(None, 0)] * 3
        assert counts(hub) == dict.fromkeys(names, 600)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_hub_told_to_end_ends_well(machine: Machine, number: signal.Signals) -> None:
    with machine.serving() as hub:
        assert counts(hub) == {}
        assert hub.ended(number) == 0


def test_a_request_cut_short_leaves_nothing_and_harms_nobody(machine: Machine) -> None:
    with machine.serving() as hub:
        with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as cut:
            cut.sendall(b"POST /v1/segments HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\nabc")
        assert counts(hub) == {}
        assert hub.ended(signal.SIGTERM) == 0


def refused(machine: Machine, *arguments: str) -> str:
    said = machine.run(*arguments)
    assert said.returncode == 2, said
    assert said.stdout == ""
    assert said.stderr.count("\n") == 1, said.stderr
    return said.stderr


def test_what_cannot_be_served_is_one_clear_line(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused(machine, "hub", "--port", port)
    assert "name" in refused(machine, "invite", " ")
    (machine.root / "xuanpin" / "hub" / "hub.key").write_text("damaged")
    assert "hub.key" in refused(machine, "hub", "--port", "0")


def test_an_invitation_is_said_to_people_too(machine: Machine) -> None:
    said = machine.run("invite", "ZZ-07")
    assert "ZZ-07" in said.stdout
    assert said.stdout.count("-") >= 5
