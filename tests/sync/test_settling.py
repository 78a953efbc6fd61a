"""Settling from the command line: the till hears at once which of its alarms are left."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync.faces.eod_commands import settle_command
from sync.faces.till_commands import status_command
from sync.rules.center_day import handle
from sync.services import courier
from sync.services.status import read_status
from sync.setup import Setup

from .evening_scenes import Center, a_center, ring_up
from .tills import copy_till, opened


@pytest.fixture
def center(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Center]:
    with a_center(tmp_path) as made:
        monkeypatch.setattr(courier, "make_client", lambda *_of_config: made.hub.client())
        yield made


def branched(center: Center) -> tuple[Setup, list[str]]:
    """A till that was put back from a copy; and the digits of its open matters."""
    setup = center.setup("ZZ-01")
    with opened(setup) as till:
        center.hub.enrol(till)
        center.hub.push(till)
    copy = copy_till(setup, center.root / "copy")
    with opened(setup) as till:
        ring_up(till, 100)
        center.hub.push(till)
    with opened(copy) as till:
        ring_up(till, 200)
        center.hub.push(till)
        assert read_status(till).hub == "alarm"
        seen = center.seen(till)
        return copy, [handle(seen.till, matter) for matter in seen.exceptions]


def status(setup: Setup, *arguments: str) -> str:
    result = CliRunner().invoke(status_command, arguments, obj=setup)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_an_alarm_that_was_settled_is_gone_from_the_status(center: Center) -> None:
    setup, matters = branched(center)
    before = status(setup)
    assert "`xuanpin sync settle`" in before
    for digits in matters:
        arguments = [digits, "--reason", "put back on purpose", "--who", "Li"]
        settled = CliRunner().invoke(settle_command, arguments, obj=setup)
        assert settled.exit_code == 0, settled.output
    after = json.loads(status(setup, "--json"))
    assert (after["hub"], after["reason"]) == ("reachable", "")
    assert "`xuanpin sync settle`" not in status(setup)


def test_beside_an_open_counter_what_hears_of_it_is_the_counter(center: Center) -> None:
    setup, matters = branched(center)
    with opened(setup) as till:
        arguments = [matters[0], "--reason", "put back on purpose"]
        settled = CliRunner().invoke(settle_command, arguments, obj=setup)
        assert settled.exit_code == 0, settled.output
        assert read_status(till).hub == "alarm"
        center.hub.push(till)
        assert read_status(till).hub == "reachable"
