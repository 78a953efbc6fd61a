"""The hub takes entries in: appended to their run or kept as forks, booked, alarms raised."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from sync.package import Arrived, HubSecrets, Package, Projection
from sync.rules import reply
from sync.rules.origins import origin_of
from sync.rules.revocation import Numbered, Sorted
from sync.stores import hub_alarms, hub_bookings, hub_closings, hub_journal
from sync.stores.hub_tills import Till

Raised = tuple[str, str, int, str]  # an alarm: kind, run, seq, about


class Books(msgspec.Struct, frozen=True):
    """How a hub books: the projections by kind, every kind it knows, and its keys."""

    projections: Mapping[str, Projection]
    kinds: frozenset[str]
    keys: HubSecrets


def books_of(packages: Sequence[Package], keys: HubSecrets) -> Books:
    """Return how a hub books what these packages declare."""
    projections = {p.kind: p for package in packages for p in package.projections()}
    declared = {kind.name for package in packages for kind in package.kinds}
    return Books(projections, frozenset(declared | set(projections)), keys)


def take_in(
    connection: Connection, books: Books, till: Till, run: str, taken: Sorted, now_ms: int
) -> set[str]:
    """Append and book a run's entries as they were sorted; return what is to be flagged."""
    hub_journal.add_entries(connection, till.till, run, taken.appended)
    hub_journal.add_forks(connection, till.till, run, taken.forks)
    raised: list[Raised] = [(reply.FLAG_FORK, run, 0, "")] if taken.forks else []
    raised += _note_parent(connection, till.till, run, taken.appended)
    raised += [
        (reply.FLAG_BRANCH, where, seq, "")
        for where, seq in hub_journal.branches(connection, till.till, run)
    ]
    # Forks are booked as well: two continuations of a copied journal are both real sales.
    arrived = [
        Arrived(entry.header, entry.body, entry.private, till.name, till.center_name)
        for _, entry in [*taken.appended, *taken.forks]
    ]
    booked = hub_bookings.book(connection, books.projections, books.kinds, books.keys, arrived)
    raised += [(reply.FLAG_EXCEPTION, "", 0, about) for about in booked.contradicted]
    raised += [(reply.FLAG_UNINTERPRETED, where, 0, kind) for where, kind in booked.uninterpreted]
    raised += hub_closings.odd_closings(connection, till.till, booked.new)
    raise_alarms(connection, till.till, raised, now_ms, renewed=bool(booked.new))
    return {kind for kind, _, _, _ in raised}


def raise_alarms(
    connection: Connection, till: str, raised: Sequence[Raised], now_ms: int, *, renewed: bool
) -> None:
    """Raise alarms; `renewed` if something of them is new, so that a settled one is open again.

    A branch stays the one it was: what is sold on it is no news, unless on both of its lines.
    """
    hub_bookings.add_alarms(connection, till, raised, now_ms)
    if renewed:
        news = [alarm for alarm in raised if alarm[0] != reply.FLAG_BRANCH]
        hub_alarms.renew(connection, till, news, now_ms)


def renew_branch(connection: Connection, till: str, run: str, before: str, now_ms: int) -> None:
    """Open a settled branch again if both of its lines go on: two machines sell with one key.

    `run` has just gone on, the run `before` was the last that did. A till that was put back from a
    backup goes on by one line only.
    """
    place = hub_journal.parting(connection, till, run, before)
    if place is not None:
        hub_alarms.renew(connection, till, [(reply.FLAG_BRANCH, *place, "")], now_ms)


def _note_parent(
    connection: Connection, till: str, run: str, appended: Sequence[Numbered]
) -> list[Raised]:
    """Remember where a run goes on from when its first entry arrives; alarm if it does not say."""
    if not appended or appended[0][0] != 1:
        return []
    origin = origin_of(appended[0][1])
    if origin is None:
        return [(reply.FLAG_BRANCH, run, 1, "no parent")]
    hub_journal.add_run(connection, till, run, origin)
    return []
