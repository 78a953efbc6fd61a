"""Signing in: the chain says who worked under a run."""

from pathlib import Path

import msgspec

from sync.rules.runs import SIGN_IN, SignedIn
from sync.services.signing_in import sign_in
from sync.stores.journal import last_entry
from tests.pos.stocked_till import make_test_setup, opened


def test_the_journal_names_the_cashier(tmp_path: Path) -> None:
    with opened(make_test_setup(tmp_path)) as till:
        sign_in(till, "07")
        entry = last_entry(till.journal.read(), till.run.run)
    assert entry.header.kind == SIGN_IN
    assert msgspec.json.decode(entry.body, type=SignedIn).cashier == "07"
