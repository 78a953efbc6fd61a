"""Programs that are wrong in one way each: small changes to the real code that the lab must notice.

A mutant names the pair of faults in whose histories it is looked for, and what it breaks.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from msgspec import structs
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from pos.services.register import Register
from sync import database
from sync.database import Database
from sync.rules import feed, marks, merge, reply, segment
from sync.rules.feed_cursor import Cursor
from sync.rules.marks import Adopt
from sync.rules.merge import Gap, Verdict
from sync.rules.refusal import Fault, Refused
from sync.rules.reply import Mark
from sync.services.hub import Hub
from sync.services.pulling import Puller
from sync.stores import hub_bookings, hub_journal
from sync.stores import journal as journals

Patch = Callable[[contextlib.ExitStack], None]
_OUR_PACKAGES = ("sync.", "membership.", "pos.", "kiosk.")


@dataclass(frozen=True)
class Mutant:
    """One wrong program: how it is made, the faults under which it shows, what then breaks.

    `seed` is of the first history in which it is looked for: one in which it shows.
    """

    name: str
    patch: Patch
    pair: tuple[str, str]
    breaks: tuple[str, ...]
    seed: int = 0

    @contextlib.contextmanager
    def lives(self) -> Iterator[None]:
        """While this lasts the program is the wrong one."""
        with contextlib.ExitStack() as undo:
            self.patch(undo)
            yield


MUTANTS: list[Mutant] = []


def mutant(
    name: str, pair: tuple[str, str], *breaks: str, seed: int = 0
) -> Callable[[Patch], Patch]:
    def add(patch: Patch) -> Patch:
        MUTANTS.append(Mutant(name, patch, pair, breaks, seed))
        return patch

    return add


def everywhere(undo: contextlib.ExitStack, right: Any, wrong: Any) -> None:
    """Replace a function in every module of ours that knows it."""
    replaced = 0
    for name, module in list(sys.modules.items()):
        if name.startswith(_OUR_PACKAGES):
            for attribute, value in list(vars(module).items()):
                if value is right:
                    undo.enter_context(mock.patch.object(module, attribute, wrong))
                    replaced += 1
    assert replaced, right


@mutant("no dedupe", ("till cloned", "till resumed"), "booked_is_what_was_received", seed=1)
def _no_dedupe(undo: contextlib.ExitStack) -> None:
    """What is delivered once more is booked once more."""
    right = hub_bookings._new
    times = iter(range(1_000_000))

    def wrong(connection: Connection, arrived: Any) -> Any:
        new, twice = right(connection, arrived)
        known = {id(one) for one in new}
        again = [one for one in arrived if id(one) not in known]
        for one in again:
            header = structs.replace(one.header, id=f"{one.header.id}~{next(times)}")
            new.append(structs.replace(one, header=header))
        return new, twice

    everywhere(undo, right, wrong)


class _Anything(set[bytes]):
    """A set of digests in which every digest is found as soon as there is one."""

    def __contains__(self, digest: object) -> bool:
        return len(self) > 0


@mutant(
    "dedupe by id without digest",
    ("till resumed", "till resumed"),
    "booked_is_what_was_received",
    "everything_that_survives_is_booked_once",
    seed=7,
)
def _dedupe_without_digest(undo: contextlib.ExitStack) -> None:
    """Another sale under a known id is taken for the one that is known."""
    right = hub_bookings._digests

    def wrong(*arguments: Any) -> dict[Any, set[bytes]]:
        return {key: _Anything(digests) for key, digests in right(*arguments).items()}

    everywhere(undo, right, wrong)


@mutant(
    "an ack that is only a counter",
    ("till resumed", "till resumed"),
    "every_mark_is_its_head",
    "acknowledged_is_at_the_hub",
    "everything_that_survives_is_booked_once",
)
def _counter_ack(undo: contextlib.ExitStack) -> None:
    """The till believes the hub's number without comparing hashes."""

    def wrong(mark: Mark, hash_at: Callable[[str, int], bytes | None]) -> Adopt:
        return Adopt(Mark(mark.run, mark.seq, hash_at(mark.run, mark.seq) or mark.hash))

    everywhere(undo, marks.decide, wrong)


@mutant(
    "a mark that never goes down",
    ("hub put back", "hub emptied"),
    "every_mark_is_its_head",
    "acknowledged_is_at_the_hub",
)
def _mark_only_up(undo: contextlib.ExitStack) -> None:
    """The till keeps what was acknowledged once, whatever the hub says later."""
    right = journals.write_mark

    def wrong(db: Any, mark: Mark) -> None:
        if mark.seq > journals.read_mark(db, mark.run).seq:
            right(db, mark)

    everywhere(undo, right, wrong)


@mutant(
    "a mark stored apart from the rows",
    ("hub's COMMIT raises, undone", "hub killed"),
    "runs_have_no_gap",
    "acknowledged_is_at_the_hub",
    "every_mark_is_its_head",
    seed=1,
)
def _mark_apart(undo: contextlib.ExitStack) -> None:
    """The hub remembers how far a run is beside its database, and not in the same transaction."""
    apart: dict[tuple[str, str], Mark] = {}
    mark_of, add_entries = hub_journal.mark_of, hub_journal.add_entries

    def remembered(connection: Connection, till: str, run: str) -> Mark:
        return apart.get((till, run)) or mark_of(connection, till, run)

    def noted(connection: Connection, till: str, run: str, entries: Any) -> None:
        add_entries(connection, till, run, entries)
        if entries:
            seq, last = entries[-1]
            apart[till, run] = Mark(run, seq, last.hash)

    everywhere(undo, mark_of, remembered)
    everywhere(undo, add_entries, noted)


class _ForkedError(Exception):
    """A segment contradicts what the hub has."""


@mutant("a fork answered 409", ("till resumed", "till resumed"), "every_mark_is_its_head", seed=5)
def _fork_refused(undo: contextlib.ExitStack) -> None:
    """The hub refuses what contradicts what it has, instead of keeping both."""
    merged, receive = merge.merge, Hub.receive

    def wrong(*arguments: Any, **known: Any) -> Any:
        verdicts = merged(*arguments, **known)
        if not isinstance(verdicts, Gap) and Verdict.FORK in verdicts:
            raise _ForkedError
        return verdicts

    def refusing(self: Hub, data: bytes) -> Any:
        try:
            return receive(self, data)
        except _ForkedError:
            return Refused("segment.fork", "The segment contradicts what is here.")

    everywhere(undo, merged, wrong)
    undo.enter_context(mock.patch.object(Hub, "receive", refusing))


@mutant(
    "a poison entry that blocks", ("hub busy", "request doubled"), "every_mark_is_its_head", seed=1
)
def _poison(undo: contextlib.ExitStack) -> None:
    """The hub refuses what it cannot read."""
    right = segment.check_segment

    def wrong(received: Any, hub_public: bytes) -> Any:
        if any(entry.body == b'{"of":"tomorrow"}' for entry in received.entries):
            return Refused("segment.unreadable", "An entry cannot be read.")
        return right(received, hub_public)

    everywhere(undo, right, wrong)


@mutant(
    "an ack before commit",
    ("hub's COMMIT raises, undone", "hub's disk full"),
    "acknowledged_is_at_the_hub",
    seed=4,
)
def _ack_before_commit(undo: contextlib.ExitStack) -> None:
    """The hub answers first, and commits if it can."""

    @contextlib.contextmanager
    def wrong(engine: Engine) -> Iterator[Connection]:
        with engine.connect() as connection:
            transaction = connection.begin()
            yield connection
            with contextlib.suppress(SQLAlchemyError):
                transaction.commit()

    everywhere(undo, database.hub_transaction, wrong)


@mutant("a gap that leaves evidence", ("hub put back", "hub emptied"), "refused_changes_nothing")
def _gap_leaves_evidence(undo: contextlib.ExitStack) -> None:
    """The hub keeps the signed head of a segment of which it stores nothing."""
    right = Hub._store

    def wrong(self: Hub, connection: Connection, till: Any, segment: Any, now_ms: int) -> Any:
        stored = right(self, connection, till, segment, now_ms)
        if not isinstance(stored, Refused) and reply.FLAG_GAP in stored[1]:
            hub_journal.add_evidence(connection, segment, now_ms)
        return stored

    undo.enter_context(mock.patch.object(Hub, "_store", wrong))


@mutant(
    "printing after a failed sync",
    ("till's COMMIT raises, lost with the power", "till killed"),
    "paid_is_durable",
    "printed_is_durable",
    seed=3,
)
def _print_unsynced(undo: contextlib.ExitStack) -> None:
    """A sale counts as soon as it can be read again."""
    right = Database.checkpoint

    def wrong(self: Database) -> None:
        with contextlib.suppress(Fault):
            right(self)
        self._doubtful = False

    undo.enter_context(mock.patch.object(Database, "checkpoint", wrong))


@mutant(
    "writing after a doubtful commit",
    ("till's COMMIT raises, lost with the power", "till killed"),
    "paid_is_durable",
    "printed_is_durable",
    seed=3,
)
def _write_on(undo: contextlib.ExitStack) -> None:
    """What follows a COMMIT that may not have been synced is written behind it."""
    undo.enter_context(mock.patch.object(Database, "_doubtful", property(_no, ignore), create=True))


def _no(_self: object) -> bool:
    return False


def ignore(*_arguments: object) -> None:
    """Do nothing."""


@mutant(
    "run continued after a restore",
    ("till put back", "till killed"),
    "every_start_has_a_run_of_its_own",
)
def _run_continued(undo: contextlib.ExitStack) -> None:
    """A process that starts sells on under the run before it."""
    right = journals.open_run

    def wrong(db: Any, till: str, stamp: Any, **options: Any) -> Any:
        newest = journals.newest_run(db)
        if newest is None or options.get("carries"):
            return right(db, till, stamp, **options)
        return journals.current(db, journals.run_by_name(db, till, newest[0]))

    everywhere(undo, right, wrong)


@mutant(
    "carts keeping their id over a restore",
    ("till put back", "till cloned"),
    "one_id_names_one_thing",
    "no_receipt_number_twice",
    seed=7,
)
def _carts_keep_ids(undo: contextlib.ExitStack) -> None:
    """A basket that is taken up again is sold under the id it had."""
    right = Register._continue

    def wrong(self: Register, _run: str, cart: Any) -> None:
        right(self, self._till.run.run, cart)

    undo.enter_context(mock.patch.object(Register, "_continue", wrong))


@mutant(
    "pruning at commit",
    ("hub put back", "hub killed"),
    "runs_have_no_gap",
    "paid_is_durable",
    "parents_are_known",
)
def _prune(undo: contextlib.ExitStack) -> None:
    """The till forgets entries as soon as they are acknowledged."""
    right = journals.write_mark

    def wrong(db: Any, mark: Mark) -> None:
        right(db, mark)
        db.execute("DROP TRIGGER IF EXISTS entry_delete")
        for table in ("private", "entry"):
            db.execute(f"DELETE FROM {table} WHERE run = ? AND seq < ?", (mark.run, mark.seq))

    everywhere(undo, right, wrong)


@mutant(
    "a closed run is never sent again",
    ("till resumed", "hub emptied"),
    "every_mark_is_its_head",
    "everything_that_survives_is_booked_once",
    seed=19,
)
def _closed_for_good(undo: contextlib.ExitStack) -> None:
    """What a hub that was put back lacks of a run that diverged stays lost to it."""
    pending = property(lambda state: 0 if state.closed else state.head_seq - state.mark_seq)
    undo.enter_context(mock.patch.object(journals.RunState, "pending", pending))


@mutant(
    "a hub that does not say what it lacks",
    ("hub emptied", "reply lost"),
    "every_mark_is_its_head",
    "everything_that_survives_is_booked_once",
    seed=14,
)
def _says_nothing(undo: contextlib.ExitStack) -> None:
    """A till hears of the run before its own alone."""
    everywhere(undo, hub_journal.missing_parents, lambda *_arguments: ())


@mutant(
    "a feed of an old epoch accepted",
    ("hub emptied", "hub put back"),
    "every_till_has_what_it_is_fed",
    seed=15,
)
def _old_epoch(undo: contextlib.ExitStack) -> None:
    """What a till has of an epoch that is over counts as if it were of this one."""
    right, step = feed.way_to, Puller._step

    def of_now(have: Cursor | None, epoch: int) -> Cursor | None:
        return have and structs.replace(have, epoch=epoch)

    def wrong(stand: Any, epoch: int, have: Cursor | None, most_steps: int) -> Any:
        return right(stand, epoch, of_now(have, epoch), most_steps)

    def wrong_step(
        self: Puller, done: Any, client: Any, overview: Any, behind: Any, tell: Any
    ) -> None:
        behind = [(stand, of_now(at, overview.epoch)) for stand, at in behind]
        step(self, done, client, overview, behind, tell)

    everywhere(undo, right, wrong)
    undo.enter_context(mock.patch.object(Puller, "_step", wrong_step))
