"""Revoking tills at the hub, re-instating them, and deciding what becomes of what is held."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Engine

from sync.clock import Clock
from sync.database import hub_transaction
from sync.package import Package
from sync.rules.certificate import Certificate, read
from sync.rules.refusal import N_, Refused
from sync.rules.register import Reinstated, Released, Revoked
from sync.rules.reply import FLAG_HELD, Mark
from sync.rules.revocation import Range, Revocation, tightened, widened
from sync.stores import (
    hub_alarms,
    hub_bookings,
    hub_journal,
    hub_register,
    hub_revocations,
    hub_tills,
)
from sync.stores.hub_appending import books_of
from sync.stores.hub_counters import last_counter
from sync.stores.hub_register import Register
from sync.stores.hub_releasing import release_held
from sync.stores.hub_tills import Till

MOST_REASON = 200
BOOKED_LATER = "revoked"  # the alarm: entries were booked after the moment a person gave


class RevokedTill(msgspec.Struct, frozen=True, kw_only=True):
    """What was good of a till when it was revoked: entries by run, the last card counter.

    `booked_later` counts entries that the hub had booked already, beyond the point given.
    """

    till: str
    name: str
    marks: dict[str, int]
    last_counter: int | None
    booked_later: int


class ReleasedTill(msgspec.Struct, frozen=True, kw_only=True):
    """How many held entries were booked, and how many still are held: something is missing."""

    till: str
    name: str
    booked: int
    forks: int
    held: int


class Revoking:
    """A manager's desk at the hub; its database is already prepared."""

    def __init__(
        self, engine: Engine, register: Register, packages: Sequence[Package], clock: Clock
    ) -> None:
        self._engine = engine
        self._register = register
        self._books = books_of(packages, register.keys)
        self._clock = clock

    def revoke(
        self,
        name: str,
        *,
        reason: str,
        who: str,
        since_ms: int | None = None,
        counter: int | None = None,
    ) -> RevokedTill | Refused:
        """Revoke a till, from now or from an earlier moment on; a revoked one is tightened.

        `counter` is the last good card counter, if not the highest that was booked by then.
        Raises `Fault`, and nothing is changed, if the second medium does not take it.
        """
        now_ms = self._clock.now_ms()
        if len(reason) > MOST_REASON:
            return _bad_reason()
        if since_ms is not None and since_ms > now_ms:
            return _not_yet()
        with hub_transaction(self._engine) as connection:
            hub_register.up_to_date(connection, self._register)
            till = _till(connection, name)
            if isinstance(till, Refused):
                return till
            terms = self._terms(connection, till, since_ms, counter, reason, who)
            if isinstance(terms, Refused):
                return terms
            before = hub_revocations.revocation_of(connection, till.till)
            if before is not None:
                terms = tightened(before.revocation, terms)
            act = Revoked(till.till, terms)
            hub_register.record(connection, self._register, act, now_ms)
            for projection in self._books.projections.values():
                if projection.revoked is not None:
                    projection.revoked(connection, till.till)
            later = _booked_later(connection, till, terms)
            if later:
                alarm = (BOOKED_LATER, "", 0, f"{later} entries booked later")
                hub_bookings.add_alarms(connection, till.till, [alarm], now_ms)
        return RevokedTill(
            till=till.till,
            name=till.name,
            marks={mark.run: mark.seq for mark in terms.marks},
            last_counter=max((each.last for each in terms.counters), default=None),
            booked_later=later,
        )

    def reinstate(self, name: str, *, reason: str, who: str) -> Till | Refused:
        """Lift a revocation: what the till sends from now on is booked. Raises `Fault`."""
        if not 0 < len(reason.strip()) <= MOST_REASON:
            return _bad_reason()
        now_ms = self._clock.now_ms()
        with hub_transaction(self._engine) as connection:
            hub_register.up_to_date(connection, self._register)
            till = _till(connection, name)
            if isinstance(till, Refused):
                return till
            if hub_revocations.revocation_of(connection, till.till) is None:
                return _not_revoked(till.name)
            act = Reinstated(till.till, reason, who)
            hub_register.record(connection, self._register, act, now_ms)
            self._settle(connection, till, reason, who)
        return till

    def release(self, name: str, *, reason: str, who: str) -> ReleasedTill | Refused:
        """Book what is held of a till: a person found it genuine. Raises `Fault`.

        The till stays revoked, if it is, with its last good entries and counters moved on.
        """
        if not 0 < len(reason.strip()) <= MOST_REASON:
            return _bad_reason()
        now_ms = self._clock.now_ms()
        with hub_transaction(self._engine) as connection:
            hub_register.up_to_date(connection, self._register)
            till = _till(connection, name)
            if isinstance(till, Refused):
                return till
            released = release_held(connection, self._books, till, now_ms)
            if not released.runs:
                return _nothing_held(till.name)
            before = hub_revocations.revocation_of(connection, till.till)
            if before is not None:
                marks = {
                    run: hub_journal.mark_of(connection, till.till, run) for run in released.runs
                }
                terms = self._widened(connection, till, before.revocation, marks)
                act = Released(till.till, terms, reason, who)
                hub_register.record(connection, self._register, act, now_ms)
            if not released.left:
                self._settle(connection, till, reason, who)
        return ReleasedTill(
            till=till.till,
            name=till.name,
            booked=released.appended,
            forks=released.forks,
            held=released.left,
        )

    def _settle(self, connection: Connection, till: Till, reason: str, who: str) -> None:
        """What was decided of the entries held settles the alarm about them."""
        now_ms = self._clock.now_ms()
        hub_alarms.settle_all(
            connection, till.till, FLAG_HELD, reason=reason, who=who, at_ms=now_ms
        )

    def _certificate(self, data: bytes) -> Certificate:
        certificate = read(data, self._register.keys.public)
        assert isinstance(certificate, Certificate), "the hub keeps its own certificates"
        return certificate

    def _terms(
        self,
        connection: Connection,
        till: Till,
        since_ms: int | None,
        counter: int | None,
        reason: str,
        who: str,
    ) -> Revocation | Refused:
        if since_ms is None:
            marks = hub_journal.marks_of(connection, till.till)
            counters = self._counters(connection, till, None)
        else:
            marks = hub_journal.marks_at(connection, till.till, since_ms)
            counters = self._counters(connection, till, {mark.run: mark.seq for mark in marks})
        if counter is not None:
            granted = [
                each for each in self._certificates(connection, till) if each.grants(counter)
            ]
            if not granted:
                return _never_granted(till.name, counter)
            first = granted[0].counter_first
            earlier = [each for each in counters if each.last < first]
            counters = (*earlier, Range(first, counter))
        moment = self._clock.now_ms() if since_ms is None else since_ms
        return Revocation(marks, counters, moment, reason, who)

    def _certificates(self, connection: Connection, till: Till) -> list[Certificate]:
        return [
            self._certificate(data) for data in hub_tills.certificates_of(connection, till.till)
        ]

    def _widened(
        self, connection: Connection, till: Till, before: Revocation, marks: dict[str, Mark]
    ) -> Revocation:
        terms = widened(before, marks, ())
        upto = {mark.run: mark.seq for mark in terms.marks}
        return widened(terms, {}, self._counters(connection, till, upto))

    def _counters(
        self, connection: Connection, till: Till, upto: dict[str, int] | None
    ) -> tuple[Range, ...]:
        """Return what of each range granted was booked, of entries up to these."""
        used = []
        for granted in self._certificates(connection, till):
            last = last_counter(connection, self._books.projections.values(), granted, upto)
            if last is not None:
                used.append(Range(granted.counter_first, last))
        return tuple(used)


def _till(connection: Connection, name: str) -> Till | Refused:
    """Find a till by its name or install id and lock it, so that no push is under way."""
    found = hub_tills.till_named(connection, name) or hub_tills.enrolled_till(connection, name)
    if found is not None:
        found = hub_tills.till_of(connection, found.till)
    return found or Refused(
        "till.not_enrolled",
        N_("No till “{name}” is enrolled at this hub."),
        N_("See `xuanpin sync tills`."),
        {"name": name},
    )


def _booked_later(connection: Connection, till: Till, terms: Revocation) -> int:
    good = {mark.run: mark.seq for mark in terms.marks}
    now = hub_journal.marks_of(connection, till.till)
    return sum(mark.seq - good.get(mark.run, 0) for mark in now)


def _bad_reason() -> Refused:
    return Refused(
        "reason.length",
        N_("A reason has 1 to {most} characters."),
        N_("Say in a few words what was found out."),
        {"most": MOST_REASON},
    )


def _not_yet() -> Refused:
    return Refused(
        "revoke.future",
        N_("That moment has not come yet."),
        N_("Give the last moment at which the till was surely its owner's, or leave --since out."),
    )


def _not_revoked(name: str) -> Refused:
    return Refused(
        "revoke.not_revoked",
        N_("Till {name} is not revoked."),
        N_("See `xuanpin sync tills`."),
        {"name": name},
    )


def _never_granted(name: str, counter: int) -> Refused:
    return Refused(
        "revoke.counter",
        N_("Card counter {counter} was never granted to till {name}."),
        N_("Leave --counter out to take the highest that is booked."),
        {"name": name, "counter": counter},
    )


def _nothing_held(name: str) -> Refused:
    return Refused(
        "held.nothing",
        N_("Nothing of till {name} is held."),
        N_("See `xuanpin sync held`."),
        {"name": name},
    )
