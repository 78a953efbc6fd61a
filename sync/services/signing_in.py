"""Signing in: the journal says who worked under a run."""

from __future__ import annotations

import msgspec

from sync.rules.entry import Draft
from sync.rules.runs import SIGN_IN, SignedIn
from sync.services.till import OpenTill
from sync.stores import day_totals
from sync.stores.journal import append


def sign_in(till: OpenTill, cashier: str) -> None:
    """Journal that `cashier` begins to work at a till opened for selling. Raises `Fault`."""
    body = msgspec.json.encode(SignedIn(cashier=cashier))
    stamp = till.stamp()
    with till.journal.transaction() as db:
        day = day_totals.first_open(db, till.today())
        draft = Draft(SIGN_IN, till.new_id(), day, 0, body)
        append(db, till.run, stamp, draft)
