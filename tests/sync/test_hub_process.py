"""The hub as a process of its own: real sockets, the till's own courier, signals, many at once."""

import contextlib
import signal
import socket
import threading
from pathlib import Path

import pytest

from sync.services.courier import PushReport

from .hub_processes import Machine, counts, enrolled, push, sell_fast

pytestmark = pytest.mark.slow


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    root = tmp_path / "hub-machine"
    root.mkdir()
    return Machine(root)


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


@pytest.mark.parametrize("where", [(), ("--database", "sqlite:///elsewhere.db")])
def test_where_no_hub_ever_began_nobody_is_invited_and_none_is_founded(
    machine: Machine, where: tuple[str, ...]
) -> None:
    assert "There is no hub in" in refused(machine, "invite", "ZZ-07", *where)
    assert not (machine.root / "xuanpin" / "hub").exists()
    assert not (machine.root / "elsewhere.db").exists()


def test_an_invitation_is_said_to_people_too(machine: Machine) -> None:
    with machine.serving():
        said = machine.run("invite", "ZZ-07")
    assert "ZZ-07" in said.stdout
    assert said.stdout.count("-") >= 5
