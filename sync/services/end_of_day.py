"""The end of a business day at a till: both sides of every till of the center, reconciled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

import msgspec

from sync.center_cache import CenterCache, Kept
from sync.hub_requests import SignedRequests
from sync.rules.center_day import (
    MOST_ANSWER_BYTES,
    CenterDay,
    Listed,
    Page,
    Settled,
    Settlement,
)
from sync.rules.day_report import MOST_PACKED_BYTES, Recorded, unpack_page
from sync.rules.days import day_start_ms
from sync.rules.decoding import from_json
from sync.rules.enrolling import not_enrolled
from sync.rules.reconciling import Differing, Own, Reconciled, alone, compare, reconcile
from sync.rules.refusal import N_, Refused
from sync.rules.reply import Mark
from sync.services.till import OpenTill
from sync.stores import day_entries, day_totals
from sync.stores import journal as journals

if TYPE_CHECKING:
    import httpx2

_MOST_LOOKS = 3
_MOST_PAGES = 500
_DAYS_OFFERED = 14
T = TypeVar("T")


class Evening(msgspec.Struct, frozen=True):
    """What is known of a day: each till of the center, the own one first.

    `received_ms` is when the hub last answered about this day by this machine's clock (None:
    never), `refused` says why it did not just now. `closed` tells whether the day is closed here,
    `business_day` is the one for which what is sold now counts. `hub_ahead_ms` is by how much the
    hub's clock was ahead of this machine's.
    """

    day: str
    tills: tuple[Reconciled, ...]
    received_ms: int | None
    refused: Refused | None
    closed: bool
    business_day: str
    hub_ahead_ms: int = 0

    @property
    def agreed(self) -> bool:
        """Tell whether the hub just said that it has what every till has, to the last fen.

        Of the tills in `as_heard`, what they had when they were last heard.
        """
        return self.refused is None and all(each.state == "agrees" for each in self.tills)

    @property
    def as_heard(self) -> tuple[Reconciled, ...]:
        """The tills that agree only as last heard: of this day they may have sold more since."""
        ends_ms = day_start_ms(date.fromisoformat(self.day) + timedelta(days=1))
        return tuple(
            each
            for each in self.tills
            if each.state == "agrees"
            and each.source == "running"
            and each.told_ms is not None
            and each.told_ms < ends_ms
        )


class EndOfDay:
    """Reconciles one till's center; reads only, so it works beside an open counter."""

    def __init__(self, till: OpenTill, client: httpx2.Client | Refused) -> None:
        """Ask the hub through `client`; if there is none, show what is known, and why."""
        self._till = till
        self._cache = CenterCache(till.directory)
        self._requests: SignedRequests | Refused
        enrolment = till.enrolment
        if enrolment is None:
            self._requests = not_enrolled()
        elif isinstance(client, Refused):
            self._requests = client
        else:
            self._requests = SignedRequests(client, till.keys, enrolment)

    def newest_day(self) -> str:
        """Return today if it has entries here, else the newest day that has."""
        return self.days()[0]

    def days(self) -> list[str]:
        """Return the newest days with entries, today at least; newest first, none in the future."""
        today = self._till.today().isoformat()
        found = day_totals.newest_days(self._till.journal.read(), _DAYS_OFFERED)
        return [day for day in found if day <= today] or [today]

    def look(self, day: str) -> Evening:
        """Return what is known of a day without asking anybody."""
        return self._evening(day, self._own(day), self._cache.of_day(day), None)

    def ask(self, day: str) -> Evening:
        """Ask the hub about a day; if it does not answer, return what is known, and why."""
        for look in range(1, _MOST_LOOKS + 1):
            before = self._own(day)
            run = list(before.heads)[-1] if before.heads else ""
            target = f"/v1/center/day?day={day}&run={run}"
            answer = self._asked("GET", target, b"", CenterDay, most_bytes=MOST_ANSWER_BYTES)
            own = self._own(day)
            if isinstance(answer, Refused):
                return self._evening(day, own, self._cache.of_day(day), answer)
            still = (before.heads, before.pending) == (own.heads, own.pending)
            if still or look == _MOST_LOOKS:  # else something was sold or sent meanwhile
                kept = Kept(answer, self._till.now_ms())
                self._cache.keep(kept)
                return self._evening(day, own, kept, None)
        raise AssertionError("the last look returns")

    def differing(self, day: str, tell: Callable[[int, int], None]) -> Differing | Refused:
        """Compare this till's day with the hub entry by entry; `tell` is told how far it is."""
        here = day_entries.listed(self._till.journal.read(), day, tell)
        at_hub: list[Listed] = []
        after = ""
        for _ in range(_MOST_PAGES):
            target = f"/v1/center/day/entries?day={day}{after}"
            page = self._asked("GET", target, b"", Page, most_bytes=MOST_ANSWER_BYTES)
            if isinstance(page, Refused):
                return page
            at_hub += page.entries
            tell(len(at_hub), max(len(here), len(at_hub)))
            if not page.more:
                break
            last = page.entries[-1]
            after = f"&kind={last.kind}&id={last.id}&digest={last.body_sha256.hex()}"
        return compare(here, at_hub)

    def recorded_here(self, day: str) -> list[Recorded]:
        """Return what this till itself recorded for a day, with bodies."""
        enrolment = self._till.enrolment
        name = enrolment.name if enrolment else self._till.setup.till.id
        return day_entries.recorded(self._till.journal.read(), day, name)

    def recorded_by_all(self, day: str) -> list[Recorded] | Refused:
        """Ask the hub what all tills of the center recorded for a day, with bodies."""
        things: list[Recorded] = []
        after = ""
        for _ in range(_MOST_PAGES):
            target = f"/v1/center/day/recorded?day={day}&after={after}"
            answer = self._answer("GET", target, b"", most_bytes=MOST_PACKED_BYTES)
            if isinstance(answer, Refused):
                return answer
            try:
                page = unpack_page(answer)
            except ValueError:
                return _other_version()
            things += page.things
            if not page.after:
                return things
            after = page.after
        return _other_version()

    def settle(self, said: Settlement) -> Settled | Refused:
        """Settle an exception at the hub."""
        body = msgspec.json.encode(said)
        return self._asked("POST", "/v1/center/settle", body, Settled, most_bytes=4096)

    def _asked(
        self, method: str, target: str, body: bytes, kind: type[T], *, most_bytes: int
    ) -> T | Refused:
        answer = self._answer(method, target, body, most_bytes=most_bytes)
        if isinstance(answer, Refused):
            return answer
        try:
            return from_json(answer, kind)
        except ValueError:
            return _other_version()

    def _answer(self, method: str, target: str, body: bytes, *, most_bytes: int) -> bytes | Refused:
        if isinstance(self._requests, Refused):
            return self._requests
        answer = self._requests.ask(method, target, body, most_bytes=most_bytes)
        return answer if isinstance(answer, Refused) else answer.body

    def _own(self, day: str) -> Own:
        """Read this till's side; again, if something was journalled in between."""
        db = self._till.journal.read()
        while True:
            states = journals.runs(db)
            own = Own(
                till=self._till.keys.install,
                totals=day_totals.of_day(db, day),
                heads=_heads(self._till, states),
                pending=sum(state.pending for state in states),
                oldest_pending_ms=journals.oldest_unpushed_ms(db, states),
            )
            if journals.runs(db) == states:
                return own

    def _evening(self, day: str, own: Own, kept: Kept | None, refused: Refused | None) -> Evening:
        db = self._till.journal.read()
        ends_ms = day_start_ms(date.fromisoformat(day) + timedelta(days=1))
        tills = []
        for each in kept.answer.tills if kept else ():
            ours = own if each.till == own.till else None
            tills.append(
                reconcile(day, each, ours, kept.answer.hub_time_ms if kept else 0, ends_ms)
            )
        if not any(each.own for each in tills):
            enrolment = self._till.enrolment
            name = enrolment.name if enrolment else self._till.setup.till.id
            tills.append(alone(own, name, enrolment.number if enrolment else 0))
        return Evening(
            day=day,
            tills=tuple(sorted(tills, key=lambda each: (not each.own, each.number))),
            received_ms=kept.received_ms if kept else None,
            refused=refused,
            closed=day_totals.is_closed(db, day),
            business_day=self._till.business_day(),
            hub_ahead_ms=kept.answer.hub_time_ms - kept.received_ms if kept else 0,
        )


def _heads(till: OpenTill, states: list[journals.RunState]) -> dict[str, Mark]:
    db = till.journal.read()
    return {state.run: journals.head_of(db, state.run) for state in states if not state.closed}


def _other_version() -> Refused:
    return Refused(
        "hub.other_version",
        N_("The hub's answer cannot be read by this version."),
        N_("Bring till and hub to the same version."),
    )


def hub_unasked() -> Refused:
    """Stand for a hub that is not to be asked."""
    return Refused("hub.unasked", N_("The hub was not asked."))
