"""Opening a till: one seller at a time, one chain, and nothing that does not belong together."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import msgspec
import pytest
from msgspec import structs

from sync.keys import TILL_KEY
from sync.language import Language
from sync.lock import Writing
from sync.rules.chain import ALTERED, MISSING, PARENTLESS, SHORTER, UNREADABLE
from sync.rules.entry import GENESIS, Draft, Private
from sync.rules.refusal import Fault, Refused
from sync.rules.reply import Mark
from sync.rules.runs import CLOCK_JUMP, ClockJump
from sync.services.till import OpenTill, open_till
from sync.services.verifying import Verified, verify_journal
from sync.setup import Setup, no_such_center
from sync.sqlite_driver import SqliteError
from sync.stores import journal as journals

from .tills import DAY_MS, START_MS, FakeClock, make_setup, named, opened, sell

ENGLISH = Language("en", ["sync"])


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def setup(tmp_path: Path, clock: FakeClock) -> Setup:
    return make_setup(tmp_path, clock=clock)


@pytest.fixture
def till(setup: Setup) -> Iterator[OpenTill]:
    with opened(setup) as till:
        yield till


def refusal(setup: Setup, to: Literal["read"] | Writing = "counter") -> Refused:
    refused = open_till(setup, to)
    assert isinstance(refused, Refused)
    return refused


def kinds(till: OpenTill) -> list[str]:
    db = till.journal.read()
    states = journals.runs(db)
    return [each.header.kind for state in states for each in journals.every_entry(db, state.run)]


def test_a_second_seller_is_told_who_sells(setup: Setup, till: OpenTill) -> None:
    for to in get_args(Writing):
        refused = refusal(setup, to)
        assert refused.reason == "till.in_use"
        assert str(os.getpid()) in setup.say.refusal(refused)
    assert kinds(till) == ["run_opened"]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("counter", "Use the counter that is open there."),
        ("sell", "Sell in the counter that is open there."),
        ("import", "Close the counter with Shift+F9 first, then import."),
        ("push", "The counter sends by itself; its status line shows what is pending."),
        ("enrol", "Close the counter with Shift+F9 first, then enrol."),
        ("print", "Print it again in the counter that is open there."),
        ("demo", "Close the demo's counter with Shift+F9 first."),
    ],
)
def test_beside_a_counter_each_is_told_what_to_do_instead(
    setup: Setup, asked: Writing, hint: str
) -> None:
    counter = open_till(setup, "counter", closed_by="Shift+F9")
    assert isinstance(counter, OpenTill)
    with counter:
        line = ENGLISH.refusal(refusal(setup, asked))
    assert line == f"The counter of till ZZ-01 is open in process {os.getpid()}. {hint}"


def test_a_counter_that_does_not_say_its_key_is_to_be_closed_all_the_same(
    setup: Setup, till: OpenTill
) -> None:
    line = ENGLISH.refusal(refusal(setup, "import"))
    assert line.endswith(" Close the counter that is open there first.")


@pytest.mark.parametrize("holder", [each for each in get_args(Writing) if each != "counter"])
def test_beside_what_passes_one_waits_knowing_for_what(setup: Setup, holder: Writing) -> None:
    opened(setup).close()
    with opened(setup, holder):
        lines = {ENGLISH.refusal(refusal(setup, to)) for to in get_args(Writing)}
    assert len(lines) == 1
    line = lines.pop()
    assert line.startswith(f"Process {os.getpid()} is ")
    assert line.endswith(" Wait until it has finished, then try again.")


@pytest.mark.parametrize("written", [b"", b"{", b'{"pid": []}', b'{"doing": 3}', b"\xff"])
def test_whoever_holds_it_unreadably_holds_it(setup: Setup, till: OpenTill, written: bytes) -> None:
    (till.directory / "selling.json").write_bytes(written)
    line = ENGLISH.refusal(refusal(setup, "sell"))
    assert line.startswith("Till ZZ-01 is already open in process ?.")


def test_others_read_beside_an_open_counter(setup: Setup, till: OpenTill) -> None:
    sell(till, 2)
    with opened(setup, "read") as reader:
        assert kinds(reader) == ["run_opened", "sign_in", "sign_in"]
        sell(till, 1)
        assert len(kinds(reader)) == 4
        assert not reader.sells
        with pytest.raises(SqliteError):
            reader.journal.read().execute("DELETE FROM mark")


def test_closing_lets_the_next_one_sell(setup: Setup) -> None:
    opened(setup).close()
    opened(setup, "import").close()
    assert not (setup.till_directory / "selling.json").exists()
    opened(setup).close()


def test_who_tries_a_sale_out_may_begin_a_till(setup: Setup) -> None:
    reader = open_till(setup, "read", begin=True)
    assert isinstance(reader, OpenTill)
    with reader:
        assert kinds(reader) == []
        assert verify_journal(reader) == Verified(0, 0)
        assert reader.enrolment is None
        assert reader.phone_key is None


@pytest.mark.parametrize("to", ["read", "push", "print"])
def test_looking_at_a_till_never_begins_one(
    setup: Setup, to: Literal["read", "push", "print"]
) -> None:
    refused = refusal(setup, to)
    assert refused.reason == "till.not_begun"
    assert "xuanpin pos import" in ENGLISH.refusal(refused)
    assert list(setup.root.iterdir()) == []


def test_who_mistypes_a_till_is_told_which_there_are(setup: Setup) -> None:
    for name in ("ZZ-01", "ZZ-02"):
        opened(named(setup, name), "import").close()
    (setup.root / "tills" / "lost+found").mkdir()
    mistyped = named(setup, "ZZ-O1")
    refused = refusal(mistyped, "read")
    assert refused.reason == "till.unknown"
    assert ENGLISH.refusal(refused) == (
        f"There is no till “ZZ-O1” in {setup.root / 'tills'}."
        " Check --till or [till] id; the tills there: ZZ-01, ZZ-02."
    )
    assert not mistyped.till_directory.exists()


def test_of_very_many_tills_the_first_are_named(setup: Setup) -> None:
    for number in range(12):
        directory = named(setup, f"T{number:02d}").till_directory
        directory.mkdir(parents=True)
        (directory / "journal.db").touch()
    line = ENGLISH.refusal(refusal(setup, "read"))
    assert line.endswith(" T07, T08 ….")


def test_runs_form_one_chain(setup: Setup) -> None:
    previous = GENESIS
    names = []
    for count in (2, 0, 3):
        with opened(setup) as till:
            first = journals.entries_of(till.journal.read(), till.run.run, 0, 1)[0]
            assert first.prev == previous
            sell(till, count)
            previous = journals.head_of(till.journal.read(), till.run.run).hash
            names.append(till.run.run)
    assert len(set(names)) == 3
    with opened(setup, "read") as reader:
        assert verify_journal(reader) == Verified(3, 8)


def test_an_entry_records_both_clocks(setup: Setup, till: OpenTill, clock: FakeClock) -> None:
    clock.pass_ms(5_000)
    sell(till)
    header = journals.last_entry(till.journal.read(), till.run.run).header
    assert (header.at_ms, header.mono_ms, header.boot) == (START_MS + 5_000, 5_000, "boot-1")


@pytest.mark.parametrize(
    ("wall_ms", "mono_ms", "boot", "jump_ms"),
    [
        (3_600_000, 3_600_000, "boot-1", None),
        (DAY_MS + 1, 0, "boot-1", DAY_MS + 1),
        (-DAY_MS - 1, 0, "boot-1", -DAY_MS - 1),
        (5 * DAY_MS, 5 * DAY_MS, "boot-1", None),
        (30 * DAY_MS, 0, "boot-2", None),  # switched off for a month
        (-2 * DAY_MS, 0, "boot-2", -2 * DAY_MS),
    ],
)
def test_a_clock_that_jumped_is_journalled(
    setup: Setup, clock: FakeClock, wall_ms: int, mono_ms: int, boot: str, jump_ms: int | None
) -> None:
    opened(setup).close()
    clock.wall_ms += wall_ms
    clock.mono_ms += mono_ms
    clock.boot = boot
    with opened(setup) as till:
        last = journals.last_entry(till.journal.read(), till.run.run)
    if jump_ms is None:
        assert last.header.kind == "run_opened"
    else:
        assert last.header.kind == CLOCK_JUMP
        assert msgspec.json.decode(last.body, type=ClockJump).jump_ms == jump_ms


def test_entries_cannot_be_changed_deleted_or_replaced(till: OpenTill) -> None:
    sell(till)
    statements = (
        "UPDATE entry SET body = x''",
        "DELETE FROM entry",
        "INSERT OR REPLACE INTO entry SELECT * FROM entry WHERE seq = 1",
        "UPDATE install SET install = 'x'",
        "DELETE FROM install",
    )
    for statement in statements:
        with pytest.raises(SqliteError), till.journal.transaction() as db:
            db.execute(statement)
    assert verify_journal(till) == Verified(1, 2)


def test_a_private_part_can_be_deleted_and_the_chain_holds(till: OpenTill) -> None:
    sell(till, 2, private=True)
    last = journals.last_entry(till.journal.read(), till.run.run)
    assert last.private == Private(b"s" * 16, b"sealed")
    with till.journal.transaction() as db:
        db.execute("DELETE FROM private")
    assert journals.last_entry(till.journal.read(), till.run.run).private is None
    assert verify_journal(till) == Verified(1, 3)


def test_an_aborted_sale_leaves_no_entry(till: OpenTill) -> None:
    draft = Draft("sign_in", till.new_id(), "2026-11-22", 0, b"{}")
    with pytest.raises(RuntimeError), till.journal.transaction() as db:
        journals.append(db, till.run, till.stamp(), draft)
        raise RuntimeError
    assert kinds(till) == ["run_opened"]


TAMPERED = {
    "a body": ("UPDATE entry SET body = x'00' WHERE seq = 3", 3, ALTERED),
    "a header": ("UPDATE entry SET header = x'00' WHERE seq = 3", 3, UNREADABLE),
    "a hash": ("UPDATE entry SET hash = zeroblob(32) WHERE seq = 3", 3, ALTERED),
    "one deleted": ("DELETE FROM entry WHERE seq = 3", 3, MISSING),
    "the first deleted": ("DELETE FROM entry WHERE seq = 1", 1, PARENTLESS),
    "one moved": ("UPDATE entry SET seq = 6 WHERE seq = 4", 4, MISSING),
    "the end cut off": ("DELETE FROM entry WHERE seq = 5", 5, SHORTER),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_found_with_run_and_entry(setup: Setup, name: str) -> None:
    statement, seq, message = TAMPERED[name]
    with opened(setup) as till:
        run = till.run.run
        sell(till, 4)
        with till.journal.transaction() as db:
            journals.write_mark(db, journals.head_of(db, run))
            for trigger in ("update", "delete"):
                db.execute(f"DROP TRIGGER entry_{trigger}")
            db.execute(statement)
        refused = verify_journal(till)
    assert isinstance(refused, Refused)
    assert (refused.message, refused.values["run"], refused.values["seq"]) == (message, run, seq)


def test_a_till_with_a_broken_tail_does_not_sell_on(setup: Setup) -> None:
    with opened(setup) as till:
        sell(till, 3)
        with till.journal.transaction() as db:
            db.execute("DROP TRIGGER entry_update")
            db.execute("UPDATE entry SET body = x'00' WHERE seq = 2")
    assert refusal(setup).reason == "journal.broken"
    with opened(setup, "read") as reader:
        assert kinds(reader)


def test_a_run_without_its_parent_is_found(setup: Setup) -> None:
    opened(setup).close()
    with opened(setup) as till:
        second = till.run.run
        with till.journal.transaction() as db:
            db.execute("DROP TRIGGER entry_delete")
            db.execute("PRAGMA defer_foreign_keys = ON")
            db.execute("DELETE FROM entry WHERE run <> ?", (second,))
        refused = verify_journal(till)
    assert isinstance(refused, Refused)
    assert refused.message == PARENTLESS


def test_a_journal_without_its_key_does_not_get_a_new_one(setup: Setup) -> None:
    opened(setup).close()
    (setup.till_directory / TILL_KEY).unlink()
    assert refusal(setup).reason == "key.missing"
    assert not (setup.till_directory / TILL_KEY).exists()


def test_a_journal_beside_another_tills_key_is_refused(tmp_path: Path, setup: Setup) -> None:
    opened(setup).close()
    other = structs.replace(setup, root=tmp_path / "other")
    opened(other).close()
    (other.till_directory / TILL_KEY).replace(setup.till_directory / TILL_KEY)
    assert refusal(setup).reason == "key.other_journal"


def test_a_mark_is_kept_per_run_and_pending_follows_it(till: OpenTill) -> None:
    sell(till, 3)
    run = till.run.run
    db = till.journal.read()
    own = journals.hash_at(db, run, 2)
    assert own is not None
    assert journals.read_mark(db, run) == Mark(run, 0, GENESIS)
    for mark, pending in ((Mark(run, 2, own), 2), (Mark(run, 0, GENESIS), 4)):
        with till.journal.transaction() as writer:
            journals.write_mark(writer, mark)
        assert journals.read_mark(db, run) == mark
        assert [state.pending for state in journals.runs(db)] == [pending]


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a\\b", ".hidden", "x" * 33])
def test_a_tills_name_cannot_lead_out_of_its_directory(tmp_path: Path, name: str) -> None:
    setup = make_setup(tmp_path / "root")
    own = structs.replace(setup.till, id=name)
    setup = structs.replace(setup, settings=setup.settings.having(own))
    refused = refusal(setup)
    assert refused.reason == "till.bad_name"
    assert f"{setup.settings.path}：till.id：" in setup.say.refusal(refused)
    assert list(tmp_path.iterdir()) == []


def test_a_center_that_is_not_configured_is_refused_before_anything_is_made(
    tmp_path: Path,
) -> None:
    setup = make_setup(tmp_path / "root")
    nowhere = structs.replace(setup.till, center="nowhere")
    setup = structs.replace(setup, settings=setup.settings.having(nowhere))
    for to in ("read", *get_args(Writing)):
        refused = refusal(setup, to)
        assert refused.reason == "config.unknown_center"
        assert "chenghai" in setup.say.refusal(refused)
        assert f"{setup.settings.path}: till.center" in setup.say.refusal(refused)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_describes_no_center_says_how_to_get_one(tmp_path: Path) -> None:
    refused = no_such_center("config.toml: till.center", "zhengzhou", [])
    said = Language("en", ["sync"]).refusal(refused)
    assert "describe it under [centers]" in said
    assert "Configured centers" not in said


def test_a_journal_that_is_no_database_is_a_fault_with_the_path(setup: Setup) -> None:
    setup.till_directory.mkdir(parents=True)
    journal = setup.till_directory / "journal.db"
    journal.write_bytes(b"not a database at all, but long enough" * 50)
    for to in ("counter", "read"):
        with pytest.raises(Fault) as caught:
            opened(setup, to)
        assert str(setup.till_directory) in str(caught.value)
