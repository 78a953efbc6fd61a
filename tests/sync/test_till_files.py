"""The files of a till: lost ones are not begun anew, half-made ones go on, readers change none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from msgspec import structs

from sync.keys import TILL_KEY, write_phone_key
from sync.language import Language
from sync.lock import Writing
from sync.rules.refusal import Refused
from sync.services.till import OpenTill, open_till
from sync.setup import Setup
from sync.stores import journal as journals
from sync.till_files import JOURNAL

from .feed_scenes import with_feeds
from .tills import make_setup, opened, sell

ENGLISH = Language("en", ["sync"])


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return make_setup(tmp_path)


def refusal(setup: Setup, to: Literal["read"] | Writing = "sell") -> Refused:
    refused = open_till(setup, to)
    assert isinstance(refused, Refused), refused
    return refused


@pytest.mark.parametrize("to", ["counter", "sell", "read", "push", "enrol"])
@pytest.mark.parametrize("emptied", [False, True])
def test_a_till_whose_journal_is_lost_does_not_begin_anew(
    setup: Setup, *, emptied: bool, to: Literal["read"] | Writing
) -> None:
    opened(setup).close()
    journal = setup.till_directory / JOURNAL
    journal.unlink()
    if emptied:
        journal.touch()
    before = sorted(setup.till_directory.iterdir())
    refused = refusal(setup, to)
    assert refused.reason == "journal.lost"
    assert str(journal) in ENGLISH.refusal(refused)
    assert sorted(setup.till_directory.iterdir()) == before


def test_an_enrolled_till_does_not_begin_anew_in_a_blank_journal(
    tmp_path: Path, setup: Setup
) -> None:
    opened(setup).close()
    write_phone_key(setup.till_directory, bytes(32))
    blank = structs.replace(setup, root=tmp_path / "blank")
    with cut_off_behind_its_key(), pytest.raises(KeyboardInterrupt):
        opened(blank)
    (blank.till_directory / JOURNAL).replace(setup.till_directory / JOURNAL)
    assert refusal(setup).reason == "journal.lost"


def test_a_first_start_that_is_cut_off_behind_its_key_is_gone_on_with(setup: Setup) -> None:
    with cut_off_behind_its_key(), pytest.raises(KeyboardInterrupt):
        opened(setup)
    key = (setup.till_directory / TILL_KEY).read_bytes()
    opened(setup).close()
    assert (setup.till_directory / TILL_KEY).read_bytes() == key


@contextmanager
def cut_off_behind_its_key() -> Iterator[None]:
    """Cut a first start off where it has made its key and is about to journal whose it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journals, "write_install", _cut_off)
        yield


def _cut_off(*_: object) -> None:
    raise KeyboardInterrupt


def test_reading_beside_an_open_counter_writes_and_checkpoints_nothing(setup: Setup) -> None:
    with opened(setup) as selling:
        sell(selling, 5)
        files = [
            path
            for name in ("journal.db", "reference.db")
            for path in (selling.directory / name, selling.directory / f"{name}-wal")
        ]
        before = [path.read_bytes() for path in files]
        with opened(setup, "read") as reading:
            assert journals.runs(reading.journal.read()) == journals.runs(selling.journal.read())
            assert reading.reference.read().execute("SELECT count(*) FROM staff").fetchone()
        assert [path.read_bytes() for path in files] == before
        assert before[1], "there was something that a checkpoint would have moved"


def test_reading_beside_a_counter_leaves_the_journal_alone_where_only_goods_are_damaged(
    setup: Setup,
) -> None:
    with opened(setup) as selling:
        sell(selling, 5)
        selling.reference.close()
        (selling.directory / "reference.db").write_bytes(b"noise" * 1000)
        files = [selling.directory / name for name in ("journal.db", "journal.db-wal")]
        before = [path.read_bytes() for path in files]
        with opened(setup, "read") as reading:
            assert reading.damage is not None
            assert journals.runs(reading.journal.read()) == journals.runs(selling.journal.read())
        assert [path.read_bytes() for path in files] == before


def test_what_a_newer_program_has_to_change_waits_for_the_counter_of_the_older(
    setup: Setup,
) -> None:
    newer = with_feeds(setup)
    counter = open_till(setup, "counter", closed_by="Ctrl+Q")
    assert isinstance(counter, OpenTill)
    with counter:
        refused = refusal(newer, "read")
        assert refused.reason == "till.in_use"
        assert "of an older program" in ENGLISH.refusal(refused)
        with opened(setup, "read") as reading:
            assert not tables(reading)
    with opened(newer, "read") as reading:
        assert tables(reading) == ["goods"]


def tables(till: OpenTill) -> list[str]:
    """Return which tables of the newer program's there are."""
    query = "SELECT name FROM sqlite_master WHERE name = 'goods'"
    return [row[0] for row in till.reference.read().execute(query)]
