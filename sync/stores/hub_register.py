"""Keeping the register: an act is written to the second medium first, then into the database.

Whoever acts takes `up_to_date` first, in the act's own transaction: it is alone with the register
until that ends, and brings in what the second medium has and the database lacks, because the
database was put back, or because its last commit failed after the record was written. Such a
record is carried out late, which harms nobody: what it granted never left the hub.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, insert, select

from sync.keys import HubKeys
from sync.package import FeedRow
from sync.rules import register as registers
from sync.rules.certificate import Certificate, read
from sync.rules.refusal import N_, Fault, Refused, Words
from sync.rules.register import (
    Act,
    Fed,
    Granted,
    Record,
    Reinstated,
    Withdrawn,
    Written,
)
from sync.rules.reply import Mark
from sync.rules.revocation import FEED, Revocation, fed
from sync.second_medium import SecondMedium
from sync.stores import hub_feeds, hub_revocations, hub_tills, hub_tokens
from sync.stores.hub_locks import REGISTER, alone
from sync.stores.hub_tables import ACT
from sync.stores.hub_tills import Till

_DATABASE = Words(N_("the database"))
_ORIGIN = Mark("", 0, registers.ORIGIN)


class Register(msgspec.Struct, frozen=True):
    """Who signs the register, and where it is kept a second time (None: nowhere)."""

    keys: HubKeys
    medium: SecondMedium | None


def up_to_date(connection: Connection, register: Register) -> int:
    """Be alone with the register until the transaction ends; bring both copies up to date.

    Returns how many records the database lacked. Raises `Fault` if the second medium cannot be
    used, was altered, or does not hold this register.
    """
    alone(connection, REGISTER)
    if register.medium is None:
        return 0
    head = head_of(connection)
    lines = register.medium.lines()
    if not lines and head.seq:
        raise Fault(_empty(register.medium, head.seq))
    _agree(connection, register.medium, lines, head)
    if len(lines) < head.seq:
        write_missing(connection, register.medium, len(lines))
    for line in lines[head.seq :]:
        written = _read_line(register, line, head_of(connection))
        _keep(connection, register, written)
    return max(0, len(lines) - head.seq)


def begin(connection: Connection, register: Register) -> None:
    """Let the second medium hold the register, also where it held nothing before.

    Raises `Fault` if it holds something else than the beginning of this register, or more.
    """
    assert register.medium is not None
    alone(connection, REGISTER)
    lines, head = register.medium.lines(), head_of(connection)
    _agree(connection, register.medium, lines, head)
    write_missing(connection, register.medium, len(lines))


def record(connection: Connection, register: Register, act: Act, at_ms: int) -> None:
    """Write an act to the second medium, then into the database, and carry it out.

    `up_to_date` came before, in this transaction. Raises `Fault`, and nothing is changed, if the
    second medium does not take it.
    """
    record_all(connection, register, (act,), at_ms)


def record_all(connection: Connection, register: Register, acts: Iterable[Act], at_ms: int) -> None:
    """Record several acts as `record` does one: the second medium takes all of them, or none.

    A power cut leaves it all or none, too; if it has them and the database does not, they are
    carried out late, together.
    """
    head = head_of(connection)
    written: list[Written] = []
    for act in acts:
        new = Record(head.seq + 1, head.hash, register.keys.hub_id, at_ms, act)
        written.append(registers.write(new, register.keys.sign))
        head = Mark("", new.seq, written[-1].hash)
    if register.medium is not None and written:
        register.medium.append(*(each.line for each in written))
    for each in written:
        _keep(connection, register, each)


def adopt_unrecorded(
    connection: Connection,
    register: Register,
    feeds: Iterable[str],
    centers: Mapping[int, str],
    at_ms: int,
) -> None:
    """Record the certificates that came about without the register, and what these feeds hold.

    `centers` are the names of centers by number, for a till that its certificate moved.
    A till that came back by its certificate has one, and every till enrolled by a version that
    kept no register. A feed of which nothing is recorded was published by such a version.
    """
    acts = [each.record.act for each in check_database(connection, register)]
    known = {act.certificate for act in acts if isinstance(act, Granted)}
    for till, data in hub_tills.all_certificates(connection):
        if data not in known:
            center_name = _center_name(register, till, data, centers)
            record(connection, register, Granted(till.name, center_name, data), at_ms)
    recorded = {act.feed for act in acts if isinstance(act, Fed)}
    for feed in feeds:
        if feed not in recorded:
            rows = ((0, row) for row in hub_feeds.all_fed(connection, feed))
            record_all(connection, register, registers.fed_acts(feed, rows), at_ms)


def _center_name(register: Register, till: Till, data: bytes, centers: Mapping[int, str]) -> str:
    certificate = read(data, register.keys.public)
    assert isinstance(certificate, Certificate), "the hub signed what it recorded"
    if certificate.center == till.center:
        return till.center_name
    return hub_tills.name_of(certificate.center, centers)


def head_of(connection: Connection) -> Mark:
    """Return seq and hash of the last record in the database."""
    found = connection.execute(
        select(ACT.c.seq, ACT.c.hash).order_by(ACT.c.seq.desc()).limit(1)
    ).first()
    return _ORIGIN if found is None else Mark("", found.seq, found.hash)


def write_missing(connection: Connection, medium: SecondMedium, count: int) -> None:
    """Write to a medium that has the first `count` records those that follow."""
    found = connection.execute(select(ACT).where(ACT.c.seq > count).order_by(ACT.c.seq))
    for row in found:
        medium.append(registers.line_of(row.content, row.signature))


def check_database(connection: Connection, register: Register) -> list[Written]:
    """Return every record in the database; raises `Fault` if one is not what this hub signed."""
    checked: list[Written] = []
    prev = registers.ORIGIN
    for row in connection.execute(select(ACT).order_by(ACT.c.seq)):
        written = registers.read(
            row.content,
            row.signature,
            seq=len(checked) + 1,
            prev=prev,
            hub_public=register.keys.public,
        )
        if written is None:
            raise Fault(registers.altered(_DATABASE, len(checked) + 1))
        checked.append(written)
        prev = written.hash
    return checked


def check_medium(register: Register) -> list[Written]:
    """Return every record on the second medium; raises `Fault` at the first altered one."""
    checked: list[Written] = []
    head = _ORIGIN
    for line in register.medium.lines() if register.medium else ():
        written = _read_line(register, line, head)
        checked.append(written)
        head = Mark("", written.record.seq, written.hash)
    return checked


def _read_line(register: Register, line: bytes, head: Mark) -> Written:
    assert register.medium is not None
    written = registers.read_line(
        line, seq=head.seq + 1, prev=head.hash, hub_public=register.keys.public
    )
    if written is None:
        raise Fault(registers.altered(register.medium.path, head.seq + 1))
    return written


def _agree(
    connection: Connection, medium: SecondMedium, lines: Sequence[bytes], head: Mark
) -> None:
    """Check that the last record which both have is the same; the chain vouches for the rest."""
    both = min(len(lines), head.seq)
    if not both:
        return
    row = connection.execute(select(ACT).where(ACT.c.seq == both)).one()
    if registers.line_of(row.content, row.signature) != lines[both - 1] + b"\n":
        raise Fault(registers.altered(medium.path, both))


def _keep(connection: Connection, register: Register, written: Written) -> None:
    """Put a record into the database and carry it out."""
    row = {
        "seq": written.record.seq,
        "hash": written.hash,
        "content": written.content,
        "signature": written.signature,
    }
    connection.execute(insert(ACT).values(row))
    act, at_ms = written.record.act, written.record.at_ms
    if isinstance(act, Granted):
        _grant(connection, register, act, at_ms)
    elif isinstance(act, Fed):
        hub_feeds.put(connection, act.feed, act.rows)
    elif isinstance(act, Withdrawn):
        hub_tokens.remove(connection, act.token_sha256)
    elif isinstance(act, Reinstated):
        hub_revocations.remove_revocation(connection, act.till)
        _feed(connection, act.till, None)
    else:
        hub_revocations.put_revocation(connection, act.till, act.terms, at_ms)
        _feed(connection, act.till, act.terms)


def _grant(connection: Connection, register: Register, act: Granted, at_ms: int) -> None:
    """Enrol a till or renew it; a name or number that another till has meanwhile stays there."""
    certificate = read(act.certificate, register.keys.public)
    assert isinstance(certificate, Certificate), "the hub signed what it recorded"
    install = certificate.install
    known = hub_tills.till_of(connection, install)
    namesake = hub_tills.till_named(connection, act.name)
    taken = namesake is not None and namesake.till != install
    name = act.name if not taken else known.name if known else f"#{certificate.number:03d}"
    number_taken = hub_tills.till_numbered(connection, certificate.number)
    if known is not None or number_taken is None:
        number = known.number if known else certificate.number
        place = (certificate.center, act.center_name)
        if known is not None and hub_tills.knows_later_certificate(connection, certificate):
            place = (known.center, known.center_name)  # where it was moved since
        till = Till(install, number, name, *place)
        hub_tills.put_till(connection, till, at_ms)
    hub_tills.add_certificate(connection, certificate, act.certificate)


def _feed(connection: Connection, till: str, revocation: Revocation | None) -> None:
    hub_feeds.put(connection, FEED, [(0, FeedRow(till, fed(revocation)))])


def _empty(medium: SecondMedium, count: int) -> Refused:
    return Refused(
        "medium.empty",
        N_("The second medium at {path} holds no register; records in this hub's: {count}."),
        N_("Mount the right disk, or begin on this one with `xuanpin sync medium --begin`."),
        {"path": medium.directory, "count": count},
    )
