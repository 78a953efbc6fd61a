"""What the lab reads of the databases after a step: rows as they are, and nothing of the code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Engine

from pos.rules.order import SALE, Order
from sync.database import hub_snapshot
from sync.rules.entry import Header, decode_header
from sync.rules.revocation import Revocation
from sync.services.till import OpenTill


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as stored: its place, its hashes, and what its header says."""

    run: str
    seq: int
    prev: bytes
    hash: bytes
    header: Header
    body: bytes
    sound: bool  # the hash, the body's digest and the private part's agree
    order: Order | None  # of a sale that this version reads

    @property
    def thing(self) -> tuple[str, str, str, bytes]:
        """Name what happened: till, kind, id, and the digest of what it says."""
        header = self.header
        return (header.till, header.kind, header.id, header.body_sha256)


@dataclass
class SeenTill:
    """A till's journal: entries by run, marks, closed runs, orders, print jobs, enrolment."""

    runs: dict[str, list[Line]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    marks: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    orders: dict[str, Line | None] = field(default_factory=dict)
    jobs: list[tuple[str, str, str]] = field(default_factory=list)
    install: str = ""
    enrolled: tuple[int, str] | None = None  # number and name

    def lines(self) -> Iterable[Line]:
        return (line for lines in self.runs.values() for line in lines)


@dataclass
class SeenHub:
    """The hub's database: entries and forks by (till, run), bookings, orders, alarms.

    `held` are entries that wait for a person, `revoked` the last good marks of revoked tills,
    `tills` the number and name of each.
    """

    entries: dict[tuple[str, str], list[Line]] = field(default_factory=dict)
    forks: list[Line] = field(default_factory=list)
    bookings: list[tuple[Any, ...]] = field(default_factory=list)
    orders: list[tuple[Any, ...]] = field(default_factory=list)
    held: list[Line] = field(default_factory=list)
    revoked: dict[str, dict[str, int]] = field(default_factory=dict)
    alarms: set[tuple[str, str]] = field(default_factory=set)
    tills: dict[str, tuple[int, str]] = field(default_factory=dict)

    def lines(self) -> Iterable[Line]:
        yield from (line for lines in self.entries.values() for line in lines)
        yield from self.forks

    def hashes(self) -> set[bytes]:
        """Return the hashes of what is taken in."""
        return {line.hash for line in self.lines()}

    def stored(self) -> set[bytes]:
        """Return the hashes of all that the hub has, taken in or held."""
        return self.hashes() | {line.hash for line in self.held}


class Eye:
    """Reads databases; what it has read once is not decoded again."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, ...], Line] = {}

    def till(self, till: OpenTill) -> SeenTill:
        """Read a till's journal through its own reading connection."""
        db = till.journal.read()
        enrolment = till.enrolment
        seen = SeenTill(install=till.keys.install)
        if enrolment is not None:
            seen.enrolled = (enrolment.number, enrolment.name)
        for run, closed_at_ms in db.execute("SELECT run, closed_at_ms FROM run ORDER BY number"):
            seen.runs[run] = []
            if closed_at_ms is not None:
                seen.closed.add(run)
        by_place: dict[tuple[str, int], Line] = {}
        for row in db.execute(
            "SELECT e.run, e.seq, e.prev, e.hash, e.header, e.body, p.salt, p.data"
            " FROM entry e LEFT JOIN private p USING (run, seq) ORDER BY e.run, e.seq"
        ):
            line = self._line(*row)
            seen.runs[line.run].append(line)
            by_place[line.run, line.seq] = line
        marks = db.execute("SELECT run, seq, hash FROM mark")
        seen.marks = {run: (seq, own) for run, seq, own in marks}
        orders = db.execute("SELECT order_id, run, seq FROM sale_order")
        seen.orders = {order_id: by_place.get((run, seq)) for order_id, run, seq in orders}
        seen.jobs = db.execute("SELECT order_id, document, state FROM print_job").fetchall()
        return seen

    def hub(self, engine: Engine) -> SeenHub:
        """Read the hub's database."""
        seen = SeenHub()
        columns = "till, run, seq, prev, hash, header, body, salt, private"
        with hub_snapshot(engine) as connection:
            ask = connection.exec_driver_sql
            for row in ask(f"SELECT {columns} FROM entry ORDER BY till, run, seq"):
                seen.entries.setdefault((row[0], row[1]), []).append(self._line(*row[1:]))
            forks = ask(f"SELECT {columns} FROM fork ORDER BY till, run, seq, hash")
            seen.forks = [self._line(*row[1:]) for row in forks]
            held = ask(f"SELECT {columns} FROM held ORDER BY till, run, seq, hash")
            seen.held = [self._line(*row[1:]) for row in held]
            for till, terms in ask("SELECT till, terms FROM revocation"):
                marks = msgspec.json.decode(terms, type=Revocation).marks
                seen.revoked[till] = {mark.run: mark.seq for mark in marks}
            bookings = ask("SELECT till, kind, id, body_sha256, amount_fen, day FROM booking")
            seen.bookings = [tuple(row) for row in bookings]
            orders = ask("SELECT till, order_id, body_sha256, paid_fen FROM hub_order")
            seen.orders = [tuple(row) for row in orders]
            tills = ask("SELECT till, number, name FROM till")
            seen.tills = {till: (number, name) for till, number, name in tills}
            seen.alarms = {(row[0], row[1]) for row in ask("SELECT till, kind FROM alarm")}
        return seen

    def _line(
        self,
        run: str,
        seq: int,
        prev: bytes,
        own: bytes,
        header: bytes,
        body: bytes,
        salt: bytes | None,
        private: bytes | None,
    ) -> Line:
        key = (
            run.encode(),
            str(seq).encode(),
            prev,
            own,
            header,
            body,
            salt or b"",
            private or b"",
        )
        line = self._known.get(key)
        if line is None:
            line = _read(run, seq, prev, own, header, body, salt, private)
            self._known[key] = line
        return line


def _read(
    run: str,
    seq: int,
    prev: bytes,
    own: bytes,
    header_bytes: bytes,
    body: bytes,
    salt: bytes | None,
    private: bytes | None,
) -> Line:
    header = decode_header(header_bytes)
    sound = (
        hashlib.sha256(b"xuanpin.entry.1\0" + prev + header_bytes).digest() == own
        and (header.run, header.seq) == (run, seq)
        and hashlib.sha256(body).digest() == header.body_sha256
        and (
            salt is None
            or hashlib.sha256(salt + (private or b"")).digest() == header.private_sha256
        )
        and (salt is None) == (header.private_sha256 == b"")
    )
    return Line(run, seq, prev, own, header, body, sound, _order(header, body))


def _order(header: Header, body: bytes) -> Order | None:
    if header.kind != SALE:
        return None
    try:
        return msgspec.json.decode(body, type=Order)
    except ValueError:
        return None
