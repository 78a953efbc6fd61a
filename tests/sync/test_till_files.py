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
from sync.services.till import open_till
from sync.setup import Setup
from sync.stores import journal as journals
from sync.till_files import JOURNAL

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
