"""Wrong programs at the end of a day: they count other things, or believe another's stick."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from unittest import mock

from msgspec import structs
from sqlalchemy import Connection

from sync.rules.days import china_day
from sync.rules.entry import Header
from sync.rules.totals import Total
from sync.services import hearing
from sync.services.hub import Hub
from sync.stores import day_totals, hub_bookings
from sync.stores import journal as journals

from .mutants import everywhere, mutant


@mutant(
    "an end of day that leaves out what is pending",
    ("request lost", "till killed"),
    "a_closing_says_what_its_chain_has",
    "closed_days_agree",
)
def _pending_left_out(undo: contextlib.ExitStack) -> None:
    """A day is closed with the totals of what the hub has acknowledged by then."""

    def wrong(db: Any, day: str) -> dict[str, Total]:
        totals: dict[str, Total] = {}
        for state in journals.runs(db):
            for entry in journals.entries_of(db, state.run, 0, state.mark_seq):
                header = entry.header
                if header.day == day:
                    one = Total(1, header.amount_fen)
                    totals[header.kind] = totals.get(header.kind, Total()) + one
        return totals

    everywhere(undo, day_totals.of_day, wrong)


@mutant(
    "a closed day that is sold on",
    ("printer breaks off", "till killed"),
    "a_closed_day_takes_nothing_more",
)
def _sold_on(undo: contextlib.ExitStack) -> None:
    """What is sold after the closing counts for the day that was closed."""
    everywhere(undo, day_totals.is_closed, lambda _db, _day: False)


@mutant(
    "a sale booked for the day on which it arrives",
    ("hub's clock jumps", "request lost"),
    "closed_days_agree",
)
def _day_of_arrival(undo: contextlib.ExitStack) -> None:
    """The hub books everything for its own day."""
    take, add = Hub._take, hub_bookings._add

    def wrong(self: Hub, *arguments: Any) -> Any:
        today = china_day(self._clock.now_ms()).isoformat()

        def of_today(connection: Connection, headers: Sequence[Header], odd: Any) -> None:
            add(connection, [structs.replace(each, day=today) for each in headers], odd)

        with mock.patch.object(hub_bookings, "_add", of_today):
            return take(self, *arguments)

    undo.enter_context(mock.patch.object(Hub, "_take", wrong))


class _Any(bytes):
    """A hash that is every hash."""

    def __ne__(self, _other: object) -> bool:
        return False


@mutant(
    "a stick's reply to another copy's entries is followed",
    ("half a reply", "till's COMMIT raises, kept"),
    "acknowledged_is_at_the_hub",
    "everything_that_survives_is_booked_once",
    "every_mark_is_its_head",
    seed=48,
)
def _stick_of_another_copy(undo: contextlib.ExitStack) -> None:
    """A till believes what the hub says of entries which it does not have."""
    deaf = SimpleNamespace(**{**vars(journals), "hash_at": lambda _db, _run, _seq: _Any()})
    undo.enter_context(mock.patch.object(hearing, "journals", deaf))
