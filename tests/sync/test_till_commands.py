"""The till's sync commands: one line for people, one object for programs, status 2 if refused."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from sync.faces.till_commands import enrol_command, push_command, status_command, verify_command
from sync.rules.refusal import Refused
from sync.services import courier
from sync.services.till import open_till
from sync.setup import Setup

from .tills import URL, HubMachine, answering, down, hub_machine, make_setup, opened, sell

FORGED = msgspec.msgpack.encode([1, b"", b""])


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return make_setup(tmp_path / "till-machine")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubMachine]:
    with hub_machine(tmp_path / "hub-machine") as machine:
        monkeypatch.setattr(courier, "make_client", lambda *_of_config: machine.client())
        yield machine


def run(setup: Setup, command: Any, *arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(command, arguments, obj=setup)
    assert result.exit_code == status, result.output
    return result


def ask(setup: Setup, command: Any, *arguments: str, status: int = 0) -> dict[str, Any]:
    answered: dict[str, Any] = json.loads(
        run(setup, command, *arguments, "--json", status=status).stdout
    )
    return answered


def invited(hub: HubMachine) -> str:
    invitation = hub.desk.invite("ZZ-01", 1, "zhengzhou")
    assert hasattr(invitation, "code")
    return str(invitation.code)


def test_from_the_first_sale_to_the_hub(setup: Setup, hub: HubMachine) -> None:
    with opened(setup) as till:
        ids = sell(till, 2)
    status = ask(setup, status_command)
    assert (status["pending"], status["hub"]) == (3, "not_enrolled")
    assert [run["entries"] for run in status["runs"]] == [3]
    assert ask(setup, enrol_command, invited(hub), "--hub", URL)["name"] == "ZZ-01"
    assert ask(setup, status_command)["hub"] == "reachable"
    pushed = ask(setup, push_command)
    assert (pushed["acknowledged"], pushed["pending"]) == (3, 0)
    status = ask(setup, status_command)
    assert (status["pending"], status["oldest_pending_s"], status["hub"]) == (0, None, "reachable")
    assert ask(setup, verify_command) == {"runs": 1, "entries": 3}
    assert set(ids) <= set(hub.booked())


def test_pushing_and_enrolling_are_refused_beside_an_open_counter(
    setup: Setup, hub: HubMachine
) -> None:
    code = invited(hub)
    with opened(setup):
        for command, arguments in ((push_command, ()), (enrol_command, (code, "--hub", URL))):
            result = run(setup, command, *arguments, status=2)
            assert result.stdout == ""
            assert result.stderr.count("\n") == 1
        assert ask(setup, status_command)["pending"] == 1
        run(setup, verify_command)
    assert hub.wire.requests == []


@pytest.mark.parametrize("code", ["", "hello", "ABCD-ABCD-ABCD-ABCD-ABCD"])
def test_a_code_the_hub_never_made_enrols_nobody(setup: Setup, hub: HubMachine, code: str) -> None:
    result = run(setup, enrol_command, code, "--hub", URL, status=2)
    assert result.stderr.count("\n") == 1
    assert ask(setup, status_command)["hub"] == "not_enrolled"
    assert not (setup.till_directory / "phone.key").exists()


@pytest.mark.parametrize(
    ("name", "center", "reason"),
    [("ZZ-09", (1, "zhengzhou"), "enrol.other_name"), ("ZZ-01", (3, "yiwu"), "enrol.other_center")],
)
def test_a_code_made_for_another_till_or_center_enrols_nobody(
    setup: Setup, hub: HubMachine, name: str, center: tuple[int, str], reason: str
) -> None:
    invitation = hub.desk.invite(name, *center)
    assert hasattr(invitation, "code")
    result = run(setup, enrol_command, invitation.code, "--hub", URL, "--json", status=2)
    said = json.loads(result.stdout)
    assert said["refused"] == "hub.refused"
    assert hub.desk.enrol(hub.wire.requests[-1]) == Refused(reason, ANY, ANY, ANY)
    assert ask(setup, status_command)["hub"] == "not_enrolled"
    assert not hub.hub.summary().tills
    right = structs.replace(setup.till, id=name, center=center[1])
    moved = structs.replace(setup, settings=setup.settings.having(right))
    assert ask(moved, enrol_command, invitation.code, "--hub", URL)["center"] == center[0]


def test_an_enrolled_till_does_not_sell_for_another_center(setup: Setup, hub: HubMachine) -> None:
    run(setup, enrol_command, invited(hub), "--hub", URL)
    right = structs.replace(setup.till, center="yiwu")
    moved = structs.replace(setup, settings=setup.settings.having(right))
    refused = open_till(moved, "counter")
    assert isinstance(refused, Refused)
    assert refused.reason == "till.other_center"
    assert (refused.values["enrolled"], refused.values["center"]) == ("zhengzhou", "yiwu")
    opened(setup).close()
    opened(moved, "read").close()


def test_a_hub_out_of_reach_leaves_the_code_good(setup: Setup, hub: HubMachine) -> None:
    code = invited(hub)
    hub.wire.faults = [down]
    said = run(setup, enrol_command, code, "--hub", URL, status=2).stderr
    assert "邀请码" in said or "登记码" in said
    run(setup, enrol_command, code, "--hub", URL)


def test_a_till_that_already_reported_to_one_hub_is_not_enrolled_at_another(
    tmp_path: Path, setup: Setup, hub: HubMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(setup).close()
    run(setup, enrol_command, invited(hub), "--hub", URL)
    run(setup, push_command)
    with hub_machine(tmp_path / "other") as other:
        monkeypatch.setattr(courier, "make_client", lambda *_of_config: other.client())
        result = run(setup, enrol_command, invited(other), "--hub", URL, "--json", status=2)
        assert json.loads(result.stdout)["refused"] == "enrol.other_hub"
    with opened(setup, "read") as till:
        enrolment = till.enrolment
    assert enrolment is not None
    assert enrolment.hub_id == hub.data.keys.hub_id


def test_where_nothing_was_ever_sold_the_status_says_so_and_makes_nothing(setup: Setup) -> None:
    status = ask(setup, status_command)
    assert (status["pending"], status["runs"], status["hub"]) == (0, [], "not_enrolled")
    assert status["reason"] == "till.not_begun"
    said = run(setup, status_command).stdout
    assert "ZZ-01" in said
    assert "xuanpin pos" in said
    for command in (verify_command, push_command):
        assert ask(setup, command, status=2)["refused"] == "till.not_begun"
    assert not setup.root.exists()


def test_pushing_needs_an_enrolment_and_an_address(setup: Setup) -> None:
    opened(setup).close()
    assert ask(setup, push_command, status=2)["refused"] == "sync.not_enrolled"
    assert ask(setup, enrol_command, "ABCD", status=2)["refused"] == "hub.no_address"
    for address in ("ftp://hub", "http://hub..example", f"http://{'a' * 64}.example"):
        refused = ask(setup, enrol_command, "ABCD", "--hub", address, status=2)
        assert refused["refused"] == "hub.bad_address"


def test_a_broken_journal_is_named_and_ends_with_status_2(setup: Setup) -> None:
    with opened(setup) as till:
        sell(till, 1)
        with till.journal.transaction() as db:
            db.execute("DROP TRIGGER entry_update")
            db.execute("UPDATE entry SET body = x'00' WHERE seq = 2")
        name = till.run.run
    line = run(setup, verify_command, status=2).stderr
    assert name in line
    assert "2" in line
    assert ask(setup, verify_command, status=2)["refused"] == "journal.broken"


def test_the_status_is_also_told_in_words(setup: Setup) -> None:
    with opened(setup) as till:
        sell(till, 1)
    text = run(setup, status_command).stdout
    assert "2" in text
    assert "未登记" in text


def test_the_status_says_no_slugs_to_people(setup: Setup, hub: HubMachine) -> None:
    opened(setup).close()
    run(setup, enrol_command, invited(hub), "--hub", URL)
    page = answering(200, b"<html>please log in</html>", "text/html")
    for fault in (down, page, answering(200, b"?"), answering(200, FORGED)):
        hub.wire.faults = [fault]
        run(setup, push_command, status=2)
        text = run(setup, status_command).stdout
        assert not re.search(r"[a-z]+\.[a-z]+", text), text
