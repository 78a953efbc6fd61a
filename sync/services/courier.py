"""The courier: brings the journal to the hub, follows the hub's marks, never blocks a sale.

It pushes run by run, oldest first, one segment in flight. When nothing is left it can show the
hub the last entry again: the answer tells whether the hub still has everything.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sync.database import CommitUnknown, SqliteError
from sync.hub_client import SEGMENT_TYPE, Answer, is_transient, make_client, post
from sync.lock import unusable
from sync.rules.entry import GENESIS, Entry
from sync.rules.marks import Adopt, decide
from sync.rules.pacing import longest_pause_ms
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.reply import (
    ALARMS,
    FLAG_FORK,
    FLAG_GAP,
    FLAG_HELD,
    MOST_REPLY_BYTES,
    Mark,
    Reply,
    read_reply,
)
from sync.rules.runs import TAG_BYTES, Stamp
from sync.rules.segment import pack
from sync.services.till import OpenTill
from sync.stores import journal as journals
from sync.stores.carrying import carry_over
from sync.stores.contacts import ContactState, read_contact, write_contact, write_hub_clock
from sync.stores.enrolment import Enrolment

if TYPE_CHECKING:
    import httpx2

PROBE_EVERY_S = 60
_PATIENCE = 3


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


@dataclass(slots=True)
class _Round:
    """What one push has done so far."""

    enrolment: Enrolment
    acknowledged: int = 0
    segments: int = 0
    stalled: int = 0
    closed: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    hub_clock: Stamp | None = None


@dataclass(frozen=True, slots=True)
class _Batch:
    run: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class _Exchange:
    """The hub's checked reply, and the last entry that was in the segment it answers."""

    reply: Reply
    last: Mark

    @property
    def knew_all(self) -> bool:
        """Tell whether the hub had, or now has, everything it was sent."""
        return not {FLAG_FORK, FLAG_GAP} & set(self.reply.flags)


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
    return make_client(found, settings.timeout_s)


class Courier:
    """Pushes one till's journal to its hub; one push at a time."""

    def __init__(self, till: OpenTill, client: httpx2.Client) -> None:
        self._till = till
        self._client = client
        self._one = threading.Lock()
        self._stop = threading.Event()
        self._probed_ms: int | None = None

    def push(self, *, probe: bool = True) -> PushReport:
        """Push all that is pending; with `probe`, ask the hub even if nothing is.

        Raises `Fault` (or `CommitUnknown`) if the till's own database fails.
        """
        with self._one:
            enrolment = self._till.enrolment
            if enrolment is None:
                return PushReport(0, 0, self._pending(), (), (), not_enrolled())
            done = _Round(enrolment)
            try:
                refused = self._push(done, probe=probe)
                self._note(done, refused)
            except SqliteError as error:
                raise Fault(unusable(self._till.directory, error)) from error
            closed, flags = tuple(done.closed), tuple(sorted(done.flags))
            return PushReport(
                done.acknowledged, done.segments, self._pending(), closed, flags, refused
            )

    def run_forever(self, stop: threading.Event) -> None:
        """Push whenever something is pending, until `stop`; retry with full jitter for ever."""
        self._stop = stop
        failures = 0
        while not stop.is_set():
            failures = failures + 1 if self._turn() is not None else 0
            pause_ms = self._till.setup.hub.push_every_s * 1000
            if failures:
                pause_ms = secrets.randbelow(longest_pause_ms(pause_ms, failures) + 1)
            stop.wait(pause_ms / 1000)

    def _turn(self) -> object | None:
        """Push once; return what went wrong, None if nothing did. Faults are met again later."""
        try:
            clock = self._till.setup.clock.monotonic_ms()
            due = self._probed_ms is None or clock - self._probed_ms >= PROBE_EVERY_S * 1000
            if not due and not self._pending():
                return None
            report = self.push()
            self._probed_ms = clock
        except CommitUnknown as error:
            return self._reopened() or error
        except Fault as error:
            return error
        refused = report.refused
        return None if refused is None or refused.reason == "sync.not_enrolled" else refused

    def _reopened(self) -> Fault | None:
        """Reconnect: what the marks are is read anew, and decided anew at the next push."""
        try:
            self._till.journal.reopen()
        except Fault as fault:
            return fault
        return None

    def _push(self, done: _Round, *, probe: bool) -> Refused | None:
        while not self._stop.is_set():
            batch = self._pending_batch()
            if batch is None:
                batch = self._last_entry() if probe and not done.segments else None
            if batch is None:
                return None
            refused = self._exchange(done, batch)
            if refused is not None:
                return refused
        return None

    def _pending(self) -> int:
        return sum(state.pending for state in journals.runs(self._till.journal.read()))

    def _pending_batch(self) -> _Batch | None:
        db = self._till.journal.read()
        for state in journals.runs(db):
            if state.pending > 0:
                return _Batch(state.run, journals.unpushed(db, state))
        return None

    def _last_entry(self) -> _Batch | None:
        db = self._till.journal.read()
        states = [state for state in journals.runs(db) if not state.closed]
        if not states:
            return None
        return _Batch(states[-1].run, [journals.last_entry(db, states[-1].run)])

    def _exchange(self, done: _Round, batch: _Batch) -> Refused | None:
        """Send a batch and do what the hub's answer says."""
        before = journals.read_mark(self._till.journal.read(), batch.run).seq
        answered = self._ask(done, batch)
        if isinstance(answered, Refused):
            return answered
        refused = self._follow(done, answered)
        if refused is not None:
            return refused
        if FLAG_HELD in answered.reply.flags:
            return _held()
        after = journals.read_mark(self._till.journal.read(), batch.run).seq
        done.acknowledged += max(0, after - before)
        moved = after != before or batch.run in done.closed
        done.stalled = 0 if moved else done.stalled + 1
        return _stuck() if done.stalled >= _PATIENCE else None

    def _ask(self, done: _Round, batch: _Batch) -> _Exchange | Refused:
        """Send what of a batch fits in a segment; return the hub's checked reply."""
        enrolment = done.enrolment
        data, count = pack(
            batch.entries,
            hub_id=enrolment.hub_id,
            parent_run=journals.parent_of(self._till.journal.read(), batch.run),
            certificate=enrolment.certificate,
            sign=self._till.keys.sign,
        )
        answer = post(
            self._client,
            "/v1/segments",
            data,
            content_type=SEGMENT_TYPE,
            most_bytes=MOST_REPLY_BYTES,
        )
        if isinstance(answer, Refused):
            return answer
        reply = self._read(enrolment, answer, hashlib.sha256(data).digest(), batch.run)
        if isinstance(reply, Refused):
            return reply
        done.segments += 1
        done.flags.update(reply.flags)
        now = self._till.stamp()
        done.hub_clock = Stamp(reply.hub_time_ms, now.mono_ms, now.boot)
        last = batch.entries[count - 1]
        return _Exchange(reply, Mark(batch.run, last.header.seq, last.hash))

    def _read(
        self, enrolment: Enrolment, answer: Answer, digest: bytes, run: str
    ) -> Reply | Refused:
        reply = read_reply(answer.body, enrolment.hub_public, digest)
        if isinstance(reply, Refused):
            return reply
        ours = (reply.hub_id, reply.till) == (enrolment.hub_id, self._till.keys.install)
        if not ours or run not in {mark.run for mark in reply.marks}:
            return _not_about_us()
        return reply

    def _follow(self, done: _Round, answered: _Exchange) -> Refused | None:
        """Adopt the marks that are in our chain; part ways with runs whose mark is not."""
        db = self._till.journal.read()
        closed = {state.run: state.closed for state in journals.runs(db)}
        decisions = [
            decide(mark, lambda run, seq: journals.hash_at(db, run, seq))
            for mark in answered.reply.marks
            if closed.get(mark.run) is False
        ]
        adopted = [each.mark for each in decisions if isinstance(each, Adopt)]
        known = {mark.run: mark for mark in adopted}
        if any(journals.read_mark(db, run) != mark for run, mark in known.items()):
            with self._till.journal.transaction() as writer:
                for mark in adopted:
                    journals.write_mark(writer, mark)
        for each in decisions:
            if not isinstance(each, Adopt):
                common = self._common(done, each.mark.run, answered)
                if isinstance(common, Refused):
                    return common
                self._part(done, common)
        return None

    def _common(self, done: _Round, run: str, answered: _Exchange) -> Mark | Refused:
        """Return up to where hub and till still agree on a run that diverged.

        If the hub knew all that was just sent, up to its end. Else up to the mark, unless the
        hub was put back meanwhile and then followed somebody else: so show it the mark's entry
        again, and start from 0 if it does not know it.
        """
        if run == answered.last.run and answered.knew_all:
            return answered.last
        db = self._till.journal.read()
        mark = journals.read_mark(db, run)
        if mark.seq == 0:
            return mark
        shown = self._ask(done, _Batch(run, journals.entries_of(db, run, mark.seq - 1, 1)))
        if isinstance(shown, Refused):
            return shown
        return mark if shown.knew_all else Mark(run, 0, GENESIS)

    def _part(self, done: _Round, common: Mark) -> None:
        """Close a diverged run; if it sold on or is selling, another run carries the rest."""
        till, run = self._till, common.run
        stamp = till.stamp()
        with till.journal.transaction() as db:
            current = till.sells and journals.current(db, till.run).run == run
            journals.write_mark(db, common)
            if current or journals.head_of(db, run).seq > common.seq:
                carry_over(
                    db,
                    till.keys.install,
                    common,
                    stamp,
                    tag=os.urandom(TAG_BYTES),
                    entry_id=till.new_id(),
                    day=till.today().isoformat(),
                )
            else:
                journals.close_run(db, run, stamp.at_ms, None)
        if till.sells:
            till.sell_under(journals.current(till.journal.read(), till.run))
        done.closed.append(run)

    def _note(self, done: _Round, refused: Refused | None) -> None:
        """Keep what came of this push for the status line; written only when it says more."""
        state: ContactState = "reachable"
        reason = " ".join(sorted(done.flags & ALARMS))
        if refused is not None:
            state = "unreachable" if is_transient(refused) else "alarm"
            reason = refused.reason
        elif reason:
            state = "alarm"
        elif not done.segments:
            return
        last = read_contact(self._till.journal.read())
        if state == "unreachable" and last is not None and last.state == state:
            return
        with self._till.journal.transaction() as db:
            write_contact(db, state, reason, self._till.now_ms())
            if done.hub_clock is not None:
                write_hub_clock(db, done.hub_clock)


def not_enrolled() -> Refused:
    """Refuse to push before the till is enrolled."""
    return Refused(
        "sync.not_enrolled",
        N_("This till is not enrolled at a hub yet."),
        N_("Sales are kept; enrol with a code from `xuanpin sync invite`, and they are sent."),
    )


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


def _not_about_us() -> Refused:
    return Refused(
        "reply.not_about_us",
        N_("The hub's answer is about another till or hub."),
        N_("Check the hub's address; nothing was changed here."),
    )
