"""Alarms are listed and settled at the hub itself, also of a center that has no good till left."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sync.faces.alarm_commands import alarms_command
from sync.faces.eod_commands import settle_command
from sync.rules.center_day import Matter, handle
from tests.hub_databases import HubDatabase, NewDatabase

from .hub_scenes import FIRST, Scribe
from .register_scenes import ManagedHub, managed_hub


@pytest.fixture
def database(new_database: NewDatabase) -> HubDatabase:
    return new_database()


@pytest.fixture
def hub(tmp_path: Path, database: HubDatabase) -> Iterator[ManagedHub]:
    with managed_hub(tmp_path, database=database) as hub:
        yield hub


@pytest.fixture
def stolen(hub: ManagedHub) -> Scribe:
    """The only till of its center: what it sold after a moment was booked, and it is revoked."""
    till = hub.enrolled()
    hub.clock.pass_ms(60_000)
    till.open_run(FIRST)
    till.write(FIRST)
    hub.push(till.segment(FIRST))
    since_ms = hub.clock.now_ms() - 30_000
    hub.desk.revoke("ZZ-01", reason="stolen", who="Li", since_ms=since_ms)
    return till


def listed(hub: ManagedHub, database: HubDatabase) -> list[dict[str, object]]:
    said = CliRunner().invoke(alarms_command, ["--json", "--database", database.url], obj=hub.setup)
    assert said.exit_code == 0, said.output
    found = json.loads(said.output)
    assert found["alarms_left"] == 0
    alarms: list[dict[str, object]] = found["alarms"]
    return alarms


def settle(hub: ManagedHub, database: HubDatabase, digits: str, reason: str) -> Result:
    where = ["--hub", "--database", database.url, "--json"]
    arguments = [digits, "--reason", reason, "--who", "Li", *where]
    return CliRunner().invoke(settle_command, arguments, obj=hub.setup)


def test_an_alarm_of_a_center_without_a_good_till_is_settled_at_the_hub(
    hub: ManagedHub, stolen: Scribe, database: HubDatabase
) -> None:
    (alarm,) = listed(hub, database)
    assert (alarm["kind"], alarm["till_name"], alarm["center"]) == ("revoked", "ZZ-01", "zhengzhou")
    about, noticed_ms = alarm["about"], alarm["noticed_ms"]
    assert isinstance(about, str)
    assert isinstance(noticed_ms, int)
    digits = handle(stolen.install, Matter("revoked", "", 0, about, noticed_ms))
    assert alarm["exception"] == digits
    done = settle(hub, database, digits.upper(), "all of it was paid")
    assert done.exit_code == 0, done.output
    settled = json.loads(done.output)
    assert (settled["till_name"], settled["by"]) == ("ZZ-01", "")
    assert settled["settlement"]["reason"] == "all of it was paid"
    assert listed(hub, database) == []
    assert settle(hub, database, digits, "again").exit_code == 2


@pytest.mark.usefixtures("stolen")
def test_what_is_not_there_or_has_no_reason_is_refused(
    hub: ManagedHub, database: HubDatabase
) -> None:
    (alarm,) = listed(hub, database)
    for digits, reason in ((str(alarm["exception"]), " "), ("00000000", "paid")):
        assert settle(hub, database, digits, reason).exit_code == 2
    assert len(listed(hub, database)) == 1


@pytest.mark.usefixtures("stolen")
def test_people_read_what_each_alarm_is_about(hub: ManagedHub, database: HubDatabase) -> None:
    (alarm,) = listed(hub, database)
    said = CliRunner().invoke(alarms_command, ["--database", database.url], obj=hub.setup)
    (line,) = said.output.splitlines()
    assert line.startswith(f"{alarm['exception']}  ")
    assert "ZZ-01  zhengzhou" in line
