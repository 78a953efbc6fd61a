"""Backups of a till and of a hub: consistent beside those who sell, never replacing anything."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.backup_files import checked_manifest
from sync.hub_presence import alone_at_hub, be_present
from sync.keys import HUB_KEY, PHONE_KEY, TILL_KEY, write_phone_key
from sync.rules.backup import MANIFEST, Manifest
from sync.rules.refusal import Fault, Refused
from sync.services.backing_up import BackedUp, back_up_hub, back_up_till
from sync.services.enrolment import Enroller
from sync.services.restoring_hub import RESTORED, RestoredHub, restore_hub
from sync.services.restoring_till import RestoredTill, restore_till
from sync.services.till import OpenTill, open_till
from sync.services.verifying import Verified, verify_journal
from sync.setup import Setup
from sync.sqlite_driver import sqlite3
from sync.stores import hub_epoch
from tests.hub_databases import HubDatabase, NewDatabase

from .register_scenes import ManagedHub, hub_setup, managed_hub
from .tills import FakeClock, HubMachine, assert_booked_once, hub_machine, make_setup, opened, sell


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def setup(tmp_path: Path, clock: FakeClock) -> Setup:
    return make_setup(tmp_path / "till-machine", clock=clock)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubMachine]:
    with hub_machine(tmp_path / "hub-machine") as machine:
        yield machine


def backed_up(till: OpenTill, to: Path, *, with_keys: bool = False) -> Manifest:
    done = back_up_till(till, to, with_keys=with_keys)
    assert isinstance(done, BackedUp), done
    manifest = checked_manifest(to)
    assert isinstance(manifest, Manifest), manifest
    return manifest


def put_back(setup: Setup, source: Path, *, leave_unsent: bool = False) -> RestoredTill | Refused:
    manifest = checked_manifest(source)
    assert isinstance(manifest, Manifest), manifest
    return restore_till(setup, source, manifest, leave_unsent=leave_unsent)


def reason_of(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reason


def test_a_till_is_backed_up_while_it_sells(setup: Setup, tmp_path: Path) -> None:
    with opened(setup) as till:
        sell(till, 5)
        with till.journal.transaction() as db:  # a sale that is under way is not in it
            db.execute("UPDATE run SET closed_at_ms = 1")
            manifest = backed_up(till, tmp_path / "backup")
        sell(till, 5)
    assert (manifest.role, manifest.owner, manifest.name) == ("till", till.keys.install, "ZZ-01")
    with sqlite3.connect(tmp_path / "backup" / "journal.db") as copy:
        assert copy.execute("SELECT count(*), max(closed_at_ms) FROM entry, run").fetchone() == (
            6,
            None,
        )
    copy.close()


def test_a_restored_till_goes_on_as_a_branch_that_is_booked_once(
    setup: Setup, hub: HubMachine, tmp_path: Path
) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        early = sell(till, 3)
        backed_up(till, tmp_path / "backup")
        late = sell(till, 3)
        assert hub.push(till).refused is None
    restored = put_back(setup, tmp_path / "backup")
    assert isinstance(restored, RestoredTill), restored
    assert restored.entries == 4
    assert (Path(restored.replaced) / "journal.db").is_file()
    with opened(setup) as till:
        after = sell(till, 3)
        hub.push(till)
        report = hub.push(till)
        assert (report.refused, report.pending) == (None, 0)
        assert isinstance(verify_journal(till), Verified)
    assert "branch" in hub.alarms()
    assert_booked_once(hub, early + late + after)


def test_entries_that_nobody_else_has_are_not_left_behind_unasked(
    setup: Setup, hub: HubMachine, tmp_path: Path
) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        backed_up(till, tmp_path / "backup")
        sell(till, 2)
    refused = put_back(setup, tmp_path / "backup")
    assert reason_of(refused) == "restore.unsent"
    assert isinstance(refused, Refused)
    assert refused.values["count"] == 2
    with opened(setup, "push") as till:
        assert hub.push(till).pending == 0
    assert isinstance(put_back(setup, tmp_path / "backup"), RestoredTill)
    with opened(setup) as till:
        sell(till, 1)
    assert reason_of(put_back(setup, tmp_path / "backup")) == "restore.unsent"
    assert isinstance(put_back(setup, tmp_path / "backup", leave_unsent=True), RestoredTill)


def test_a_damaged_journal_is_replaced_and_kept_as_it_is(setup: Setup, tmp_path: Path) -> None:
    with opened(setup) as till:
        sell(till, 3)
        backed_up(till, tmp_path / "backup")
    journal = setup.till_directory / "journal.db"
    journal.write_bytes(b"not a database at all" * 100)
    journal.with_name("journal.db-wal").write_bytes(b"old log")
    restored = put_back(setup, tmp_path / "backup")
    assert isinstance(restored, RestoredTill), restored
    kept = Path(restored.replaced)
    assert (kept / "journal.db").read_bytes().startswith(b"not a database")
    assert (kept / "journal.db-wal").read_bytes() == b"old log"
    with opened(setup) as till:
        assert isinstance(verify_journal(till), Verified)


@pytest.mark.parametrize("emptied", [False, True])
def test_a_lost_journal_is_restored_without_the_log_it_left(
    setup: Setup, tmp_path: Path, *, emptied: bool
) -> None:
    with opened(setup) as till:
        backed_up(till, tmp_path / "backup")
        sell(till, 3)
        log = setup.till_directory / "journal.db-wal"
        left = log.read_bytes()
    assert left
    journal = setup.till_directory / "journal.db"
    journal.unlink()
    if emptied:
        journal.touch()
    log.write_bytes(left)
    assert reason_of(open_till(setup, "read")) == "journal.lost"
    restored = put_back(setup, tmp_path / "backup")
    assert isinstance(restored, RestoredTill), restored
    assert (Path(restored.replaced) / log.name).read_bytes() == left
    with opened(setup) as till:
        verified = verify_journal(till)
    assert isinstance(verified, Verified), verified
    assert verified.entries == restored.entries + 1  # the run just opened


def test_on_a_new_machine_the_key_must_come_with_it(
    setup: Setup, hub: HubMachine, tmp_path: Path, clock: FakeClock
) -> None:
    with opened(setup) as till:
        hub.enrol(till)
        ids = sell(till, 3)
        backed_up(till, tmp_path / "without")
        backed_up(till, tmp_path / "with", with_keys=True)
    fresh = make_setup(tmp_path / "new-machine", clock=clock)
    assert reason_of(put_back(fresh, tmp_path / "without")) == "restore.no_key"
    assert not (fresh.till_directory / "journal.db").exists()
    assert isinstance(put_back(fresh, tmp_path / "with"), RestoredTill)
    for name in (TILL_KEY, PHONE_KEY):
        mode = stat.S_IMODE((fresh.till_directory / name).stat().st_mode)
        assert mode == 0o600
    with opened(fresh) as till:
        ids += sell(till, 1)
        assert hub.push(till).pending == 0
    assert_booked_once(hub, ids)


def test_keys_are_in_a_backup_only_if_told(setup: Setup, tmp_path: Path) -> None:
    with opened(setup) as till:
        manifest = backed_up(till, tmp_path / "backup")
        secret = (setup.till_directory / TILL_KEY).read_bytes()
    assert {each.name for each in manifest.files} == {"journal.db", "reference.db"}
    for path in (tmp_path / "backup").iterdir():
        assert json.loads(secret)["secrets"][0].encode() not in path.read_bytes()


def test_the_backup_of_another_till_is_refused(setup: Setup, tmp_path: Path) -> None:
    other = make_setup(tmp_path / "other-machine")
    with opened(other) as till:
        backed_up(till, tmp_path / "backup", with_keys=True)
    with opened(setup):
        pass
    assert reason_of(put_back(setup, tmp_path / "backup")) == "restore.other_till"


def test_an_open_counter_keeps_its_till(setup: Setup, tmp_path: Path) -> None:
    with opened(setup) as till:
        backed_up(till, tmp_path / "backup")
        assert reason_of(put_back(setup, tmp_path / "backup")) == "till.in_use"
    reading = open_till(setup, "read")
    assert isinstance(reading, OpenTill)
    with reading:
        reading.journal.read().execute("BEGIN")
        reading.journal.read().execute("SELECT count(*) FROM entry").fetchone()
        assert reason_of(put_back(setup, tmp_path / "backup")) == "restore.in_use"
    assert isinstance(put_back(setup, tmp_path / "backup"), RestoredTill)


def test_nothing_is_ever_replaced_by_a_backup(setup: Setup, tmp_path: Path) -> None:
    with opened(setup) as till:
        backed_up(till, tmp_path / "backup")
        before = (tmp_path / "backup" / MANIFEST).read_bytes()
        assert (
            reason_of(back_up_till(till, tmp_path / "backup", with_keys=False)) == "backup.exists"
        )
        with pytest.raises(Fault, match="cannot be written"):
            back_up_till(till, tmp_path / "unmounted" / "backup", with_keys=False)
    assert (tmp_path / "backup" / MANIFEST).read_bytes() == before


def test_a_full_disk_leaves_nothing_behind(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    disk = tmp_path / "disk"
    disk.mkdir()
    with opened(setup) as till, monkeypatch.context() as patched:
        patched.setattr("sync.backup_files.os.fsync", full)
        with pytest.raises(Fault, match="No space left"):
            back_up_till(till, disk / "backup", with_keys=False)
    assert list(disk.iterdir()) == []


def test_a_backup_that_was_altered_or_cut_is_refused_by_name(setup: Setup, tmp_path: Path) -> None:
    with opened(setup) as till:
        sell(till, 3)
        backed_up(till, tmp_path / "backup")
    journal = tmp_path / "backup" / "journal.db"
    whole = journal.read_bytes()
    spoiled = bytearray(whole)
    spoiled[len(whole) // 2] ^= 1
    for data in (bytes(spoiled), whole[:-1], b""):
        journal.write_bytes(data)
        refused = checked_manifest(tmp_path / "backup")
        assert reason_of(refused) == "backup.damaged"
        assert isinstance(refused, Refused)
        assert refused.values["name"] == "journal.db"
    journal.unlink()
    assert reason_of(checked_manifest(tmp_path / "backup")) == "backup.damaged"
    assert reason_of(checked_manifest(tmp_path)) == "backup.unknown"
    (tmp_path / "backup" / MANIFEST).write_bytes(b'{"schema":"xuanpin.backup.2"}')
    assert reason_of(checked_manifest(tmp_path / "backup")) == "backup.unknown"


@pytest.mark.parametrize("name", ["../till.key", "/etc/passwd", "a//b", "..", "c:x", "a\\b"])
def test_a_manifest_that_points_elsewhere_is_none(tmp_path: Path, name: str) -> None:
    manifest = {
        "schema": "xuanpin.backup.1",
        "role": "till",
        "owner": "0" * 32,
        "name": "ZZ-01",
        "made_ms": 0,
        "files": [{"name": name, "size": 0, "sha256": ""}],
    }
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    assert reason_of(checked_manifest(tmp_path)) == "backup.unknown"


def hub_backup(hub: ManagedHub, to: Path, *, with_keys: bool = False) -> Manifest:
    done = back_up_hub(hub.opened, to, hub.clock.now_ms(), with_keys=with_keys)
    assert isinstance(done, BackedUp), done
    manifest = checked_manifest(to)
    assert isinstance(manifest, Manifest), manifest
    return manifest


def test_a_restored_hub_knows_its_tills_and_is_sent_the_rest(
    tmp_path: Path, setup: Setup, clock: FakeClock
) -> None:
    """Enrolments and revocations since the backup come from the second medium, sales from tills."""
    medium = tmp_path / "other-disk"
    medium.mkdir()
    root = tmp_path / "hub-machine"
    with opened(setup) as till:
        with managed_hub(root, medium, clock) as hub:
            Enroller(till, hub.client).enrol(hub.invite())
            ids = sell(till, 2)
            push(till, hub)
            manifest = hub_backup(hub, tmp_path / "backup")
            hub.enrolled(2)
            hub.desk.revoke("ZZ-02", reason="stolen", who="Li")
            ids += sell(till, 2)
            push(till, hub)
        again = hub_setup(root, clock, second_medium=str(medium))
        done = restore_hub(again, tmp_path / "backup", manifest)
        assert isinstance(done, RestoredHub), done
        assert done.registered == 3
        assert (Path(done.replaced) / "hub.db").is_file()
        with managed_hub(root, medium, clock) as hub:
            assert {name: t.revoked_ms is not None for name, t in hub.tills().items()} == {
                "ZZ-01": False,
                "ZZ-02": True,
            }
            ids += sell(till, 1)
            push(till, hub)
            booked = [row[2] for row in hub.state()["booking"]]
            assert {each: booked.count(each) for each in ids} == dict.fromkeys(ids, 1)
            with hub.opened.engine.connect() as connection:
                assert hub_epoch.epoch(connection) == done.epoch > 0
                why = connection.exec_driver_sql("SELECT why FROM hub_epoch").scalars().all()
            assert why == [RESTORED]


def push(till: OpenTill, hub: ManagedHub) -> None:
    from sync.services.courier import Courier

    report = Courier(till, hub.client).push()
    assert (report.refused, report.pending) == (None, 0)


def test_a_hub_that_runs_is_not_restored(tmp_path: Path, clock: FakeClock) -> None:
    with managed_hub(tmp_path / "hub", None, clock) as hub:
        manifest = hub_backup(hub, tmp_path / "backup")
        refused = restore_hub(hub.setup, tmp_path / "backup", manifest)
        assert reason_of(refused) == "hub.running"
    with alone_at_hub(tmp_path / "hub" / "hub") as alone:
        assert alone is None
        present = be_present(tmp_path / "hub" / "hub")
        assert reason_of(present) == "hub.restoring"


def test_a_hub_on_a_new_machine_needs_its_keys(tmp_path: Path, clock: FakeClock) -> None:
    with managed_hub(tmp_path / "hub", None, clock) as hub:
        till = hub.enrolled()
        write_phone_key(hub.keys.center_directory(1), b"k" * 32)
        without = hub_backup(hub, tmp_path / "without")
        manifest = hub_backup(hub, tmp_path / "with", with_keys=True)
    assert {each.name for each in without.files} == {"hub.db"}
    assert {each.name for each in manifest.files} == {"hub.db", HUB_KEY, "centers/1/phone.key"}
    fresh = hub_setup(tmp_path / "new-hub", clock)
    assert reason_of(restore_hub(fresh, tmp_path / "without", without)) == "restore.no_key"
    assert isinstance(restore_hub(fresh, tmp_path / "with", manifest), RestoredHub)
    with managed_hub(tmp_path / "new-hub", None, clock) as hub:
        assert hub.keys.hub_id == manifest.owner
        till.open_run("1-aaaaaaaa")
        assert hub.push(till.segment("1-aaaaaaaa")).flags == ()
    other = hub_setup(tmp_path / "other-hub", clock)
    with managed_hub(tmp_path / "other-hub", None, clock):
        pass
    assert reason_of(restore_hub(other, tmp_path / "with", manifest)) == "restore.other_hub"


def test_a_missing_medium_refuses_the_restore_before_anything_is_replaced(
    tmp_path: Path, clock: FakeClock
) -> None:
    medium = tmp_path / "other-disk"
    medium.mkdir()
    with managed_hub(tmp_path / "hub", medium, clock) as hub:
        hub.enrolled()
        manifest = hub_backup(hub, tmp_path / "backup")
    before = (tmp_path / "hub" / "hub" / "hub.db").read_bytes()
    medium.rename(tmp_path / "unplugged")
    with pytest.raises(Fault, match="second medium"):
        restore_hub(hub.setup, tmp_path / "backup", manifest)
    assert (tmp_path / "hub" / "hub" / "hub.db").read_bytes() == before


def test_postgresql_is_backed_up_by_its_own_tools(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    database: HubDatabase = new_database()
    if not database.url:
        pytest.skip("SQLite is backed up by us")
    with hub_machine(tmp_path / "hub", database) as hub:
        refused = back_up_hub(hub.data, tmp_path / "backup", 0, with_keys=False)
    assert reason_of(refused) == "backup.postgresql"
    assert not (tmp_path / "backup").exists()
