"""Revoked cards and withdrawn tokens: on the second medium first, so a restore keeps them so."""

import os
from pathlib import Path

import pytest

from membership.rules.revocation import FEED, Revoked, fed
from sync.database import hub_snapshot, hub_transaction
from sync.package import FeedRow, Reader
from sync.rules.refusal import Fault, Refused
from sync.rules.register import MOST_LINE_BYTES
from sync.second_medium import REGISTER, SecondMedium
from sync.services.publishing import Published, Publishing
from sync.services.reading import Readers
from sync.services.registering import Registering
from sync.stores import hub_feeds
from tests.hub_databases import HubDatabase, NewDatabase

from .register_scenes import ManagedHub, managed_hub
from .tills import FakeClock

ONE, TWO, THREE = "00a1b2c3d4e5", "0badc0ffee01", "0badc0ffee02"


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    directory = tmp_path / "other-disk"
    directory.mkdir()
    return directory


@pytest.fixture
def database(new_database: NewDatabase) -> HubDatabase:
    return new_database()


def desk(hub: ManagedHub) -> Publishing:
    feeds = [feed for package in hub.setup.packages for feed in package.feeds()]
    return Publishing(hub.opened.engine, feeds, {"zhengzhou": 1}, 1, hub.opened.register, hub.clock)


def revoke(hub: ManagedHub, path: Path, *serials: str, reason: str = "lost") -> Published:
    path.write_text("serial,reason\n" + "".join(f"{each},{reason}\n" for each in serials), "utf-8")
    done = desk(hub).publish(FEED, path)
    assert isinstance(done, Published), done
    return done


def allow(hub: ManagedHub, path: Path, *serials: str) -> None:
    path.write_text("\n".join(serials), "utf-8")
    assert isinstance(desk(hub).remove(FEED, path), Published)


def revoked(hub: ManagedHub) -> set[str]:
    with hub_snapshot(hub.opened.engine) as connection:
        return {row.key for row in hub_feeds.all_fed(connection, FEED)}


def test_a_list_of_revoked_cards_comes_back_with_the_register(
    tmp_path: Path, medium: Path, database: HubDatabase
) -> None:
    clock, root, path = FakeClock(), tmp_path / "hub-machine", tmp_path / "list"
    with managed_hub(root, medium, clock, database) as hub:
        done = revoke(hub, path, ONE, TWO)
        assert (done.rows, done.changed, done.versions) == (2, 2, {0: 2})
        assert revoke(hub, path, ONE, TWO, THREE).changed == 1
        allow(hub, path, TWO)
    database.forget(root / "hub")
    with managed_hub(root, medium, clock, database) as hub:
        assert revoked(hub) == {ONE, THREE}
        assert Registering(hub.opened.engine, hub.opened.register).state().on_medium == 3


def test_a_withdrawn_token_stays_withdrawn_and_later_ones_are_good(
    tmp_path: Path, medium: Path, database: HubDatabase
) -> None:
    clock, root = FakeClock(), tmp_path / "hub-machine"
    with managed_hub(root, medium, clock, database) as hub:
        readers = Readers(hub.opened.engine, clock, lambda size: "0" * 43)
        token = readers.admit("store")
        assert readers.dismiss("nobody", hub.opened.register) is not None
        assert readers.dismiss("store", hub.opened.register) is None
        assert isinstance(readers.reader(f"Bearer {token}"), Refused)
        later = Readers(hub.opened.engine, clock).admit("store")
        assert readers.reader(f"Bearer {later}") == Reader("store", 0)
    kept = (medium / REGISTER).read_bytes()
    (medium / REGISTER).unlink()
    database.forget(root / "hub")
    with managed_hub(root, medium, clock, database) as hub:  # the backup, in which both are
        Readers(hub.opened.engine, clock, lambda size: "0" * 43).admit("store")
    (medium / REGISTER).write_bytes(kept)
    with managed_hub(root, medium, clock, database) as hub:
        readers = Readers(hub.opened.engine, clock)
        assert isinstance(readers.reader(f"Bearer {token}"), Refused)
        assert readers.readers() == []


def test_a_list_that_changes_nothing_is_no_act(tmp_path: Path, medium: Path) -> None:
    with managed_hub(tmp_path, medium) as hub:
        revoke(hub, tmp_path / "list", ONE)
        assert revoke(hub, tmp_path / "list", ONE).changed == 0
        assert hub.rows("act") == 1


def test_a_long_list_is_several_records_that_the_medium_takes_all_or_none(
    tmp_path: Path, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serials = [f"{number:012x}" for number in range(3000)]
    with managed_hub(tmp_path, medium) as hub:
        hub.enrolled()
        kept = (medium / REGISTER).read_bytes()
        left = iter([None])

        def full(_descriptor: int) -> None:
            if next(left, "full") == "full":
                raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr("sync.second_medium.os.fsync", full)
            with pytest.raises(Fault, match="No space left"):
                revoke(hub, tmp_path / "list", *serials, reason="理由" * 90)
        assert (medium / REGISTER).read_bytes() == kept
        assert revoked(hub) == set()
        revoke(hub, tmp_path / "list", *serials, reason="理由" * 90)
        lines = SecondMedium(medium).lines()
        assert len(lines) > 3
        assert max(map(len, lines)) < MOST_LINE_BYTES
        assert revoked(hub) == set(serials)


def test_a_power_cut_leaves_the_medium_all_lines_of_an_act_or_none(
    medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, path = SecondMedium(medium), medium / REGISTER
    durable: list[bytes] = []
    synced = os.fsync

    def sync(descriptor: int) -> None:
        synced(descriptor)
        durable.append(path.read_bytes())

    monkeypatch.setattr("sync.second_medium.os.fsync", sync)
    disk.append(b'{"seq":1}\n')
    before, lines = durable[0], [b'{"seq":%d}\n' % seq for seq in (2, 3, 4)]
    durable.clear()
    disk.append(*lines)
    pending, done = durable
    torn = [pending[:size] for size in range(len(before), len(pending) + 1)]
    holes = [
        pending[:at] + bytes(12) + pending[at + 12 :] for at in range(len(before), len(done), 5)
    ]
    for left in (*torn, *holes):
        path.write_bytes(left)
        assert disk.lines() == before.splitlines()
        disk.append(*lines)
        assert path.read_bytes() == done == before + b"".join(lines)


def test_a_list_whose_commit_failed_is_carried_out_late(
    tmp_path: Path, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_arguments: object) -> int:
        raise ConnectionError

    with managed_hub(tmp_path, medium) as hub:
        with monkeypatch.context() as patched:
            patched.setattr(hub_feeds, "put", cut_off)
            with pytest.raises(ConnectionError):
                revoke(hub, tmp_path / "list", ONE)
        assert revoked(hub) == set()
    with managed_hub(tmp_path, medium) as hub:
        assert revoked(hub) == {ONE}


def test_a_list_published_before_it_was_recorded_is_recorded_once(
    tmp_path: Path, medium: Path, database: HubDatabase
) -> None:
    clock, root = FakeClock(), tmp_path / "hub-machine"
    with managed_hub(root, medium, clock, database) as hub:
        with hub_transaction(hub.opened.engine) as connection:
            hub_feeds.put(connection, FEED, [(0, FeedRow(ONE, fed(Revoked("lost"))))])
        assert hub.rows("act") == 0
    for _ in range(2):
        with managed_hub(root, medium, clock, database) as hub:
            assert hub.rows("act") == 1
    database.forget(root / "hub")
    with managed_hub(root, medium, clock, database) as hub:
        assert revoked(hub) == {ONE}
