"""Settling from the command line: the till hears at once which of its alarms are left."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync.faces.eod.words import verdict
from sync.faces.eod_commands import settle_command
from sync.faces.till_commands import status_command
from sync.language import Language
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
    return two_branches(center)[1:]


def two_branches(center: Center) -> tuple[Setup, Setup, list[str]]:
    """A till, a copy of it that both sold on, and the digits of the open matters."""
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
        return setup, copy, [handle(seen.till, matter) for matter in seen.exceptions]


def status(setup: Setup, *arguments: str) -> str:
    result = CliRunner().invoke(status_command, arguments, obj=setup)
    assert result.exit_code == 0, result.output
    return result.stdout


def settle_all(setup: Setup, matters: list[str]) -> None:
    for digits in matters:
        arguments = [digits, "--reason", "put back on purpose", "--who", "Li"]
        settled = CliRunner().invoke(settle_command, arguments, obj=setup)
        assert settled.exit_code == 0, settled.output


def sell_and_push(center: Center, setup: Setup) -> str:
    """Sell in a run of its own, push it, and return how the till's status is."""
    with opened(setup) as till:
        ring_up(till, 300)
        center.hub.push(till)
        return read_status(till).hub


def test_an_alarm_that_was_settled_is_gone_from_the_status(center: Center) -> None:
    setup, matters = branched(center)
    before = status(setup)
    assert "`xuanpin sync settle`" in before
    settle_all(setup, matters)
    after = json.loads(status(setup, "--json"))
    assert (after["hub"], after["reason"]) == ("reachable", "")
    assert "`xuanpin sync settle`" not in status(setup)


def test_the_verdict_counts_what_is_to_settle(center: Center) -> None:
    setup, matters = branched(center)

    def said() -> str:
        with opened(setup, "read") as till:
            return verdict(Language("zh", ["sync"]), center.ask(till), center.clock.now_ms())

    assert f"待处理异常：{len(matters)} 项。" in said()
    settle_all(setup, matters)
    assert "待处理异常" not in said()


def test_beside_an_open_counter_what_hears_of_it_is_the_counter(center: Center) -> None:
    setup, matters = branched(center)
    with opened(setup) as till:
        arguments = [matters[0], "--reason", "put back on purpose"]
        settled = CliRunner().invoke(settle_command, arguments, obj=setup)
        assert settled.exit_code == 0, settled.output
        assert read_status(till).hub == "alarm"
        center.hub.push(till)
        assert read_status(till).hub == "reachable"


def test_a_branch_that_was_settled_stays_so_while_one_of_its_lines_goes_on(
    center: Center,
) -> None:
    copy, matters = branched(center)
    settle_all(copy, matters)
    assert [sell_and_push(center, copy) for _ in range(3)] == ["reachable"] * 3


def test_a_branch_that_was_settled_is_open_again_when_both_of_its_lines_go_on(
    center: Center,
) -> None:
    setup, copy, matters = two_branches(center)
    settle_all(copy, matters)
    assert sell_and_push(center, copy) == "reachable"
    assert sell_and_push(center, setup) == "alarm", "two machines sell with one key"
    with opened(copy, "read") as till:
        seen = center.seen(till)
    again = [handle(seen.till, each) for each in seen.exceptions if each.kind == "branch"]
    assert len(again) == 1
    assert again[0] in matters
    settle_all(setup, [handle(seen.till, each) for each in seen.exceptions])
    assert sell_and_push(center, setup) == "reachable"
    assert sell_and_push(center, copy) == "alarm"
