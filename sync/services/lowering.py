"""Giving up the hub's time for this machine's: asked of a supervisor, and journalled.

The clock by which memberships are judged only ever rises by itself, so that nobody revives one by
setting a clock back. A hub whose own clock was once far ahead would have moved it there for good.
"""

from __future__ import annotations

import msgspec

from sync.rules.center_day import MOST_REASON
from sync.rules.entry import Draft
from sync.rules.hub_clock import CLOCK_LOWERED, ClockLowered, certain_ms, is_doubtful
from sync.rules.refusal import N_, Refused
from sync.services.till import OpenTill
from sync.stores import day_totals
from sync.stores import journal as journals
from sync.stores.contacts import forget_hub_clock, read_hub_clock


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """This machine's clock, the hub's time carried on (None: never heard), the one judged by.

    All in Unix milliseconds; `doubtful` if the first and the last are more than 24 hours apart.
    """

    machine_ms: int
    hub_ms: int | None
    judged_ms: int
    doubtful: bool


def read_clocks(till: OpenTill) -> Clocks:
    """Read what the clocks say at this moment."""
    hub, now = read_hub_clock(till.journal.read()), till.stamp()
    return Clocks(
        machine_ms=now.at_ms,
        hub_ms=None if hub is None else hub.at_ms,
        judged_ms=certain_ms(hub, now),
        doubtful=is_doubtful(hub, now),
    )


def lowerable(till: OpenTill, reason: str) -> Refused | None:
    """Say why the hub's time cannot be given up now: no doubt, no reason; reads only."""
    if not read_clocks(till).doubtful:
        return Refused(
            "clock.agrees",
            N_("Memberships are judged by this machine's clock already, or by one close to it."),
            N_("There is nothing to give up."),
        )
    if not 0 < len(reason.strip()) <= MOST_REASON:
        return Refused(
            "clock.reason",
            N_("Why the hub's time is wrong has to be said in up to {most} characters."),
            N_("Say it with --reason."),
            {"most": MOST_REASON},
        )
    return None


def lower(till: OpenTill, *, approved_by: str, reason: str) -> Clocks | Refused:
    """Judge memberships by this machine's clock until the hub says its time again.

    Somebody approved that (`approving.approve`); the till is opened to sell. Refused as
    `lowerable` says. Raises `Fault`.
    """
    before = read_clocks(till)
    refused = lowerable(till, reason)
    if refused is not None:
        return refused
    assert before.hub_ms is not None, "without the hub's time there is no doubt"
    body = msgspec.json.encode(
        ClockLowered(
            hub_ms=before.hub_ms,
            by_ms=before.judged_ms - before.machine_ms,
            asked_by=till.setup.till.cashier,
            approved_by=approved_by,
            reason=reason.strip(),
        )
    )
    stamp, entry_id = till.stamp(), till.new_id()
    with till.journal.transaction() as db:
        day = day_totals.first_open(db, till.today())
        run = journals.current(db, till.run)
        journals.append(db, run, stamp, Draft(CLOCK_LOWERED, entry_id, day, 0, body))
        forget_hub_clock(db, stamp.at_ms)
    return read_clocks(till)
