"""Revoked tills at the hub: until when each was its own, and the entries held beyond that."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
)

from sync.rules.entry import Entry, Private
from sync.rules.revocation import Numbered, Revocation
from sync.stores.hub_journal import entry_rows
from sync.stores.hub_rows import add_missing
from sync.stores.hub_tables import ENTRY, FORK, HELD, REVOCATION

_decode = msgspec.json.Decoder(Revocation).decode
_OF_TILL = select(REVOCATION.c.terms, REVOCATION.c.revoked_ms).where(
    REVOCATION.c.till == bindparam("till")
)


class Revoked(msgspec.Struct, frozen=True):
    """A revocation in force, and when it was made (Unix milliseconds)."""

    revocation: Revocation
    revoked_ms: int


class HeldEntry(msgspec.Struct, frozen=True):
    """An entry of a revoked till that waits for a person."""

    run: str
    seq: int
    entry: Entry
    received_ms: int


def revocation_of(connection: Connection, till: str) -> Revoked | None:
    """Return the revocation in force of the till with this install id."""
    found = connection.execute(_OF_TILL, {"till": till}).first()
    return None if found is None else Revoked(_decode(found.terms), found.revoked_ms)


def all_revocations(connection: Connection) -> dict[str, Revoked]:
    """Return the revocations in force by install id."""
    found = connection.execute(select(REVOCATION))
    return {row.till: Revoked(_decode(row.terms), row.revoked_ms) for row in found}


def put_revocation(
    connection: Connection, till: str, revocation: Revocation, revoked_ms: int
) -> None:
    """Let a revocation be in force, in place of an earlier one of that till."""
    remove_revocation(connection, till)
    row = {"till": till, "terms": msgspec.json.encode(revocation), "revoked_ms": revoked_ms}
    connection.execute(insert(REVOCATION).values(row))


def remove_revocation(connection: Connection, till: str) -> None:
    """Let no revocation of this till be in force."""
    connection.execute(delete(REVOCATION).where(REVOCATION.c.till == till))


def hold(
    connection: Connection, till: str, run: str, entries: Sequence[Numbered], received_ms: int
) -> None:
    """Hold entries for a person; one that is held already stays one row."""
    rows = [{**row, "received_ms": received_ms} for row in entry_rows(till, run, entries)]
    add_missing(connection, HELD, rows)


def held_hashes(connection: Connection, till: str, run: str, seq: int) -> frozenset[bytes]:
    """Return the hashes of what is held at one place of a run."""
    found = connection.execute(
        select(HELD.c.hash).where(HELD.c.till == till, HELD.c.run == run, HELD.c.seq == seq)
    )
    return frozenset(found.scalars())


def count_held(connection: Connection) -> dict[str, int]:
    """Count what is held by install id; what arrived another way since is held no longer."""
    found = connection.execute(
        select(HELD.c.till, func.count()).where(_not_taken_in()).group_by(HELD.c.till)
    )
    return {row[0]: row[1] for row in found}


def rows_held(connection: Connection, till: str) -> int:
    """Count what is kept for a till, whether or not it has arrived another way since."""
    counted = select(func.count()).select_from(HELD).where(HELD.c.till == till)
    return connection.execute(counted).scalar_one()


def held_entries(connection: Connection, till: str) -> list[HeldEntry]:
    """Return what is held of a till: run by run as they arrived, each in order."""
    found = connection.execute(select(HELD).where(HELD.c.till == till, _not_taken_in())).all()
    arrived: dict[str, int] = {}
    for row in found:
        arrived[row.run] = min(row.received_ms, arrived.get(row.run, row.received_ms))
    ordered = sorted(
        found, key=lambda row: (arrived[row.run], row.run, row.seq, row.received_ms, row.hash)
    )
    return [
        HeldEntry(
            row.run,
            row.seq,
            Entry(
                row.header,
                row.body,
                None if row.salt is None else Private(row.salt, row.private),
                row.prev,
                row.hash,
            ),
            row.received_ms,
        )
        for row in ordered
    ]


def let_go(connection: Connection, till: str, runs: Collection[str]) -> None:
    """Drop from what is held all that has been taken in of these runs."""
    connection.execute(
        delete(HELD).where(HELD.c.till == till, HELD.c.run.in_(runs), ~_not_taken_in())
    )


def _not_taken_in() -> ColumnElement[bool]:
    return and_(
        *(
            ~exists().where(
                table.c.till == HELD.c.till,
                table.c.run == HELD.c.run,
                table.c.seq == HELD.c.seq,
                table.c.hash == HELD.c.hash,
            )
            for table in (ENTRY, FORK)
        )
    )
