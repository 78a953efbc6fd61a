"""One push: everything that is pending, cut into segments, to the hub, and its word followed.

Run by run, oldest first, one segment in flight. While the hub works on it, what the hub said of
the one before is written down here, and the next one is made ready. When nothing is left it can
show the hub the last entry again: the answer tells whether the hub still has everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from sync.access import Access
from sync.hub_client import SEGMENT_TYPE, Answer, post
from sync.meanwhile import Meanwhile
from sync.rules.refusal import N_, Refused
from sync.rules.reply import FLAG_HELD, MOST_REPLY_BYTES, Mark, Reply
from sync.rules.runs import Stamp
from sync.services.diverging import Batch, Exchange, Show
from sync.services.following import follow, read_word
from sync.services.till import OpenTill
from sync.stores import journal as journals
from sync.stores.cutting import cut_segment
from sync.stores.enrolment import Enrolment
from sync.stores.journal import RunState

if TYPE_CHECKING:
    import httpx2

_PATIENCE = 3


def _nothing() -> None:
    return None


class _Cut(msgspec.Struct, frozen=True):
    """A signed segment with its digest, and exactly the entries that are in it."""

    batch: Batch
    data: bytes
    sha256: bytes

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


class Push:
    """One push of a till's journal to the hub it is enrolled at, and what has come of it so far.

    `acknowledged` counts entries, `closed` are the runs that the till parted from; `flags` is
    what the hub said of any segment, `alarms` what it said last, if anything.
    """

    def __init__(
        self,
        till: OpenTill,
        client: httpx2.Client,
        access: Access,
        enrolment: Enrolment,
        *,
        rest_s: float = 0,
    ) -> None:
        """Use the till's database only while `access` lasts; rest so long between two segments."""
        self._till = till
        self._client = client
        self._access = access
        self._enrolment = enrolment
        self._rest_s = rest_s
        self._ahead: _Cut | None = None  # cut in the hope that the hub takes what is before it
        # What the hub took and the journal does not say yet; what is ahead comes right behind it.
        self._owed: Exchange | None = None
        self._stalled = 0
        self.acknowledged = 0
        self.segments = 0
        self.closed: list[str] = []
        self.flags: set[str] = set()
        self.alarms: tuple[str, ...] | None = None
        self.hub_clock: Stamp | None = None

    def run(self, *, probe: bool) -> Refused | None:
        """Push all that is pending; with `probe`, ask the hub even if nothing is.

        Returns why it stopped early; None if it did not. Raises as `Courier.push` does.
        """
        while True:
            if self.segments and self._rest_s:
                with self._access.away():
                    self._access.wait(self._rest_s)
            cut = self._next_cut()
            if cut is None:
                cut = self._last_entry() if probe and not self.segments else None
            if cut is None:
                return None
            refused = self._exchange(cut)
            if refused is not None:
                return refused

    def _next_cut(self) -> _Cut | None:
        """Cut what is pending first; what was cut ahead goes only where the hub's mark is now."""
        ahead, self._ahead = self._ahead, None
        if self._owed is not None:
            return ahead
        db = self._till.journal.read()
        for state in journals.runs(db):
            if state.pending > 0:
                if ahead is not None and ahead.is_next_of(state):
                    return ahead
                return self._cut(Batch(state.run, journals.unpushed(db, state)))
        return None

    def _last_entry(self) -> _Cut | None:
        db = self._till.journal.read()
        states = [state for state in journals.runs(db) if not state.closed]
        if not states:
            return None
        return self._cut(Batch(states[-1].run, [journals.last_entry(db, states[-1].run)]))

    def _cut(self, batch: Batch) -> _Cut:
        data, count = cut_segment(
            self._till.journal.read(),
            batch.entries,
            enrolment=self._enrolment,
            sign=self._till.keys.sign,
            at_ms=self._till.now_ms(),
        )
        return _Cut(Batch(batch.run, batch.entries[:count]), data, hashlib.sha256(data).digest())

    def _exchange(self, cut: _Cut) -> Refused | None:
        """Send a segment and do what the hub's answer says, at the latest behind the next one."""
        answered = self._ask(cut, partial(self._work_ahead, cut))
        if isinstance(answered, Refused):
            return answered
        if self._ahead is not None and self._took_all(cut, answered.reply):
            self._owed = answered
            return None
        return self._settle(answered, lambda batch: self._ask(self._cut(batch)))

    def _took_all(self, cut: _Cut, reply: Reply) -> bool:
        """Tell whether the hub took a segment to its end, and nothing else is new to this till."""
        if FLAG_HELD in reply.flags or reply.missing or cut.last not in reply.marks:
            return False
        db = self._till.journal.read()
        others = [mark for mark in reply.marks if mark != cut.last]
        return all(mark == journals.read_mark(db, mark.run) for mark in others)

    def _settle(self, answered: Exchange, show: Show | None) -> Refused | None:
        """Do what an answer says: adopt the hub's marks, or part from what it does not have."""
        run = answered.last.run
        before = journals.read_mark(self._till.journal.read(), run).seq
        followed = follow(self._till, answered, show)
        self.closed += followed.parted
        if followed.refused is not None:
            return followed.refused
        if FLAG_HELD in answered.reply.flags:
            return _held()
        after = journals.read_mark(self._till.journal.read(), run).seq
        self.acknowledged += max(0, after - before)
        moved = after != before or run in self.closed
        self._stalled = 0 if moved else self._stalled + 1
        return _stuck() if self._stalled >= _PATIENCE else None

    def _behind(self, cut: _Cut) -> RunState | None:
        """Return how the run stands once the hub has taken a segment; None if nothing is left."""
        for state in journals.runs(self._till.journal.read()):
            if state.run == cut.batch.run and state.end_seq > cut.last.seq:
                return structs.replace(state, mark_seq=cut.last.seq)
        return None

    def _ask(self, cut: _Cut, work: Callable[[], Refused | None] = _nothing) -> Exchange | Refused:
        """Send a segment; return the hub's checked reply. `work` is done while the hub works."""
        answer = self._post(cut, work)
        if isinstance(answer, Refused):
            return answer
        reply = read_word(self._till, self._enrolment, answer.body, cut.sha256, cut.batch.run)
        if isinstance(reply, Refused):
            return reply
        self.segments += 1
        self.flags.update(reply.flags)
        self.alarms = reply.alarms
        now = self._till.stamp()
        self.hub_clock = Stamp(reply.hub_time_ms, now.mono_ms, now.boot)
        return Exchange(reply, cut.last)

    def _post(self, cut: _Cut, work: Callable[[], Refused | None]) -> Answer | Refused:
        """Send a segment. Whatever goes wrong with the work waits for the hub's answer.

        So never is a second segment in flight.
        """
        meanwhile = Meanwhile(work)

        def sent() -> None:
            with self._access.use():
                meanwhile.run()

        with self._access.away():
            answer = post(
                self._client,
                "/v1/segments",
                cut.data,
                content_type=SEGMENT_TYPE,
                most_bytes=MOST_REPLY_BYTES,
                sent=sent,
            )
        refused = meanwhile.result()
        return answer if refused is None else refused

    def _work_ahead(self, cut: _Cut) -> Refused | None:
        """Write down what the hub said of the last segment, and cut what is behind this one."""
        owed, self._owed = self._owed, None
        refused = None if owed is None else self._settle(owed, show=None)
        behind = self._behind(cut) if refused is None else None
        if behind is not None:
            entries = journals.unpushed(self._till.journal.read(), behind)
            self._ahead = self._cut(Batch(behind.run, entries))
        return refused


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
