"""A center's business day at the hub: what it has of every till, and exceptions settled."""

import re
from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, Engine

from sync.clock import Clock
from sync.database import hub_snapshot, hub_transaction
from sync.rules.center_day import (
    MOST_CLOSINGS,
    MOST_EXCEPTIONS,
    MOST_NAME,
    MOST_PAGE,
    MOST_REASON,
    CenterDay,
    Matter,
    Page,
    Settled,
    Settlement,
    TillDay,
    handle,
)
from sync.rules.day_report import MOST_PAGE as MOST_REPORT_PAGE
from sync.rules.day_report import MOST_PAGE_BYTES, RecordedPage
from sync.rules.refusal import N_, Refused
from sync.rules.segment import is_name
from sync.rules.totals import bad_day, in_order, is_day
from sync.stores import hub_alarms, hub_closings, hub_days, hub_revocations, hub_standing, hub_tills
from sync.stores.hub_days import Place
from sync.stores.hub_tills import Till

_MOST_RUNS = 200
_MOST_SETTLED = 5
_MOST_SOUGHT = 10_000
_PLACE = re.compile(r"([0-9]{1,3})~([0-9A-Za-z_.:-]{1,64})~([0-9A-Za-z_.:-]{1,64})~([0-9a-f]{64})")


class OpenAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """What nobody has settled of a till yet, oldest first; `left` counts what is not listed."""

    till: str
    name: str
    center: str
    matters: tuple[Matter, ...]
    left: int


class CenterDays:
    """Tells tills about a day of their own center; its database is already prepared."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def day(self, center: int, day: str, asker: str, run: str = "") -> CenterDay | Refused:
        """Return what the hub has of every till of a center for a day, in one moment's view.

        `asker` is the install id of the till that asks, `run` one of its runs whose mark it wants.
        """
        if not is_day(day):
            return bad_day(day)
        wanted = (run,) if is_name(run) else ()
        with hub_snapshot(self._engine) as connection:
            revoked = hub_revocations.all_revocations(connection)
            tills = tuple(
                _till_day(
                    connection,
                    till,
                    day,
                    runs=wanted if till.till == asker else (),
                    revoked=till.till in revoked,
                )
                for till in hub_tills.all_tills(connection)
                if till.center == center
            )
            return CenterDay(day, center, self._clock.now_ms(), tills)

    def entries(self, till: str, day: str, after: Place) -> Page | Refused:
        """Return the next entries booked of a till (install id) for a day."""
        if not is_day(day):
            return bad_day(day)
        with hub_snapshot(self._engine) as connection:
            found = hub_days.listed(connection, till, day, after, MOST_PAGE + 1)
        return Page(tuple(found[:MOST_PAGE]), len(found) > MOST_PAGE)

    def recorded(self, center: int, day: str, after: str) -> RecordedPage | Refused:
        """Return the next things that a center's tills recorded for a day, with their bodies.

        `after` is where the page before ended, as it said; empty to begin.
        """
        if not is_day(day):
            return bad_day(day)
        start = _read_place(after)
        if start is None:
            return Refused("day.bad_place", N_("That is no place to go on from."))
        number, place = start
        with hub_snapshot(self._engine) as connection:
            for till in hub_tills.all_tills(connection):
                if till.center != center or till.number < number:
                    continue
                begin = place if till.number == number else hub_days.START
                things = hub_days.recorded(
                    connection, till, day, begin, MOST_REPORT_PAGE, MOST_PAGE_BYTES
                )
                if things:
                    last = things[-1]
                    own = (last.kind, last.id, last.body_sha256)
                    return RecordedPage(tuple(things), _write_place(till.number, own))
        return RecordedPage((), "")

    def settle(self, by: str, center: int, said: Settlement) -> Settled | Refused:
        """Settle an exception of a till of this center; once settled, what was said first stays.

        `by` is the install id of the till that asks.
        """
        refused = _unreadable(said)
        if refused is not None:
            return refused
        key = (said.kind, said.run, said.seq, said.about)
        with hub_transaction(self._engine) as connection:
            till = hub_tills.till_of(connection, said.till)
            known = till is not None and till.center == center
            if not known or not hub_alarms.is_raised(connection, said.till, key):
                return _no_such_alarm()
            if hub_alarms.is_settled(connection, said.till, key):
                return hub_alarms.last_settled(connection, said.till, key)
            hub_alarms.settle(connection, Settled(said, by, self._clock.now_ms()))
            return hub_alarms.last_settled(connection, said.till, key)

    def open_alarms(self) -> list[OpenAlarms]:
        """Return, for whoever is at the hub, each till of any center with unsettled exceptions."""
        found = []
        with hub_snapshot(self._engine) as connection:
            for till in hub_tills.all_tills(connection):
                matters, left = hub_alarms.unsettled(connection, till.till, MOST_EXCEPTIONS)
                if matters:
                    found.append(
                        OpenAlarms(
                            till=till.till,
                            name=till.name,
                            center=till.center_name,
                            matters=matters,
                            left=left,
                        )
                    )
        return found

    def settle_here(self, digits: str, reason: str, who: str) -> tuple[str, Settled] | Refused:
        """Settle an exception of any till as a person at the hub; return the till's name, too.

        `digits` are the eight by which people name it. Refused if none that is open has them, or
        for words that cannot be.
        """
        with hub_snapshot(self._engine) as connection:
            found = next(
                (
                    (till, matter)
                    for till in hub_tills.all_tills(connection)
                    for matter in hub_alarms.unsettled(connection, till.till, _MOST_SOUGHT)[0]
                    if handle(till.till, matter) == digits
                ),
                None,
            )
        if found is None:
            return _not_open(digits)
        till, matter = found
        said = Settlement(till.till, matter.kind, matter.run, matter.seq, matter.about, reason, who)
        settled = self.settle("", till.center, said)
        return settled if isinstance(settled, Refused) else (till.name, settled)


def _till_day(
    connection: Connection, till: Till, day: str, *, runs: Iterable[str], revoked: bool
) -> TillDay:
    booked, uninterpreted = hub_days.booked_totals(connection, till.till, day)
    told = hub_standing.told_by(connection, till.till)
    told_of = [told.standing.run] if told else []
    of_day = hub_days.runs_of_day(connection, till.till, day, _MOST_RUNS)
    marks, gaps = hub_days.marks_and_gaps(connection, till.till, [*of_day, *told_of, *runs])
    exceptions, left = hub_alarms.unsettled(connection, till.till, MOST_EXCEPTIONS)
    return TillDay(
        till=till.till,
        number=till.number,
        name=till.name,
        revoked=revoked,
        booked=in_order(booked),
        uninterpreted=in_order(uninterpreted),
        held=in_order(hub_days.held_totals(connection, till.till, day)),
        marks=marks,
        gaps=gaps,
        closings=hub_closings.closings(connection, till.till, day, MOST_CLOSINGS),
        told=told,
        exceptions=exceptions,
        exceptions_left=left,
        settled=hub_alarms.newest_settled(connection, till.till, _MOST_SETTLED),
    )


def _write_place(number: int, place: Place) -> str:
    kind, own_id, digest = place
    return f"{number}~{kind}~{own_id}~{digest.hex()}"


def _read_place(text: str) -> tuple[int, Place] | None:
    if not text:
        return 0, hub_days.START
    match = _PLACE.fullmatch(text)
    if match is None:
        return None
    return int(match[1]), (match[2], match[3], bytes.fromhex(match[4]))


def _unreadable(said: Settlement) -> Refused | None:
    for text, most in ((said.reason, MOST_REASON), (said.who, MOST_NAME)):
        if not text.strip() or len(text) > most or not text.isprintable():
            return Refused(
                "settle.words",
                N_("An exception is settled by a name and a reason, in one line each."),
                N_("Give a reason of up to {reason} characters and a name of up to {name}."),
                {"reason": MOST_REASON, "name": MOST_NAME},
            )
    return None


def _not_open(digits: str) -> Refused:
    return Refused(
        "settle.unknown",
        N_("No unsettled exception at this hub is called {digits}."),
        N_("`xuanpin sync alarms` lists them."),
        {"digits": digits},
    )


def _no_such_alarm() -> Refused:
    return Refused(
        "settle.unknown",
        N_("There is no such exception in this center."),
        N_("Look at the exceptions again (`xuanpin sync eod`)."),
    )
