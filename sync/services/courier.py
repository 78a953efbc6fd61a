"""The courier: brings the journal to the hub, follows the hub's marks, never blocks a sale.

It pushes run by run, oldest first, one segment in flight; while the hub works on it, the next
one is made ready. When nothing is left it can show the hub the last entry again: the answer tells
whether the hub still has everything.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from sync import aside
from sync.access import Access, AccessEnded
from sync.database import CommitUnknown, disk_faults
from sync.hub_client import SEGMENT_TYPE, Answer, is_transient, make_client, post
from sync.rules.enrolling import not_enrolled
from sync.rules.pacing import longest_pause_ms
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.renewal import ASK_EVERY_MS
from sync.rules.reply import FLAG_HELD, MOST_REPLY_BYTES, Mark
from sync.rules.runs import Stamp
from sync.services.certificate import ask_certificate, keep_certificate
from sync.services.diverging import Batch, Exchange
from sync.services.following import follow, read_word
from sync.services.till import OpenTill
from sync.stores import journal as journals
from sync.stores.contacts import ContactState, read_contact, write_contact, write_hub_clock
from sync.stores.cutting import cut_segment
from sync.stores.enrolment import Enrolment
from sync.stores.journal import RunState

if TYPE_CHECKING:
    import httpx2

    from sync.rules.certificate import Certificate

PROBE_EVERY_S = 60
_PATIENCE = 3
_LOG = logging.getLogger("xuanpin.courier")


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push achieved: entries acknowledged, runs closed because they diverged.

    `refused` says why it stopped early; entries still `pending` are sent again later.
    """

    acknowledged: int
    segments: int
    pending: int
    closed_runs: tuple[str, ...]
    flags: tuple[str, ...]
    refused: Refused | None


@dataclass(frozen=True, slots=True)
class _Cut:
    """A signed segment, and exactly the entries that are in it."""

    batch: Batch
    data: bytes

    @property
    def last(self) -> Mark:
        """The place of its last entry."""
        entry = self.batch.entries[-1]
        return Mark(self.batch.run, entry.header.seq, entry.hash)

    def is_next_of(self, state: RunState) -> bool:
        """Tell whether it begins where the hub's mark is, and holds nothing the run gave up."""
        before = self.batch.entries[0].header.seq - 1
        return (self.batch.run, before) == (state.run, state.mark_seq) and (
            self.last.seq <= state.end_seq
        )


@dataclass(slots=True)
class _Round:
    """What one push has done so far; `ahead` was cut in the hope that the hub takes the rest."""

    enrolment: Enrolment
    ahead: _Cut | None = None
    acknowledged: int = 0
    segments: int = 0
    stalled: int = 0
    closed: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    alarms: tuple[str, ...] | None = None
    hub_clock: Stamp | None = None


def hub_client(till: OpenTill, url: str = "") -> httpx2.Client | Refused:
    """Make a client for this till's hub: `url`, else [hub] url, else where it was enrolled."""
    enrolment = till.enrolment
    settings = till.setup.hub
    found = url or settings.url or (enrolment.hub_url if enrolment else "")
    if not found:
        return Refused(
            "hub.no_address",
            N_("This till does not know its hub."),
            N_("Set [hub] url, or enrol with --hub URL."),
        )
    ca = till.setup.place(settings.ca) if settings.ca else None
    return make_client(found, settings.timeout_s, ca)


class Courier:
    """Pushes one till's journal to its hub; one push at a time."""

    def __init__(self, till: OpenTill, client: httpx2.Client, access: Access | None = None) -> None:
        """Push while `access` lasts; without one, for as long as this lives."""
        self._till = till
        self._client = client
        self._access = access or Access()
        self._one = threading.Lock()
        self._probed_ms: int | None = None
        self._asked_ms: int | None = None

    def push(self, *, probe: bool = True) -> PushReport:
        """Push all that is pending; with `probe`, ask the hub even if nothing is.

        Raises `Fault` (or `CommitUnknown`) if the till's own database fails, `AccessEnded` if
        that may not be used any more.
        """
        with self._one, self._at_till():
            enrolment = self._till.enrolment
            if enrolment is None:
                return PushReport(0, 0, self._pending(), (), (), not_enrolled())
            done = _Round(enrolment)
            refused = self._push(done, probe=probe)
            self._note(done, refused)
            closed, flags = tuple(done.closed), tuple(sorted(done.flags))
            return PushReport(
                done.acknowledged, done.segments, self._pending(), closed, flags, refused
            )

    def renew(self) -> Certificate | Refused | None:
        """Ask the hub for this till's newest certificate; None if it has it already.

        Raises as `push` does.
        """
        with self._one, self._at_till():
            enrolment = self._till.enrolment
            if enrolment is None:
                return not_enrolled()
            with self._access.away():
                answer = ask_certificate(self._client, self._till.keys, enrolment)
            if isinstance(answer, Refused):
                return answer
            return keep_certificate(self._till, enrolment, answer)

    def run_forever(self) -> None:
        """Push whenever something is pending, while access lasts; retry with full jitter.

        Once a day it also asks for this till's newest certificate.
        """
        failures = 0
        with contextlib.suppress(AccessEnded):
            while not self._access.ended:
                failures = failures + 1 if self._attempt(first=not failures) is not None else 0
                pause_ms = self._till.setup.hub.push_every_s * 1000
                if failures:
                    pause_ms = secrets.randbelow(longest_pause_ms(pause_ms, failures) + 1)
                self._access.wait(pause_ms / 1000)

    @contextlib.contextmanager
    def _at_till(self) -> Iterator[None]:
        with self._access.use(), disk_faults(self._till.directory):
            yield

    def _attempt(self, *, first: bool) -> object | None:
        """Push once; return what went wrong, None if nothing did."""
        try:
            return self._turn()
        except AccessEnded:
            raise
        # The boundary of one turn: what nobody foresaw must not end the only thread that brings
        # sales to the hub. Nothing is lost, it is tried again; the first of a row is logged.
        except Exception as error:  # noqa: BLE001
            if first:
                _LOG.exception("a push failed")
            return error

    def _turn(self) -> object | None:
        """Push once; return what went wrong, None if nothing did. Faults are met again later."""
        try:
            clock = self._till.setup.clock.monotonic_ms()
            due = self._probed_ms is None or clock - self._probed_ms >= PROBE_EVERY_S * 1000
            if not due and not self._any_pending():
                return None
            report = self.push()
            self._probed_ms = clock
            asked = self._asked_ms is not None and clock - self._asked_ms < ASK_EVERY_MS
            if report.refused is None and not asked:
                renewed = self.renew()
                if not isinstance(renewed, Refused) or not is_transient(renewed):
                    self._asked_ms = clock
        except CommitUnknown as error:
            return self._reopened() or error
        except Fault as error:
            return error
        refused = report.refused
        return None if refused is None or refused.reason == "sync.not_enrolled" else refused

    def _any_pending(self) -> bool:
        with self._at_till():
            return self._pending() > 0

    def _reopened(self) -> Fault | None:
        """Reconnect: what the marks are is read anew, and decided anew at the next push."""
        try:
            with self._at_till():
                self._till.journal.reopen()
        except Fault as fault:
            return fault
        return None

    def _push(self, done: _Round, *, probe: bool) -> Refused | None:
        while True:
            cut = self._next_cut(done)
            if cut is None:
                cut = self._last_entry(done) if probe and not done.segments else None
            if cut is None:
                return None
            refused = self._exchange(done, cut)
            if refused is not None:
                return refused

    def _pending(self) -> int:
        return sum(state.pending for state in journals.runs(self._till.journal.read()))

    def _next_cut(self, done: _Round) -> _Cut | None:
        """Cut what is pending first; what was cut ahead goes only where the hub's mark is now."""
        db = self._till.journal.read()
        ahead, done.ahead = done.ahead, None
        for state in journals.runs(db):
            if state.pending > 0:
                if ahead is not None and ahead.is_next_of(state):
                    return ahead
                return self._cut(done, Batch(state.run, journals.unpushed(db, state)))
        return None

    def _last_entry(self, done: _Round) -> _Cut | None:
        db = self._till.journal.read()
        states = [state for state in journals.runs(db) if not state.closed]
        if not states:
            return None
        return self._cut(done, Batch(states[-1].run, [journals.last_entry(db, states[-1].run)]))

    def _cut(self, done: _Round, batch: Batch) -> _Cut:
        data, count = cut_segment(
            self._till.journal.read(),
            batch.entries,
            enrolment=done.enrolment,
            sign=self._till.keys.sign,
            at_ms=self._till.now_ms(),
        )
        return _Cut(Batch(batch.run, batch.entries[:count]), data)

    def _exchange(self, done: _Round, cut: _Cut) -> Refused | None:
        """Send a segment and do what the hub's answer says."""
        run = cut.batch.run
        before = journals.read_mark(self._till.journal.read(), run).seq
        answered = self._ask(done, cut, self._behind(cut))
        if isinstance(answered, Refused):
            return answered
        followed = follow(
            self._till, answered, lambda batch: self._ask(done, self._cut(done, batch))
        )
        done.closed += followed.parted
        if followed.refused is not None:
            return followed.refused
        if FLAG_HELD in answered.reply.flags:
            return _held()
        after = journals.read_mark(self._till.journal.read(), run).seq
        done.acknowledged += max(0, after - before)
        moved = after != before or run in done.closed
        done.stalled = 0 if moved else done.stalled + 1
        return _stuck() if done.stalled >= _PATIENCE else None

    def _behind(self, cut: _Cut) -> RunState | None:
        """Return how the run stands once the hub has taken a segment; None if nothing is left."""
        for state in journals.runs(self._till.journal.read()):
            if state.run == cut.batch.run and state.end_seq > cut.last.seq:
                return replace(state, mark_seq=cut.last.seq)
        return None

    def _ask(self, done: _Round, cut: _Cut, behind: RunState | None = None) -> Exchange | Refused:
        """Send a segment; return the hub's checked reply. Meanwhile cut what is `behind` it."""
        answer = self._post(done, cut, behind)
        if isinstance(answer, Refused):
            return answer
        digest = hashlib.sha256(cut.data).digest()
        reply = read_word(self._till, done.enrolment, answer.body, digest, cut.batch.run)
        if isinstance(reply, Refused):
            return reply
        done.segments += 1
        done.flags.update(reply.flags)
        done.alarms = reply.alarms
        now = self._till.stamp()
        done.hub_clock = Stamp(reply.hub_time_ms, now.mono_ms, now.boot)
        return Exchange(reply, cut.last)

    def _post(self, done: _Round, cut: _Cut, behind: RunState | None) -> Answer | Refused:
        send = partial(
            post,
            self._client,
            "/v1/segments",
            cut.data,
            content_type=SEGMENT_TYPE,
            most_bytes=MOST_REPLY_BYTES,
        )
        if behind is None:
            with self._access.away():
                return send()
        answer = aside.begin(send)
        try:
            entries = journals.unpushed(self._till.journal.read(), behind)
            done.ahead = self._cut(done, Batch(behind.run, entries))
        finally:  # whatever went wrong here: never is a second segment in flight
            with self._access.away():
                answer.exception()
        return answer.result()

    def _note(self, done: _Round, refused: Refused | None) -> None:
        """Keep what came of this push for the status line; written only when it says more."""
        state: ContactState = "reachable"
        reason = ""
        if refused is not None:
            state = "unreachable" if is_transient(refused) else "alarm"
            reason = refused.reason
        elif not done.segments:
            return
        last = read_contact(self._till.journal.read())
        if state == "unreachable" and last is not None and last.state == state:
            return
        with self._till.journal.transaction() as db:
            write_contact(db, state, reason, self._till.now_ms(), done.alarms)
            if done.hub_clock is not None:
                write_hub_clock(db, done.hub_clock)


def _held() -> Refused:
    return Refused(
        "hub.held",
        N_("The hub holds this till's entries for a manager."),
        N_("Ask the manager at the hub; what is sold stays here as well."),
    )


def _stuck() -> Refused:
    return Refused(
        "hub.stuck",
        N_("The hub answers but does not take this till's entries."),
        N_("Look at the hub's alarms; what is sold stays here."),
    )
