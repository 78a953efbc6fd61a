"""The courier: brings the journal to the hub in the background, and never blocks a sale.

It pushes whenever something is pending and asks once a day for the till's newest certificate;
what one push does is in `sync.services.pushing`.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from sync.access import Access, AccessEnded
from sync.database import CommitUnknown
from sync.disk_faults import disk_faults
from sync.hub_client import is_transient, make_client
from sync.rules.enrolling import not_enrolled
from sync.rules.pacing import longest_pause_ms
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.renewal import ASK_EVERY_MS
from sync.services.certificate import ask_certificate, keep_certificate
from sync.services.pushing import Push
from sync.services.till import OpenTill
from sync.stores import journal as journals
from sync.stores.contacts import ContactState, read_contact, write_contact, write_hub_clock

if TYPE_CHECKING:
    import httpx2

    from sync.rules.certificate import Certificate

PROBE_EVERY_S = 60
_LOG = logging.getLogger("xuanpin.courier")


class PushReport(msgspec.Struct, frozen=True):
    """What a push achieved: entries acknowledged, runs closed because they diverged.

    `refused` says why it stopped early; entries still `pending` are sent again later.
    """

    acknowledged: int
    segments: int
    pending: int
    closed_runs: tuple[str, ...]
    flags: tuple[str, ...]
    refused: Refused | None


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
    return make_client(found, settings.timeout_s, ca, till.setup.say.name)


class Courier:
    """Pushes one till's journal to its hub; one push at a time."""

    def __init__(
        self,
        till: OpenTill,
        client: httpx2.Client,
        access: Access | None = None,
        *,
        rest_s: float = 0,
    ) -> None:
        """Push while `access` lasts; without one, for as long as this lives.

        It rests for `rest_s` between two segments, so that what else the process does is not slow.
        """
        self._till = till
        self._client = client
        self._access = access or Access()
        self._rest_s = rest_s
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
            done = Push(self._till, self._client, self._access, enrolment, rest_s=self._rest_s)
            refused = done.run(probe=probe)
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

    def _pending(self) -> int:
        return sum(state.pending for state in journals.runs(self._till.journal.read()))

    def _note(self, done: Push, refused: Refused | None) -> None:
        """Keep what came of this push for the status line; written only when it says more."""
        if refused is None and not done.segments:
            return
        state, reason = _contact(refused)
        last = read_contact(self._till.journal.read())
        if state == "unreachable" and last and (last.state, last.reason) == (state, reason):
            return
        with self._till.journal.transaction() as db:
            write_contact(db, state, reason, self._till.now_ms(), done.alarms)
            if done.hub_clock is not None:
                write_hub_clock(db, done.hub_clock)


def _contact(refused: Refused | None) -> tuple[ContactState, str]:
    """Return what a push says of the hub, and why."""
    if refused is None:
        return "reachable", ""
    return "unreachable" if is_transient(refused) else "alarm", refused.reason
