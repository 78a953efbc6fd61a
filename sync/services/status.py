"""How far a till's journal has reached the hub, for the status line and `xuanpin sync status`."""

from __future__ import annotations

from typing import Literal

import msgspec

from sync.reference_damage import DAMAGED, means_damage
from sync.rules.hub_clock import is_doubtful
from sync.rules.refusal import Fault
from sync.services.till import OpenTill
from sync.sqlite_driver import SqliteError
from sync.stores import feeds
from sync.stores import journal as journals
from sync.stores.contacts import read_contact, read_hub_clock
from sync.stores.enrolment import read_enrolment

CLOCK_DOUBTFUL = "clock.doubtful"
HubState = Literal["not_enrolled", "unknown", "reachable", "unreachable", "alarm"]


class RunStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One run: its entries, how many the hub acknowledged, and whether it was closed."""

    run: str
    entries: int
    acknowledged: int
    closed: bool


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far this till is in a feed, and how long ago that was known to be all there is."""

    version: int
    age_s: int


class SyncStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`oldest_pending_s` is the age of the oldest entry not yet at the hub, None if none is.

    The hub is in `alarm` for as long as it says that nobody has settled one about this till, also
    while it cannot be reached, and while its time and this machine's are days apart; `reason`
    names the kinds, and what else is wrong.
    `last_contact_ms` is when it last answered. `feeds` are those that were ever fed here;
    `feeds_reason` is the slug of what refused the last pull, empty if nothing did;
    `reference.damaged` where what was fed cannot be read.
    """

    pending: int
    oldest_pending_s: int | None
    runs: tuple[RunStatus, ...]
    hub: HubState
    reason: str
    last_contact_ms: int | None
    feeds: dict[str, FeedStatus] = {}
    feeds_reason: str = ""


def read_status(till: OpenTill) -> SyncStatus:
    """Read the status from what is committed; never asks the network, so it is instant."""
    db = till.journal.read()
    states = journals.runs(db)
    oldest_ms = journals.oldest_unpushed_ms(db, states)
    age_s = None if oldest_ms is None else max(0, till.now_ms() - oldest_ms) // 1000
    contact = read_contact(db)
    fed, fed_reason = _fed(till)
    hub: HubState = "not_enrolled"
    doubt = is_doubtful(read_hub_clock(db), till.stamp())
    reasons = (*contact.alarms, contact.reason) if contact else ()
    if read_enrolment(db) is not None:
        alarm = doubt or (contact is not None and contact.alarms)
        hub = "alarm" if alarm else "unknown" if contact is None else contact.state
    return SyncStatus(
        pending=sum(state.pending for state in states),
        oldest_pending_s=age_s,
        runs=tuple(
            RunStatus(
                run=state.run,
                entries=state.head_seq,
                acknowledged=state.mark_seq,
                closed=state.closed,
            )
            for state in states
        ),
        hub=hub,
        reason=" ".join((*reasons, CLOCK_DOUBTFUL if doubt else "")).strip(),
        last_contact_ms=None if contact is None else contact.answered_at_ms,
        feeds=fed,
        feeds_reason=fed_reason,
    )


def _fed(till: OpenTill) -> tuple[dict[str, FeedStatus], str]:
    """Return how far the till is in each feed, and what is wrong; damage is wrong enough."""
    try:
        db = till.reference.read()
        pulled = feeds.last_pull(db)
        cursors = feeds.cursors(db)
    except (Fault, SqliteError) as error:
        if not means_damage(error):
            raise
        return {}, DAMAGED
    now_ms = till.now_ms()
    fed = {
        name: FeedStatus(
            version=kept.cursor.version, age_s=max(0, now_ms - kept.current_ms) // 1000
        )
        for name, kept in cursors.items()
    }
    return fed, pulled.reason if pulled else ""


def no_status(reason: str) -> SyncStatus:
    """Return the status where there is no till, for the `reason` given."""
    return SyncStatus(
        pending=0,
        oldest_pending_s=None,
        runs=(),
        hub="not_enrolled",
        reason=reason,
        last_contact_ms=None,
    )
