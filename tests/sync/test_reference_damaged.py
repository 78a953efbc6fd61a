"""Reference data that is damaged: the journal goes on, and a pull builds it anew."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner, Result

from sync.access import Access
from sync.faces.backup_commands import backup_command, restore_command
from sync.faces.export_command import export_command
from sync.faces.feed_commands import pull_command
from sync.faces.till_commands import push_command, status_command, verify_command
from sync.reference import FIRST, POINTER, SET_ASIDE, damage, in_force
from sync.reference_damage import ReferenceDamaged
from sync.rules.refusal import Fault, Refused
from sync.services import courier
from sync.services.closing import close_day
from sync.services.pulling import Puller
from sync.services.till import open_till
from sync.setup import Setup
from sync.sqlite_driver import sqlite3

from .feed_scenes import FedTill, FeedingHub, feeding_hub
from .tills import URL, down, make_setup, opened, sell

GOODS = {f"k{number:03d}": f"{number} yuan, {'x' * 400}" for number in range(300)}
PAGE_BYTES = 4096


def random_bytes(path: Path) -> None:
    path.write_bytes(bytes(range(255, -1, -1)) * 36)


def nothing_left(path: Path) -> None:
    path.write_bytes(b"")


def half_left(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def page_in_the_middle(path: Path) -> None:
    whole = path.read_bytes()
    at = len(whole) // PAGE_BYTES // 2 * PAGE_BYTES
    path.write_bytes(whole[:at] + b"\xa7" * PAGE_BYTES + whole[at + PAGE_BYTES :])


def file_gone(path: Path) -> None:
    path.unlink()


def pointer(content: bytes) -> Callable[[Path], None]:
    def overwrite(path: Path) -> None:
        path.with_name(POINTER).write_bytes(content)

    return overwrite


def pointer_gone(path: Path) -> None:
    path.with_name(POINTER).unlink()


UNOPENABLE = {
    "random bytes": random_bytes,
    "nothing left": nothing_left,
    "file gone": file_gone,
    "pointer of random bytes": pointer(b"\x83\x9f\x00reference"),
    "pointer empty": pointer(b""),
    "pointer to another file": pointer(b"journal.db\n"),
    "pointer to nothing": pointer(b"reference-7.db\n"),
    "pointer gone": pointer_gone,
}
DAMAGES = {**UNOPENABLE, "half left": half_left, "page in the middle": page_in_the_middle}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FeedingHub]:
    with feeding_hub(tmp_path) as hub:
        hub.publish(GOODS)
        hub.publish({"Li": "cashier"}, "people")
        yield hub


@pytest.fixture
def till(hub: FeedingHub) -> FedTill:
    """A till that has sold and pulled, and is closed."""
    till = hub.till()
    till.pulled()
    hub.publish({"last": "9 yuan"})
    till.pulled()
    till.till.close()
    with opened(till.till.setup) as selling:
        sell(selling, 3)
    assert not list(till.till.directory.glob("*-wal"))
    return till


@pytest.fixture
def setup(till: FedTill, monkeypatch: pytest.MonkeyPatch) -> Setup:
    """The till's setup, as commands are given it; they reach the hub."""
    monkeypatch.setattr(courier, "make_client", lambda *_of_config: _client(till))
    return till.till.setup


def _client(till: FedTill) -> httpx2.Client:
    return httpx2.Client(base_url=URL, transport=httpx2.MockTransport(till.wire))


def broken(setup: Setup, how: str) -> Path:
    path = in_force(setup.till_directory)
    assert path.name != FIRST
    DAMAGES[how](path)
    return path


def run(setup: Setup, command: Any, *arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(command, arguments, obj=setup)
    assert result.exit_code == status, (result.output, result.exception)
    return result


def ask(setup: Setup, command: Any, *arguments: str, status: int = 0) -> dict[str, Any]:
    said = run(setup, command, *arguments, "--json", status=status).stdout
    answered: dict[str, Any] = json.loads(said)
    return answered


def goods(setup: Setup) -> dict[str, str]:
    with opened(setup, "read") as till:
        found = till.reference.read().execute("SELECT key, data FROM goods")
        return {key: data.decode() for key, data in found}


def refusal(setup: Setup, to: Any) -> Refused:
    refused = open_till(setup, to)
    assert isinstance(refused, Refused), refused
    return refused


@pytest.mark.parametrize("how", UNOPENABLE)
def test_who_would_sell_is_told_what_helps(setup: Setup, how: str) -> None:
    broken(setup, how)
    for to in ("counter", "sell"):
        refused = refusal(setup, to)
        assert refused.reason == "reference.damaged"
        line = setup.say.refusal(refused)
        assert "xuanpin sync pull" in line
        assert "\n" not in line
    with opened(setup, "read") as till, pytest.raises(ReferenceDamaged):
        till.reference.read()


@pytest.mark.parametrize("how", DAMAGES)
def test_the_journal_goes_on(setup: Setup, how: str, tmp_path: Path) -> None:
    broken(setup, how)
    assert ask(setup, status_command)["pending"] == 4
    assert ask(setup, verify_command)["entries"] == 4
    assert ask(setup, export_command, str(tmp_path))["entries"] == 4
    assert ask(setup, push_command)["pending"] == 0
    with opened(setup, "close") as till:
        closed = close_day(till, till.business_day(), "01")
    assert not isinstance(closed, Refused), closed


@pytest.mark.parametrize("how", UNOPENABLE)
def test_the_status_says_what_is_wrong(setup: Setup, how: str) -> None:
    broken(setup, how)
    status = ask(setup, status_command)
    assert (status["feeds"], status["feeds_reason"]) == ({}, "reference.damaged")
    assert "xuanpin sync pull" in run(setup, status_command).stdout


@pytest.mark.parametrize("how", DAMAGES)
def test_a_pull_puts_another_file_in_its_place(setup: Setup, hub: FeedingHub, how: str) -> None:
    before = broken(setup, how)
    left = before.read_bytes() if before.exists() else None
    pulled = ask(setup, pull_command)
    assert pulled["rebuilt"]
    assert sorted(pulled["anew"]) == ["goods", "people"]
    assert goods(setup) == {**GOODS, "last": "9 yuan"}
    kept = setup.till_directory / SET_ASIDE
    if left is None:
        assert pulled["set_aside"] is None
    else:
        assert pulled["set_aside"] == str(kept)
        assert kept.read_bytes() == left
    hub.publish({"next": "1 yuan"})
    pulled = ask(setup, pull_command)
    assert (pulled["rows"], pulled["rebuilt"]) == (1, False)
    with opened(setup) as till:
        sell(till)
    assert ask(setup, push_command)["pending"] == 0


def test_a_feed_that_this_program_cannot_read_stops_no_rebuilding(
    setup: Setup, hub: FeedingHub
) -> None:
    hub.publish({"Wu": "unreadable"}, "people")
    broken(setup, "random bytes")
    assert "Wu" in run(setup, pull_command, status=2).stderr
    assert goods(setup) == {**GOODS, "last": "9 yuan"}
    assert ask(setup, status_command)["feeds_reason"] == "feed.unreadable"


def test_only_the_newest_damaged_file_is_kept(setup: Setup) -> None:
    for how in ("random bytes", "half left"):
        broken(setup, how)
        run(setup, pull_command)
    left = in_force(setup.till_directory).with_name("reference-2.db").read_bytes()
    opened(setup).close()
    assert sorted(path.name for path in setup.till_directory.glob("reference*")) == [
        "reference-3.db",
        SET_ASIDE,
        POINTER,
    ]
    assert (setup.till_directory / SET_ASIDE).read_bytes() == left


def test_until_the_hub_answers_the_damaged_file_stays(setup: Setup, till: FedTill) -> None:
    path = broken(setup, "page in the middle")
    left = path.read_bytes()
    till.wire.faults = [down] * 20
    run(setup, pull_command, status=2)
    assert in_force(setup.till_directory) == path
    assert path.read_bytes() == left
    till.wire.faults.clear()
    assert ask(setup, pull_command)["rebuilt"]


def test_a_rebuild_that_broke_off_goes_on(setup: Setup, till: FedTill) -> None:
    broken(setup, "random bytes")
    till.wire.faults = [_passes, _passes, _passes, down]
    run(setup, pull_command, status=2)
    till.wire.faults.clear()
    assert ask(setup, pull_command)["rebuilt"]
    assert goods(setup) == {**GOODS, "last": "9 yuan"}


def _passes(hub: Any, request: Any) -> Any:
    return hub(request)


@pytest.mark.parametrize("how", ["pointer of random bytes", "page in the middle", "file gone"])
def test_an_open_counter_follows_a_pull_beside_it(
    setup: Setup, till: FedTill, hub: FeedingHub, how: str
) -> None:
    with opened(setup) as counter:
        query = "SELECT count(*) FROM goods WHERE key = 'next'"
        assert counter.reference.read().execute(query).fetchone() == (0,)
        broken(setup, how)
        hub.publish({"next": "1 yuan"})
        assert ask(setup, pull_command)["rebuilt"]
        puller = Puller(counter, counter.reference, till.client, Access(), gently=True)
        assert puller.pull(snapshots=False).refused is None
        assert counter.reference.read().execute(query).fetchone() == (1,)
        sell(counter)


def test_damage_that_shows_while_reading_is_named(setup: Setup) -> None:
    broken(setup, "page in the middle")
    with pytest.raises(ReferenceDamaged) as caught, opened(setup, "read") as till:
        list(till.reference.read().execute("SELECT key, data FROM goods"))
    assert "xuanpin sync pull" in setup.say.refusal(caught.value.refused)
    with opened(setup) as till:
        with pytest.raises(ReferenceDamaged), till.faults():
            list(till.reference.read().execute("SELECT key, data FROM goods"))
        sell(till)


def test_a_damaged_journal_is_not_taken_for_damaged_reference_data(setup: Setup) -> None:
    with pytest.raises(sqlite3.DatabaseError) as caught, opened(setup, "read") as till:
        path = setup.till_directory / "none.db"
        random_bytes(path)
        till.journal.read().execute("ATTACH ? AS other", [str(path)])
    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_NOTADB


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN]
)
def test_a_disk_that_fails_for_a_moment_replaces_nothing(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = in_force(setup.till_directory)

    def fails(*_arguments: Any, **_named: Any) -> Any:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = code
        raise error

    with monkeypatch.context() as failing:
        failing.setattr("sync.reference_damage.sqlite3.connect", fails)
        with pytest.raises(Fault) as caught:
            damage(setup.till_directory)
    assert caught.value.refused.reason == "database.unusable"
    assert in_force(setup.till_directory) == path
    assert not ask(setup, pull_command)["rebuilt"]


def test_a_backup_leaves_damaged_goods_out_and_can_be_put_back(
    setup: Setup, tmp_path: Path
) -> None:
    for number, how in enumerate(("page in the middle", "random bytes")):
        broken(setup, how)
        to = tmp_path / f"backup-{number}"
        assert not ask(setup, backup_command, str(to), "--of", "till")["reference"]
        assert ask(setup, restore_command, str(to), "--leave-unsent")["entries"] == 4
    assert ask(setup, pull_command)["rebuilt"]
    assert ask(setup, backup_command, str(tmp_path / "good"), "--of", "till")["reference"]


def test_a_till_without_a_hub_is_told_to_import(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)
    with opened(setup) as till:
        sell(till)
    nothing_left(in_force(setup.till_directory))
    assert "xuanpin pos import" in setup.say.refusal(refusal(setup, "sell"))
    assert ask(setup, pull_command, status=2)["refused"] == "reference.damaged"
    assert ask(setup, status_command)["pending"] == 2


def test_a_first_start_that_was_killed_is_no_damage(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)
    setup.till_directory.mkdir(parents=True)
    nothing_left(setup.till_directory / FIRST)
    with opened(setup) as till:
        assert till.damage is None
