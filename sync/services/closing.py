"""Closing a business day at a till: its totals and the head they stand on become an entry."""

from __future__ import annotations

from datetime import date

import msgspec
from sqlite_utils import Database

from sync.rules.closing import DAY_CLOSED, DayClosed, is_signable
from sync.rules.entry import Draft
from sync.rules.refusal import N_, Refused
from sync.rules.totals import KindTotal, in_order
from sync.services.till import OpenTill
from sync.stores import day_totals
from sync.stores import journal as journals


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """A day as it was closed: its totals by kind, and the entry that says so."""

    day: str
    closed_by: str
    totals: tuple[KindTotal, ...]
    run: str
    seq: int
    pending: int


def closable(till: OpenTill, day: str, closed_by: str) -> Refused | None:
    """Say why a day cannot be closed here now by that person: closed, not begun, empty, no name."""
    if not is_signable(closed_by):
        return Refused(
            "day.who",
            N_("“{who}” cannot be the name of who closes the day."),
            N_("Give a name in one line, of up to 64 characters."),
            {"who": closed_by},
        )
    return _refused(till.journal.read(), day, till.today())


def close_day(till: OpenTill, day: str, closed_by: str) -> Closed | Refused:
    """Close a day (ISO date) at a till opened for selling; sales after it count for the next.

    `closed_by` names who closes it; refused unless that is one line of up to 64 characters. Needs
    no network. Raises `Fault`.
    """
    refused = closable(till, day, closed_by)
    if refused is not None:
        return refused
    entry_id = till.new_id()
    return till.journal.repeatable(lambda db: _close(till, db, day, closed_by, entry_id))


def _close(
    till: OpenTill, db: Database, day: str, closed_by: str, entry_id: str
) -> Closed | Refused:
    run = journals.current(db, till.run)
    last = journals.last_entry(db, run.run)
    if last.header.id == entry_id:  # an earlier attempt of unknown outcome was durable
        return _read(last.body, run.run, last.header.seq)
    refused = _refused(db, day, till.today())
    if refused is not None:
        return refused
    said = DayClosed(
        day=day,
        totals=in_order(day_totals.of_day(db, day)),
        head_run=run.run,
        head_seq=last.header.seq,
        head_hash=last.hash.hex(),
        closed_by=closed_by,
        pending=sum(state.pending for state in journals.runs(db)),
    )
    body = msgspec.json.encode(said)
    draft = Draft(DAY_CLOSED, entry_id, day, 0, body)
    header = journals.append(db, run, till.stamp(), draft).header
    return _read(body, header.run, header.seq)


def _read(body: bytes, run: str, seq: int) -> Closed:
    said = msgspec.json.decode(body, type=DayClosed)
    return Closed(
        day=said.day,
        closed_by=said.closed_by,
        totals=said.totals,
        run=run,
        seq=seq,
        pending=said.pending,
    )


def _refused(db: Database, day: str, today: date) -> Refused | None:
    if day > today.isoformat():
        return Refused(
            "day.not_begun",
            N_("{day} has not begun yet."),
            N_("A day is closed in its evening, or later."),
            {"day": day},
        )
    if day_totals.is_closed(db, day):
        return Refused(
            "day.closed",
            N_("{day} is closed at this till."),
            N_("What is sold now counts for the next business day."),
            {"day": day},
        )
    if not day_totals.of_day(db, day):
        return Refused(
            "day.empty",
            N_("Nothing was journalled at this till on {day}."),
            N_("Check --day; a day without entries needs no closing."),
            {"day": day},
        )
    return None
