"""Drills: backups of till and hub put back by command and by hand, over real processes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from .conftest import Place, RunningHub
from .shop import booked, enrolled, sell, stocked

pytestmark = pytest.mark.slow
Places = Callable[..., Place]
Put = Callable[[Place, Path], None]


def alarms(hub: RunningHub) -> set[str]:
    summary = httpx2.get(f"{hub.url}/v1/summary", trust_env=False).json()
    return {alarm["kind"] for alarm in summary["alarms"]}


def by_command(machine: Place, kept: Path) -> None:
    machine.run("sync", "restore", str(kept / "backup"))


def by_hand(machine: Place, kept: Path) -> None:
    home = machine.directory / "xuanpin"
    shutil.rmtree(home)
    shutil.copytree(kept / "copy", home)


def keep(machine: Place, kept: Path) -> None:
    """Keep this machine's data both ways."""
    kept.mkdir()
    machine.run("sync", "backup", str(kept / "backup"))
    shutil.copytree(machine.directory / "xuanpin", kept / "copy")


@pytest.mark.parametrize("put_back", [by_command, by_hand])
def test_a_till_put_back_is_a_branch_that_is_shown_and_booked_once(
    place: Places, hub: RunningHub, tmp_path: Path, put_back: Put
) -> None:
    till = enrolled(stocked(place("till")), hub)
    sales = [sell(till)]
    keep(till, tmp_path / "kept")
    sales += [sell(till), sell(till)]
    till.run("sync", "push")
    put_back(till, tmp_path / "kept")
    sales += [sell(till)]
    till.run("sync", "push")
    assert "sync settle" in till.run("--language", "en", "sync", "push").stdout
    assert till.ask("sync", "status")["pending"] == 0
    assert booked(hub) == {sale["order_id"]: (1, sale["paid_fen"]) for sale in sales}
    assert "branch" in alarms(hub)
    assert till.ask("sync", "status")["hub"] == "alarm"
    till.run("sync", "verify")
    assert len({sale["receipt_no"] for sale in sales}) == len(sales)


@pytest.mark.parametrize("put_back", [by_command, by_hand])
def test_a_hub_put_back_is_sent_everything_again_and_begins_an_epoch(
    place: Places, hub: RunningHub, tmp_path: Path, put_back: Put
) -> None:
    till = enrolled(stocked(place("till")), hub)
    sales = [sell(till)]
    till.run("sync", "push")
    hub.stop()
    keep(hub.place, tmp_path / "kept")
    hub.start()
    sales += [sell(till), sell(till)]
    till.run("sync", "push")
    hub.stop()
    put_back(hub.place, tmp_path / "kept")
    hub.start()
    till.run("sync", "push")
    till.run("sync", "push")
    assert booked(hub) == {sale["order_id"]: (1, sale["paid_fen"]) for sale in sales}
    assert till.ask("sync", "status")["pending"] == 0


def test_a_hub_is_backed_up_while_it_serves_and_restored_only_when_it_does_not(
    place: Places, hub: RunningHub, tmp_path: Path
) -> None:
    till = enrolled(stocked(place("till")), hub)
    sale = sell(till)
    till.run("sync", "push")
    made = hub.place.ask("sync", "backup", str(tmp_path / "backup"))
    assert (made["role"], made["keys"]) == ("hub", False)
    manifest = json.loads((tmp_path / "backup" / "manifest.json").read_text())
    assert [each["name"] for each in manifest["files"]] == ["hub.db"]
    said = hub.place.refused("--language", "en", "sync", "restore", str(tmp_path / "backup"))
    assert "is running" in said
    hub.stop(hard=True)
    restored = hub.place.ask("sync", "restore", str(tmp_path / "backup"))
    assert restored["registered"] == 1
    told = hub.place.run("--language", "en", "sync", "restore", str(tmp_path / "backup")).stdout
    assert "Publish the lists again" in told
    assert "There is no second medium" in told
    hub.start()
    till.run("sync", "push")
    assert booked(hub) == {sale["order_id"]: (1, sale["paid_fen"])}


def test_refusals_of_backups_are_one_line(place: Places, hub: RunningHub, tmp_path: Path) -> None:
    till = enrolled(stocked(place("till")), hub)
    till.run("sync", "backup", str(tmp_path / "backup"))
    till.refused("sync", "backup", str(tmp_path / "backup"))
    till.refused("sync", "backup", str(tmp_path / "no" / "such" / "disk"))
    till.refused("sync", "backup", str(tmp_path / "other"), "--of", "hub")
    till.refused("sync", "restore", str(tmp_path))
    place("elsewhere").refused("sync", "backup", str(tmp_path / "nothing"))
    sell(till)
    pending = till.ask("sync", "status")["pending"]
    assert "--leave-unsent" in till.refused("sync", "restore", str(tmp_path / "backup"))
    journal = tmp_path / "backup" / "journal.db"
    journal.write_bytes(journal.read_bytes()[:-1])
    till.refused("sync", "restore", str(tmp_path / "backup"), "--leave-unsent")
    assert till.ask("sync", "status")["pending"] == pending
