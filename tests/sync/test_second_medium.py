"""Enrolments and revocations on a second medium: there before they count, replayed after a loss."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.rules import enrolling
from sync.rules.certificate import Certificate, read
from sync.rules.refusal import Fault, Refused
from sync.rules.register import split_lines
from sync.second_medium import REGISTER, SecondMedium
from sync.services.hub_opening import open_hub_data
from sync.services.registering import Registering
from sync.stores import hub_register
from tests.hub_databases import NewDatabase

from .hub_scenes import FIRST, Scribe
from .register_scenes import ManagedHub, hub_setup, managed_hub
from .tills import FakeClock

Spoil = Callable[[Path], None]


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    directory = tmp_path / "other-disk"
    directory.mkdir()
    return directory


def lose_database(root: Path) -> None:
    for path in (root / "hub").glob("hub.db*"):
        path.unlink()


def copy_of_database(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "hub").glob("hub.db*")}


def put_back(root: Path, copy: dict[str, bytes]) -> None:
    lose_database(root)
    for name, data in copy.items():
        (root / "hub" / name).write_bytes(data)


def names(hub: ManagedHub) -> dict[str, int]:
    return {name: till.number for name, till in hub.tills().items()}


def ranges(hub: ManagedHub) -> list[tuple[int, int]]:
    found = []
    for row in hub.state()["certificate"]:
        data = row[3]
        assert isinstance(data, bytes)
        certificate = read(data, hub.keys.public)
        assert isinstance(certificate, Certificate)
        found.append((certificate.counter_first, certificate.counter_count))
    return sorted(found)


def assert_no_overlap(found: list[tuple[int, int]]) -> None:
    ends = [first + count for first, count in found]
    assert all(first >= end for (first, _), end in zip(found[1:], ends, strict=False))


def test_a_database_that_is_lost_is_replayed_whole(tmp_path: Path, medium: Path) -> None:
    """Names, numbers, counter ranges and revocations come back; nothing is granted twice."""
    with managed_hub(tmp_path, medium) as hub:
        hub.enrolled(1)
        stolen = hub.enrolled(2, "CH-07")
        hub.desk.revoke("CH-07", reason="stolen", who="Li")
        before = (names(hub), ranges(hub), hub.tills()["CH-07"].revoked_ms)
    lose_database(tmp_path)
    with managed_hub(tmp_path, medium) as hub:
        assert (names(hub), ranges(hub), hub.tills()["CH-07"].revoked_ms) == before
        stolen.open_run(FIRST)
        assert hub.push(stolen.segment(FIRST)).flags == ("held",)
        hub.enrolled(3)
        assert names(hub)["ZZ-03"] == 3
        assert_no_overlap(ranges(hub))


def test_a_database_put_back_is_brought_up_to_date(tmp_path: Path, medium: Path) -> None:
    with managed_hub(tmp_path, medium) as hub:
        hub.enrolled(1)
        hub.desk.revoke("ZZ-01", reason="lost", who="Li")
    copy = copy_of_database(tmp_path)
    with managed_hub(tmp_path, medium) as hub:
        hub.desk.reinstate("ZZ-01", reason="found", who="Li")
        hub.enrolled(2)
        hub.enrolled(1)  # enrolled again: another range
    put_back(tmp_path, copy)
    with managed_hub(tmp_path, medium) as hub:
        assert names(hub) == {"ZZ-01": 1, "ZZ-02": 2}
        assert hub.tills()["ZZ-01"].revoked_ms is None
        assert len(ranges(hub)) == 3
        hub.enrolled(3)
        assert_no_overlap(ranges(hub))


def test_a_revocation_survives_the_loss_of_the_database_made_after_it(
    tmp_path: Path, medium: Path
) -> None:
    with managed_hub(tmp_path, medium) as hub:
        till = hub.enrolled()
        till.open_run(FIRST)
        hub.push(till.segment(FIRST))
    copy = copy_of_database(tmp_path)
    with managed_hub(tmp_path, medium) as hub:
        till.write(FIRST)
        hub.push(till.segment(FIRST))
        hub.desk.revoke("ZZ-01", reason="stolen", who="Li")
    put_back(tmp_path, copy)
    with managed_hub(tmp_path, medium) as hub:
        till.write(FIRST)  # by the thief
        reply = hub.push(till.segment(FIRST, 2))
        assert reply.flags == ("held",)
        assert reply.marks[0].seq == 2  # what was good before is taken again
        assert hub.held() == {FIRST: 1}


def asked(hub: ManagedHub, till: Scribe, name: str) -> bytes:
    code = enrolling.read_code(hub.invite(name))
    assert isinstance(code, enrolling.Code)
    public = till.key.public_key().public_bytes_raw()
    return enrolling.ask(code, enrolling.Ask(till.install, public, b"n" * 12), till.key.sign)


def test_a_medium_that_is_gone_refuses_the_act_and_writes_nothing(
    tmp_path: Path, medium: Path
) -> None:
    with managed_hub(tmp_path, medium) as hub:
        till = hub.enrolled()
        data = asked(hub, till, "ZZ-01")
        medium.rename(tmp_path / "unplugged")
        assert hub.refused(data, 503, "/v1/enrol") == "about:blank"
        before = hub.state()
        with pytest.raises(Fault, match="cannot be used"):
            hub.desk.revoke("ZZ-01", reason="stolen", who="Li")
        assert hub.state() == before
        till.open_run(FIRST)
        assert hub.push(till.segment(FIRST)).flags == ()  # sales need no second medium
        (tmp_path / "unplugged").rename(medium)
        assert hub.client.post("/v1/enrol", content=data).status_code == 200


def test_a_full_medium_refuses_the_act_and_keeps_its_records_whole(
    tmp_path: Path, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with managed_hub(tmp_path, medium) as hub:
        hub.enrolled()
        before, kept = hub.state(), (medium / REGISTER).read_bytes()

        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr("sync.second_medium.os.fsync", full)
            with pytest.raises(Fault, match="No space left"):
                hub.desk.revoke("ZZ-01", reason="stolen", who="Li")
        assert hub.state() == before
        assert (medium / REGISTER).read_bytes() == kept
        hub.desk.revoke("ZZ-01", reason="stolen", who="Li")
        assert Registering(hub.opened.engine, hub.opened.register).state().on_medium == 2


def test_a_record_whose_commit_failed_is_carried_out_late(
    tmp_path: Path, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The till got no answer and asks again: it keeps its number, and no counters meet."""
    with managed_hub(tmp_path, medium) as hub:
        hub.enrolled(1)
        till = Scribe(hub.enrolled(2).key, hub.keys, b"")
        data = asked(hub, till, "ZZ-02")
        keep = hub_register._keep

        def cut_off(*_arguments: object) -> None:
            raise Fault(Refused("database.gone", "The database is gone."))

        with monkeypatch.context() as patched:
            patched.setattr("sync.stores.hub_register._keep", cut_off)
            assert hub.client.post("/v1/enrol", content=data).status_code == 503
        assert hub_register._keep is keep
        assert len(SecondMedium(medium).lines()) == 3
        assert hub.rows("act") == 2
        assert hub.client.post("/v1/enrol", content=data).status_code == 200
        assert names(hub) == {"ZZ-01": 1, "ZZ-02": 2}
        assert len(ranges(hub)) == 4
        assert_no_overlap(ranges(hub))


def test_what_power_loss_tore_is_cut(tmp_path: Path, medium: Path) -> None:
    with managed_hub(tmp_path, medium) as hub:
        hub.enrolled()
    kept = (medium / REGISTER).read_bytes()
    for torn in (kept[:200], b"\0" * 300, b'{"seq":2' + b"\0" * 100 + b"\n"):
        (medium / REGISTER).write_bytes(kept + torn)
        with managed_hub(tmp_path, medium) as hub:
            assert names(hub) == {"ZZ-01": 1}
            hub.enrolled()
            assert Registering(hub.opened.engine, hub.opened.register).state().on_medium > 1
        kept = (medium / REGISTER).read_bytes()
        assert b"\0" not in kept


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def drop_first(path: Path) -> None:
    path.write_bytes(path.read_bytes().split(b"\n", 1)[1])


def swap(path: Path) -> None:
    first, second, *rest = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([second, first, *rest]))


ALTERED: dict[str, Spoil] = {
    "the first byte": lambda path: flip(path, 0),
    "a signature": lambda path: flip(path, path.read_bytes().index(b"\n") - 1),
    "the last record": lambda path: flip(path, -200),
    "one left out": drop_first,
    "two swapped": swap,
}


@pytest.mark.parametrize("spoil", ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_medium_is_refused_by_name(tmp_path: Path, medium: Path, spoil: Spoil) -> None:
    clock = FakeClock()
    with managed_hub(tmp_path, medium, clock) as hub:
        for number in (1, 2, 3):
            hub.enrolled(number)
    spoil(medium / REGISTER)
    setup = hub_setup(tmp_path, clock, second_medium=str(medium))
    with pytest.raises(Fault, match=r"Record \d of the register in .*register.jsonl was altered"):
        open_hub_data(setup)


def test_a_medium_of_another_hub_is_refused(tmp_path: Path, medium: Path) -> None:
    with managed_hub(tmp_path / "one", medium) as hub:
        hub.enrolled()
    setup = hub_setup(tmp_path / "two", FakeClock(), second_medium=str(medium))
    with pytest.raises(Fault, match="is not this hub's"):
        open_hub_data(setup)


def test_an_empty_disk_where_the_register_was_is_refused_until_told_to_begin(
    tmp_path: Path, medium: Path
) -> None:
    clock = FakeClock()
    with managed_hub(tmp_path, medium, clock) as hub:
        hub.enrolled()
        register = (medium / REGISTER).read_bytes()
    (medium / REGISTER).unlink()
    setup = hub_setup(tmp_path, clock, second_medium=str(medium))
    with pytest.raises(Fault, match="holds no register"):
        open_hub_data(setup)
    opened = open_hub_data(setup, without_medium=True)
    assert not isinstance(opened, Refused)
    state = Registering(opened.engine, opened.register).begin(SecondMedium(medium))
    opened.close()
    assert (state.records, state.on_medium) == (1, 1)
    assert (medium / REGISTER).read_bytes() == register
    with managed_hub(tmp_path, medium, clock) as hub:
        assert names(hub) == {"ZZ-01": 1}


def test_two_processes_of_a_hub_keep_one_register(
    tmp_path: Path, medium: Path, new_database: NewDatabase
) -> None:
    database, clock = new_database(), FakeClock()
    root = tmp_path / "hub"
    with (
        managed_hub(root, medium, clock, database) as one,
        managed_hub(root, medium, clock, database) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        mine = pool.submit(lambda: [one.enrolled(number) for number in (1, 3, 5)])
        yours = pool.submit(lambda: [other.enrolled(number) for number in (2, 4, 6)])
        assert len(mine.result() + yours.result()) == 6
        assert sorted(names(one).values()) == [1, 2, 3, 4, 5, 6]
        assert_no_overlap(ranges(other))
        state = Registering(one.opened.engine, one.opened.register).state()
        assert state.records == state.on_medium == 6


def test_a_medium_that_lost_its_last_records_gets_them_back(tmp_path: Path, medium: Path) -> None:
    with managed_hub(tmp_path, medium) as hub:
        for number in (1, 2):
            hub.enrolled(number)
    whole = (medium / REGISTER).read_bytes()
    (medium / REGISTER).write_bytes(whole.splitlines(keepends=True)[0])
    with managed_hub(tmp_path, medium):
        assert (medium / REGISTER).read_bytes() == whole


def test_tills_enrolled_without_a_register_are_recorded_at_the_next_start(
    tmp_path: Path, medium: Path
) -> None:
    with managed_hub(tmp_path) as hub:
        hub.enrolled()
        returned = hub.certified(7, till_number=33)
        returned.open_run(FIRST)
        hub.push(returned.segment(FIRST))
        assert hub.rows("act") == 1
    with managed_hub(tmp_path) as hub:
        assert hub.rows("act") == 2
    opened = open_hub_data(
        hub_setup(tmp_path, FakeClock(), second_medium=str(medium)), without_medium=True
    )
    assert not isinstance(opened, Refused)
    assert Registering(opened.engine, opened.register).begin(SecondMedium(medium)).on_medium == 2
    opened.close()


def test_a_register_altered_in_the_database_is_refused(tmp_path: Path) -> None:
    clock = FakeClock()
    with managed_hub(tmp_path, None, clock) as hub:
        hub.enrolled()
        with hub.opened.engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE act SET content = CAST(replace(content, 'ZZ', 'YY') AS BLOB)"
            )
    with pytest.raises(Fault, match="Record 1 of the register in the database"):
        open_hub_data(hub_setup(tmp_path, clock))


@given(st.lists(st.binary(min_size=1, max_size=40)), st.binary(max_size=40))
def test_cutting_leaves_exactly_the_whole_lines(records: list[bytes], torn: bytes) -> None:
    lines = [record.replace(b"\n", b" ").replace(b"\0", b" ") for record in records]
    data = b"".join(line + b"\n" for line in lines)
    tail = torn.replace(b"\n", b" ")
    assert split_lines(data + tail) == (lines, len(data))
    assert split_lines(data + b"\0" + tail + b"\n") == (lines, len(data))


@pytest.mark.parametrize("before", [(), (b"{0}\n",)])
def test_several_lines_stand_there_whole_also_where_nothing_stood_before(
    medium: Path, before: tuple[bytes, ...]
) -> None:
    kept = SecondMedium(medium)
    for line in before:
        kept.append(line)
    kept.append(b"{1}\n", b"{2}\n", b"{3}\n")
    kept.append(b"{4}\n")
    assert kept.lines() == [*(line[:-1] for line in before), b"{1}", b"{2}", b"{3}", b"{4}"]
    assert kept.path.read_bytes() == b"".join(before) + b"{1}\n{2}\n{3}\n{4}\n"
