"""Reconciliation: is what a till journalled for a day what the hub has, to the last fen?

What a till has is known best from its own journal, else from its closing entry, else from the
running totals it last signed, and then only as of that moment. What the hub has is what it
booked, what it holds, and what it could not read. A till agrees only if both are the same in
count and money for every kind and the hub has the till's chain up to its head; or, of a closed
day, up to the closing entry.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import structs

from sync.rules.center_day import Closing, Listed, Matter, Settled, TillDay
from sync.rules.center_day import Gap as MissingEntries
from sync.rules.closing import DAY_CLOSED
from sync.rules.reply import Mark
from sync.rules.totals import NOTHING, Total, by_kind

FRESH_MS = 3 * 60 * 1000

State = Literal["agrees", "pending", "differs", "unheard"]
Source = Literal["journal", "closing", "running", "none"]


class Own(msgspec.Struct, frozen=True):
    """The till at which a person reconciles, from its own journal.

    `totals` are those of the day by kind, `heads` the last places of all its runs that were not
    closed; `pending` entries were not acknowledged by the hub.
    """

    till: str
    totals: Mapping[str, Total]
    heads: Mapping[str, Mark]
    pending: int
    oldest_pending_ms: int | None


class KindRow(msgspec.Struct, frozen=True):
    """One kind on both sides; `journalled` is None where nobody knows what the till has.

    `heard` is False where the hub has never said what it has.
    """

    kind: str
    journalled: Total | None
    booked: Total
    held: Total
    uninterpreted: Total
    heard: bool = True

    @property
    def arrived(self) -> Total:
        """All that the hub is known to have of this kind."""
        return self.booked + self.held + self.uninterpreted

    @property
    def at_hub(self) -> Total | None:
        """What to show of the hub's side; None where it is not known."""
        return self.arrived if self.heard else None

    @property
    def missing(self) -> Total:
        """What the till has beyond what the hub has; negative where the hub has more."""
        if self.journalled is None or not self.heard:
            return NOTHING
        return self.journalled - self.arrived


class Reconciled(msgspec.Struct, frozen=True):
    """How one till stands with the hub for a day.

    `told_ms` is the moment (by the hub's clock) that the till's side is known of, None for now or
    never. `oldest_pending_ms` is the till's wall time of its first entry not at the hub.
    """

    till: str
    number: int
    name: str
    own: bool
    revoked: bool
    state: State
    source: Source
    told_ms: int | None
    rows: tuple[KindRow, ...]
    pending: int
    oldest_pending_ms: int | None
    closing: Closing | None
    gaps: tuple[MissingEntries, ...]
    exceptions: tuple[Matter, ...]
    exceptions_left: int
    settled: tuple[Settled, ...]

    @property
    def differing(self) -> tuple[KindRow, ...]:
        """The kinds of which both sides do not have the same."""
        return tuple(row for row in self.rows if row.missing != NOTHING)


class _TillSide(msgspec.Struct, frozen=True):
    source: Source
    totals: Mapping[str, Total] | None
    told_ms: int | None = None
    pending: int = 0
    oldest_pending_ms: int | None = None


def reconcile(day: str, hub: TillDay, own: Own | None, now_ms: int, day_ends_ms: int) -> Reconciled:
    """Reconcile one till; `own` is its own journal where that is at hand.

    `now_ms` and `day_ends_ms` (the first moment of the next calendar day) are by the hub's clock.
    """
    closing = max(hub.closings, key=lambda each: each.at_ms, default=None)
    side = _own_side(own) if own is not None else _told_side(day, hub, closing)
    rows = _rows(hub, side.totals)
    return Reconciled(
        till=hub.till,
        number=hub.number,
        name=hub.name,
        own=own is not None,
        revoked=hub.revoked,
        state=_state(hub, own, side, rows, heard_ms=min(day_ends_ms, now_ms - FRESH_MS)),
        source=side.source,
        told_ms=side.told_ms,
        rows=rows,
        pending=side.pending,
        oldest_pending_ms=side.oldest_pending_ms,
        closing=closing,
        gaps=hub.gaps,
        exceptions=hub.exceptions,
        exceptions_left=hub.exceptions_left,
        settled=hub.settled,
    )


def alone(own: Own, name: str, number: int) -> Reconciled:
    """Show the own till by itself, where nothing was ever heard from the hub."""
    side = _own_side(own)
    hub = TillDay(
        till=own.till,
        number=number,
        name=name,
        revoked=False,
        booked=(),
        uninterpreted=(),
        held=(),
        marks=(),
        gaps=(),
        closings=(),
        told=None,
        exceptions=(),
        exceptions_left=0,
    )
    return Reconciled(
        till=own.till,
        number=number,
        name=name,
        own=True,
        revoked=False,
        state="pending" if own.pending else "unheard",
        source="journal",
        told_ms=None,
        rows=tuple(structs.replace(row, heard=False) for row in _rows(hub, side.totals)),
        pending=own.pending,
        oldest_pending_ms=own.oldest_pending_ms,
        closing=None,
        gaps=(),
        exceptions=(),
        exceptions_left=0,
        settled=(),
    )


def _own_side(own: Own) -> _TillSide:
    return _TillSide("journal", own.totals, None, own.pending, own.oldest_pending_ms)


def _told_side(day: str, hub: TillDay, closing: Closing | None) -> _TillSide:
    told = hub.told
    standing = told.standing if told else None
    pending = standing.pending if standing else 0
    oldest_ms = standing.oldest_pending_ms if standing and standing.pending else None
    told_ms = told.received_ms if told else None
    if closing is not None:
        totals = by_kind(closing.said.totals) | {DAY_CLOSED: Total(1, 0)}
        return _TillSide("closing", totals, told_ms, pending, oldest_ms)
    if standing is None:
        return _TillSide("none", None)
    named = next((each for each in standing.days if each.day == day), None)
    if named is not None:
        return _TillSide("running", by_kind(named.kinds), told_ms, pending, oldest_ms)
    all_named = len(standing.days) == standing.open_days
    nothing: Mapping[str, Total] | None = {} if all_named and not pending else None
    return _TillSide("running", nothing, told_ms, pending, oldest_ms)


def _rows(hub: TillDay, totals: Mapping[str, Total] | None) -> tuple[KindRow, ...]:
    booked, held = by_kind(hub.booked), by_kind(hub.held)
    uninterpreted = by_kind(hub.uninterpreted)
    kinds = {*booked, *held, *uninterpreted, *(totals or {})}
    return tuple(
        KindRow(
            kind,
            None if totals is None else totals.get(kind, NOTHING),
            booked.get(kind, NOTHING),
            held.get(kind, NOTHING),
            uninterpreted.get(kind, NOTHING),
        )
        for kind in sorted(kinds)
    )


def _state(
    hub: TillDay, own: Own | None, side: _TillSide, rows: Sequence[KindRow], heard_ms: int
) -> State:
    if side.totals is None:
        return "pending" if side.pending else "unheard"
    marks = {mark.run: mark for mark in hub.marks}
    head = _told_head(hub)
    behind = _behind(own.heads.values() if own else [head] if head else [], marks)
    if behind is None or any(row.missing.count < 0 for row in rows):
        return "differs"
    same = all(row.missing == NOTHING for row in rows)
    if same and hub.closings and not hub.gaps:
        return "agrees"  # whatever is on its way now counts for another day
    if behind or side.pending or hub.gaps:
        return "pending"
    if not same:
        return "differs"
    if own is not None:
        return "agrees"
    heard = side.source == "closing" or (side.told_ms or 0) >= heard_ms
    return "agrees" if heard else "unheard"


def _told_head(hub: TillDay) -> Mark | None:
    if hub.told is None:
        return None
    standing = hub.told.standing
    return Mark(standing.run, standing.seq, standing.hash)


def _behind(heads: Collection[Mark], marks: Mapping[str, Mark]) -> bool | None:
    """Tell whether the hub is behind one of these heads; None if it has another entry there.

    Only runs of which the hub told its mark are compared. One that is ahead has heard more since.
    """
    behind = False
    for head in heads:
        mark = marks.get(head.run)
        if mark is None:
            continue
        if mark.seq < head.seq:
            behind = True
        elif mark.seq == head.seq and mark.hash != head.hash:
            return None
    return behind


class Differing(msgspec.Struct, frozen=True):
    """What only one side has of a till's day: by kind, id and content."""

    only_here: tuple[Listed, ...]
    only_at_hub: tuple[Listed, ...]


def compare(here: Sequence[Listed], at_hub: Sequence[Listed]) -> Differing:
    """Compare entry by entry; the same thing may stand in another run after a divergence.

    >>> a, b = Listed("sale", "1", b"x", "1-aa", 2, 100), Listed("sale", "2", b"y", "1-aa", 3, 50)
    >>> moved = Listed("sale", "1", b"x", "2-bb", 7, 100)
    >>> different = compare([a, b], [moved])
    >>> [each.id for each in different.only_here], different.only_at_hub
    (['2'], ())
    """
    ours = {_identity(each): each for each in here}
    theirs = {_identity(each): each for each in at_hub}
    return Differing(
        tuple(each for key, each in ours.items() if key not in theirs),
        tuple(each for key, each in theirs.items() if key not in ours),
    )


def _identity(listed: Listed) -> tuple[str, str, bytes]:
    return (listed.kind, listed.id, listed.body_sha256)
