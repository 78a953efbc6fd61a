"""The hub receives: one transaction per segment, then a signed answer saying how far it is."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, Engine

from sync.clock import Clock
from sync.database import hub_snapshot, hub_transaction
from sync.keys import HubKeys
from sync.package import Arrived, Package
from sync.rules import reply
from sync.rules.certificate import Certificate
from sync.rules.entry import Entry
from sync.rules.merge import Gap, Verdict, merge
from sync.rules.origins import origin_of
from sync.rules.refusal import N_, Refused
from sync.rules.segment import Segment, check_segment, unpack
from sync.stores import hub_bookings, hub_journal, hub_tills

Numbered = tuple[int, Entry]


@dataclass(frozen=True, slots=True)
class Received:
    """The signed answer; `gap` says that nothing was stored because something is missing."""

    reply: bytes
    gap: bool


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
        self._projections = {p.kind: p for package in packages for p in package.projections()}
        declared = {kind.name for package in packages for kind in package.kinds}
        self._kinds = frozenset(declared | set(self._projections))

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
        now_ms = self._clock.now_ms()
        with hub_transaction(self._engine) as connection:
            till = self._till(connection, certificate, segment.certificate, now_ms)
            if isinstance(till, Refused):
                return till
            flags = self._store(connection, till, segment, now_ms)
            marks = _marks(connection, segment)
        answer = reply.Reply(
            request_sha256=hashlib.sha256(data).digest(),
            hub_id=self._keys.hub_id,
            till=segment.head.till,
            marks=marks,
            hub_time_ms=now_ms,
            flags=flags,
        )
        return Received(reply.make_reply(answer, self._keys.sign), reply.FLAG_GAP in flags)

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

        Its counter range is remembered again, so that it is not granted twice.
        """
        known = hub_tills.till_of(connection, certificate.install)
        if known is not None:
            return known
        if hub_tills.till_numbered(connection, certificate.number) is not None:
            return _number_taken(certificate.number)
        name = f"#{certificate.number:03d}"
        center_name = self._center_names.get(certificate.center, str(certificate.center))
        till = hub_tills.Till(
            certificate.install, certificate.number, name, certificate.center, center_name
        )
        hub_tills.put_till(connection, till, now_ms)
        hub_tills.add_certificate(connection, certificate, data)
        return till

    def _store(
        self, connection: Connection, till: hub_tills.Till, segment: Segment, now_ms: int
    ) -> tuple[str, ...]:
        head = segment.head
        verdicts = _decide(connection, segment)
        if isinstance(verdicts, Gap):
            return (reply.FLAG_GAP,)
        numbered = list(enumerate(segment.entries, head.first_seq))
        sorted_out: dict[Verdict, list[Numbered]] = {verdict: [] for verdict in Verdict}
        for entry, verdict in zip(numbered, verdicts, strict=True):
            sorted_out[verdict].append(entry)
        appended, forks = sorted_out[Verdict.APPEND], sorted_out[Verdict.FORK]
        hub_journal.add_entries(connection, head.till, head.run, appended)
        hub_journal.add_forks(connection, head.till, head.run, forks)
        if appended or forks:
            hub_journal.add_evidence(connection, segment, now_ms)
        alarms = [(reply.FLAG_FORK, head.run, 0, "")] if forks else []
        alarms += _note_parent(connection, till.till, head.run, appended)
        alarms += [
            (reply.FLAG_BRANCH, run, seq, "")
            for run, seq in hub_journal.branches(connection, head.till, head.run)
        ]
        booked = self._book(connection, till, appended + forks)
        alarms += [(reply.FLAG_EXCEPTION, "", 0, about) for about in booked.contradicted]
        hub_bookings.add_alarms(connection, head.till, alarms, now_ms)
        flags = {alarm[0] for alarm in alarms}
        return tuple(
            sorted(flags | ({reply.FLAG_UNINTERPRETED} if booked.uninterpreted else set()))
        )

    def _book(
        self, connection: Connection, till: hub_tills.Till, entries: Sequence[Numbered]
    ) -> hub_bookings.Booked:
        # Forks are booked as well: two continuations of a copied journal are both real sales.
        arrived = [
            Arrived(entry.header, entry.body, till.name, till.center_name) for _, entry in entries
        ]
        return hub_bookings.book(connection, self._projections, self._kinds, arrived)


def _decide(connection: Connection, segment: Segment) -> tuple[Verdict, ...] | Gap:
    head = segment.head
    mark = hub_journal.mark_of(connection, head.till, head.run)
    return merge(
        mark.seq,
        mark.hash,
        head.first_seq,
        segment.entries,
        stored=hub_journal.hashes(connection, head.till, head.run, head.first_seq, head.last_seq),
        forks_before=hub_journal.fork_hashes(connection, head.till, head.run, head.first_seq - 1),
    )


def _marks(connection: Connection, segment: Segment) -> tuple[reply.Mark, ...]:
    head = segment.head
    runs = (head.run, head.parent_run) if head.parent_run else (head.run,)
    return tuple(hub_journal.mark_of(connection, head.till, run) for run in runs)


def _note_parent(
    connection: Connection, till: str, run: str, appended: Sequence[Numbered]
) -> list[tuple[str, str, int, str]]:
    """Remember where a run goes on from when its first entry arrives; alarm if it does not say."""
    if not appended or appended[0][0] != 1:
        return []
    origin = origin_of(appended[0][1])
    if origin is None:
        return [(reply.FLAG_BRANCH, run, 1, "no parent")]
    hub_journal.add_run(connection, till, run, origin)
    return []


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
