"""The hub receives: one transaction per segment, then a signed answer saying how far it is."""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import structs
from sqlalchemy import Connection, Engine

from sync.clock import Clock
from sync.database import hub_repeatable, hub_snapshot
from sync.keys import HubKeys
from sync.package import Package
from sync.rules import reply
from sync.rules.certificate import Certificate, day_number
from sync.rules.days import china_day
from sync.rules.merge import Gap, Verdict, merge
from sync.rules.refusal import N_, Refused
from sync.rules.revocation import sort_out
from sync.rules.segment import Segment, SegmentHead, check_segment, unpack
from sync.stores import (
    hub_alarms,
    hub_appending,
    hub_bookings,
    hub_journal,
    hub_revocations,
    hub_standing,
    hub_tills,
)
from sync.stores.hub_locks import REGISTER, alone

MOST_HELD = 100_000  # entries of one revoked till


class Tally(msgspec.Struct, frozen=True):
    """What became of a segment's entries; in a gap, of none of them anything."""

    appended: int = 0
    duplicate: int = 0
    forked: int = 0
    held: int = 0

    @property
    def new(self) -> int:
        """Return how many of them the hub did not have."""
        return self.appended + self.forked + self.held


class Received(msgspec.Struct, frozen=True):
    """The signed answer; `gap` says that nothing was stored because something is missing."""

    reply: bytes
    gap: bool
    head: SegmentHead
    tally: Tally


class Total(msgspec.Struct, frozen=True):
    """How many things of a kind are booked, and their sum; `uninterpreted` are not in the sum."""

    count: int
    amount_fen: int
    uninterpreted: int


class TillSummary(msgspec.Struct, frozen=True):
    """What the hub has of one till, by journal kind."""

    till: str
    number: int
    name: str
    center: str
    kinds: dict[str, Total]


class Alarm(msgspec.Struct, frozen=True):
    """Something a manager must look at: kind (fork, branch, exception), and where."""

    till: str
    kind: str
    run: str
    seq: int
    about: str


class Summary(msgspec.Struct, frozen=True):
    """What the hub has, without personal data."""

    hub_id: str
    tills: list[TillSummary]
    alarms: list[Alarm]


class Hub:
    """Takes segments from tills and tells what it has; its database is already prepared."""

    def __init__(
        self,
        engine: Engine,
        keys: HubKeys,
        packages: Sequence[Package],
        clock: Clock,
        center_names: Mapping[int, str],
    ) -> None:
        """Know the kinds that `packages` declare, and centers' names by number."""
        self._engine = engine
        self._keys = keys
        self._clock = clock
        self._center_names = center_names
        self._books = hub_appending.books_of(packages, keys)

    @property
    def hub_id(self) -> str:
        """Return this hub's id, derived from its signing key."""
        return self._keys.hub_id

    def receive(self, data: bytes) -> Received | Refused:
        """Store and book one segment, or refuse it and store nothing.

        Refused only for what is not authentic or not well formed, never for a business reason.
        """
        segment = unpack(data)
        if isinstance(segment, Refused):
            return segment
        certificate = check_segment(segment, self._keys.public)
        if isinstance(certificate, Refused):
            return certificate
        if segment.head.hub_id != self._keys.hub_id:
            return _other_hub()
        request_sha256 = hashlib.sha256(data).digest()
        taken = hub_repeatable(
            self._engine,
            lambda connection: self._take(connection, segment, certificate, request_sha256),
        )
        if isinstance(taken, Refused):
            return taken
        answer, tally = taken
        signed = reply.make_reply(answer, self._keys.sign)
        return Received(signed, reply.FLAG_GAP in answer.flags, segment.head, tally)

    def _take(
        self,
        connection: Connection,
        segment: Segment,
        certificate: Certificate,
        request_sha256: bytes,
    ) -> tuple[reply.Reply, Tally] | Refused:
        now_ms = self._clock.now_ms()
        till = self._till(connection, certificate, segment.certificate, now_ms)
        if isinstance(till, Refused):
            return till
        stored = self._store(connection, till, segment, now_ms)
        if isinstance(stored, Refused):
            return stored
        tally, flags = stored
        if day_number(china_day(now_ms)) > certificate.until_day:
            flags = tuple(sorted({*flags, reply.FLAG_EXPIRED}))
        asks = segment.head.first_seq == 1 or not tally.new
        missing = _missing(connection, segment) if asks else ()
        answer = reply.Reply(
            request_sha256=request_sha256,
            hub_id=self._keys.hub_id,
            till=segment.head.till,
            marks=_marks(connection, segment, missing),
            hub_time_ms=now_ms,
            flags=flags,
            missing=missing,
            alarms=hub_alarms.unsettled_kinds(connection, till.till, reply.ALARMS),
        )
        return answer, tally

    def check(self) -> None:
        """Ask the database for one row; raises SQLAlchemy's error if it does not answer."""
        with hub_snapshot(self._engine) as connection:
            hub_tills.next_number(connection)

    def summary(self) -> Summary:
        """Return counts and sums per till and kind, and every alarm."""
        with hub_snapshot(self._engine) as connection:
            tills = hub_tills.all_tills(connection)
            totals = hub_bookings.totals(connection)
            alarms = hub_bookings.alarms(connection)
        kinds: dict[str, dict[str, Total]] = {}
        for till, kind, *numbers in totals:
            kinds.setdefault(till, {})[kind] = Total(*numbers)
        return Summary(
            self._keys.hub_id,
            [
                TillSummary(t.till, t.number, t.name, t.center_name, kinds.get(t.till, {}))
                for t in tills
            ],
            [Alarm(*alarm) for alarm in alarms],
        )

    def _till(
        self, connection: Connection, certificate: Certificate, data: bytes, now_ms: int
    ) -> hub_tills.Till | Refused:
        """Find the sender; one this hub certified and forgot (restored from a backup) comes back.

        Its counter range is remembered again, so that it is not granted twice; so is a renewed one
        of a till that is known from before its renewal, which may have moved it to another center.
        """
        known = hub_tills.till_of(connection, certificate.install)
        if known is not None:
            if hub_tills.knows_certificate(connection, certificate):
                return known
            hub_tills.add_certificate(connection, certificate, data)
            return self._moved(connection, known, certificate, now_ms)
        alone(connection, REGISTER)  # nobody enrols meanwhile, nor comes back twice
        known = hub_tills.till_of(connection, certificate.install)
        if known is not None:
            return known
        if hub_tills.till_numbered(connection, certificate.number) is not None:
            return _number_taken(certificate.number)
        name = f"#{certificate.number:03d}"
        center_name = hub_tills.name_of(certificate.center, self._center_names)
        till = hub_tills.Till(
            certificate.install, certificate.number, name, certificate.center, center_name
        )
        hub_tills.put_till(connection, till, now_ms)
        hub_tills.add_certificate(connection, certificate, data)
        return till

    def _moved(
        self, connection: Connection, known: hub_tills.Till, certificate: Certificate, now_ms: int
    ) -> hub_tills.Till:
        """Let a till be in the center of its newest certificate."""
        later = hub_tills.knows_later_certificate(connection, certificate)
        if certificate.center == known.center or later:
            return known
        center_name = hub_tills.name_of(certificate.center, self._center_names)
        till = structs.replace(known, center=certificate.center, center_name=center_name)
        hub_tills.put_till(connection, till, now_ms)
        return till

    def _store(
        self, connection: Connection, till: hub_tills.Till, segment: Segment, now_ms: int
    ) -> tuple[Tally, tuple[str, ...]] | Refused:
        """Store what is new; return what became of the entries, and what is to be flagged.

        Refused only when too much is held of a revoked till.
        """
        head = segment.head
        revoked = hub_revocations.revocation_of(connection, till.till)
        verdicts = _decide(connection, segment, revoked=revoked is not None)
        if isinstance(verdicts, Gap):
            return Tally(), (reply.FLAG_GAP,)
        numbered = list(enumerate(segment.entries, head.first_seq))
        terms = revoked.revocation if revoked else None
        taken = sort_out(head.run, numbered, verdicts, terms)
        before = hub_revocations.rows_held(connection, till.till) if taken.held else 0
        if before + len(taken.held) > MOST_HELD:
            return _too_much_held()
        flags = hub_appending.take_in(connection, self._books, till, head.run, taken, now_ms)
        if taken.held:
            hub_revocations.hold(connection, till.till, head.run, taken.held, now_ms)
            renewed = hub_revocations.rows_held(connection, till.till) > before
            held = (reply.FLAG_HELD, head.run, 0, "")
            hub_appending.raise_alarms(connection, till.till, [held], now_ms, renewed=renewed)
            flags.add(reply.FLAG_HELD)
        new = (len(taken.appended), len(taken.forks), len(taken.held))
        tally = Tally(new[0], len(numbered) - sum(new), new[1], new[2])
        if tally.new:
            hub_journal.add_evidence(connection, segment, now_ms)
        told = hub_standing.told_by(connection, till.till)
        last_run = told.standing.run if told else head.run
        if taken.appended and last_run != head.run:
            hub_appending.renew_branch(connection, till.till, head.run, last_run, now_ms)
        brought = tally.new > 0
        hub_standing.put_standing(connection, segment, told, now_ms, brought_something=brought)
        return tally, tuple(sorted(flags))


def _decide(
    connection: Connection, segment: Segment, *, revoked: bool
) -> tuple[Verdict, ...] | Gap:
    head = segment.head
    mark = hub_journal.mark_of(connection, head.till, head.run)
    before = head.first_seq - 1
    known = hub_journal.fork_hashes(connection, head.till, head.run, before)
    if revoked:
        known |= hub_revocations.held_hashes(connection, head.till, head.run, before)
    return merge(
        mark.seq,
        mark.hash,
        head.first_seq,
        segment.entries,
        stored=hub_journal.hashes(connection, head.till, head.run, head.first_seq, head.last_seq),
        forks_before=known,
    )


def _missing(connection: Connection, segment: Segment) -> tuple[reply.Mark, ...]:
    """Return what runs of this till go on from and is not here: this hub was put back.

    The till need not know: an answer was lost, and it began another run meanwhile.
    """
    return hub_journal.missing_parents(connection, segment.head.till, reply.MOST_MISSING)


def _marks(
    connection: Connection, segment: Segment, missing: Sequence[reply.Mark]
) -> tuple[reply.Mark, ...]:
    head = segment.head
    named = (head.run, head.parent_run, *(place.run for place in missing))
    runs = [run for run in dict.fromkeys(named) if run]
    return tuple(hub_journal.mark_of(connection, head.till, run) for run in runs)


def _too_much_held() -> Refused:
    return Refused(
        "segment.held_full",
        N_("The hub holds {most} entries of this revoked till and takes no more."),
        N_("Ask the manager at the hub; the till keeps its entries."),
        {"most": MOST_HELD},
    )


def _other_hub() -> Refused:
    return Refused(
        "segment.other_hub",
        N_("The segment is meant for another hub."),
        N_("Check the hub's address in the till's settings."),
    )


def _number_taken(number: int) -> Refused:
    return Refused(
        "segment.unknown_till",
        N_("This hub does not know the sender, and another till has its number {number}."),
        N_("Enrol the till again at this hub."),
        {"number": number},
    )
