"""What must hold of closed days: counted here from entries and their hashes, not as the code does.

Every invariant's docstring is the sentence that is checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from .seen import Line, SeenHub

if TYPE_CHECKING:
    from .world import World

CLOSED = "day_closed"
Thing = tuple[str, str, str, bytes]
Sums = Mapping[str, tuple[int, int]]  # by kind: how many, and their amount in fen


@dataclass(frozen=True)
class Closing:
    """An entry that closes a day: what it says, and what its own chain has of that day before it.

    `entries` are those of the day, `things` what they say, each once.
    """

    line: Line
    day: str
    says: Sums
    entries: tuple[Line, ...]
    things: Mapping[Thing, int]


@dataclass
class ClosedDays:
    """Every closing that any till wrote, and what was journalled for a day closed before it."""

    closings: dict[bytes, Closing] = field(default_factory=dict)
    late: list[Line] = field(default_factory=list)
    _before: dict[bytes, tuple[Closing, ...]] = field(default_factory=dict)

    def follow(self, written: Mapping[bytes, Line]) -> None:
        """Read what was written since the last time; an entry comes behind the one before it."""
        for line in islice(written.values(), len(self._before), None):
            before = self._before.get(line.prev, ())
            if any(_is_late(line, closing) for closing in before):
                self.late.append(line)
            if line.header.kind == CLOSED:
                self.closings[line.hash] = closing = _closing(line, written)
                before = (*before, closing)
            self._before[line.hash] = before


def a_closing_says_what_its_chain_has(world: World) -> Iterator[str]:
    """A closing's totals are what its till journalled for the day, in count and money."""
    world.closed_days.follow(world.written)
    for closing in world.closed_days.closings.values():
        journalled = _sums((kind, fen) for (_, kind, _, _), fen in closing.things.items())
        if closing.says != journalled:
            yield f"{_name(closing)} says {closing.says}, journalled are {journalled}"


def a_closed_day_takes_nothing_more(world: World) -> Iterator[str]:
    """Behind a closing nothing is journalled for its day but what was journalled before it."""
    world.closed_days.follow(world.written)
    for line in world.closed_days.late:
        yield f"{line.run} {line.seq}: a {line.header.kind} of {line.header.day}, which was closed"


def closed_days_agree(world: World) -> Iterator[str]:
    """Where the hub has a closing, booked + held of that day is what was journalled before it.

    What the hub lacks (a part came on no stick, or was lost with its disk) or has beyond that (the
    till's data was copied) a manager is told of. After quiet it lacks nothing that survives.
    """
    hub, known = world.seen_hub, world.closed_days
    known.follow(world.written)
    if not known.closings:
        return
    stored = hub.stored()
    arrived = [closing for own, closing in known.closings.items() if own in stored]
    has = _things_by_day(hub) if arrived else {}
    for closing in arrived:
        at_hub = has.get((closing.line.header.till, closing.day), {})
        came = {line.thing for line in closing.entries if line.hash in stored}
        counted = {thing: fen for thing, fen in at_hub.items() if thing in closing.things}
        sums = _sums((kind, fen) for (_, kind, _, _), fen in counted.items())
        if counted.keys() != came or (came == closing.things.keys() and sums != closing.says):
            yield f"{_name(closing)} says {closing.says}, booked and held are {sums}"
        more = at_hub.keys() - closing.things.keys() - {closing.line.thing}
        if (more or came != closing.things.keys()) and not _tells(hub, closing):
            less = len(closing.things) - len(came)
            yield f"{_name(closing)}: the hub has {len(more)} more, {less} less, and says nothing"


INVARIANTS = (a_closing_says_what_its_chain_has, a_closed_day_takes_nothing_more, closed_days_agree)


def _is_late(line: Line, closing: Closing) -> bool:
    """Tell whether an entry behind a closing is new to its day; what a new run carries is not."""
    known = line.thing in closing.things or line.thing == closing.line.thing
    return line.header.day == closing.day and not known


def _closing(line: Line, written: Mapping[bytes, Line]) -> Closing:
    body = msgspec.json.decode(line.body)
    day, entries = body["day"], []
    before = written.get(line.prev)
    while before is not None:
        if before.header.day == day and before.thing != line.thing:
            entries.append(before)
        before = written.get(before.prev)
    return Closing(
        line=line,
        day=day,
        says={kind: (count, fen) for kind, count, fen in body["totals"]},
        entries=tuple(entries),
        things={each.thing: each.header.amount_fen for each in entries},
    )


def _things_by_day(hub: SeenHub) -> dict[tuple[str, str], dict[Thing, int]]:
    """Return what the hub has booked or holds, each thing once, by till and day."""
    found: dict[tuple[str, str], dict[Thing, int]] = {}
    for till, kind, id_, digest, fen, day in hub.bookings:
        found.setdefault((till, day), {})[till, kind, id_, digest] = fen
    for line in hub.held:
        of_day = found.setdefault((line.header.till, line.header.day), {})
        of_day.setdefault(line.thing, line.header.amount_fen)
    return found


def _tells(hub: SeenHub, closing: Closing) -> bool:
    """Tell whether a manager is told of more than a closing says: a branch, or an exception.

    Of what is held nothing is compared before a person has released it.
    """
    till = closing.line.header.till
    kinds = {kind for own, kind in hub.alarms if own == till}
    waits = {"held"} if any(line.header.till == till for line in hub.held) else set()
    return bool(kinds & {"branch", "fork", "exception", *waits})


def _sums(amounts: Iterable[tuple[str, int]]) -> dict[str, tuple[int, int]]:
    counts: Counter[str] = Counter()
    fen: Counter[str] = Counter()
    for kind, amount_fen in amounts:
        counts[kind] += 1
        fen[kind] += amount_fen
    return {kind: (count, fen[kind]) for kind, count in counts.items()}


def _name(closing: Closing) -> str:
    return f"closing {closing.line.run} {closing.line.seq} of {closing.day}"
