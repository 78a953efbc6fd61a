"""A till in use by a process: opened under its lock, closed again, selling under a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Literal

import msgspec

from sync import ballast
from sync.database import CommitUnknown, Database
from sync.disk_faults import disk_faults
from sync.keys import TillKeys, read_phone_key
from sync.lock import SellingLock, Writing, unusable
from sync.reference import Reference, damage
from sync.reference_damage import ReferenceDamaged, means_damage, with_remedy
from sync.rules.days import china_day
from sync.rules.entry import Draft
from sync.rules.hub_clock import certain_ms
from sync.rules.ids import ENTROPY_BYTES, uuid7
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.runs import CLOCK_JUMP, TAG_BYTES, ClockJump, Run, Stamp, clock_jump
from sync.rules.till_name import bad_till_name
from sync.services.till_databases import open_files
from sync.setup import CenterSettings, Setup
from sync.sqlite_driver import SqliteError
from sync.stores import day_totals
from sync.stores import journal as journals
from sync.stores.chain import check_tail
from sync.stores.contacts import read_hub_clock
from sync.stores.enrolment import Enrolment, read_enrolment
from sync.till_files import check_there

_TAIL_ENTRIES = 100
_SERVING: frozenset[str] = frozenset({"counter", "sell"})
_SELLING: frozenset[str] = _SERVING | {"close", "clock"}
_BEGINNING: frozenset[str] = frozenset({"counter", "sell", "import", "enrol", "demo"})


class OpenTill(msgspec.Struct):
    """A till in use by this process: close it, or use it as a context manager.

    `damage` says what was wrong with its reference data when it was opened, and what helps.
    """

    setup: Setup
    directory: Path
    journal: Database
    _reference: Reference | None
    damage: Refused | None
    keys: TillKeys
    _boot: str
    _lock: SellingLock | None = None
    _run: Run | None = msgspec.field(default=None)

    @property
    def reference(self) -> Reference:
        """The reference data. Raises `ReferenceDamaged` where it could not be opened."""
        if self._reference is None:
            assert self.damage is not None, "there is no other reason"
            raise ReferenceDamaged(self.damage)
        return self._reference

    def reference_damage(self) -> Refused | None:
        """Look through all the reference data; say what is damaged now, and what helps.

        That takes a second per some hundred megabytes. Raises `Fault` if it cannot be told.
        """
        found = damage(self.directory)
        return found and with_remedy(found, enrolled=self.enrolment is not None)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Raise `Fault` for what the disk makes SQLite raise; damaged reference data is named."""
        try:
            with disk_faults(self.directory):
                yield
        except Fault as fault:
            self._name_damage(fault)
            raise

    def _name_damage(self, error: BaseException | None) -> None:
        """Raise `ReferenceDamaged` if that is what an error comes from; the journal may be it."""
        if means_damage(error) and not isinstance(error, ReferenceDamaged):
            found = self.reference_damage()
            if found is not None:
                raise ReferenceDamaged(found) from error

    @property
    def run(self) -> Run:
        """The run under which this process sells; only a till opened for selling has one."""
        assert self._run is not None, "this till was opened for reading"
        return self._run

    @property
    def sells(self) -> bool:
        """Tell whether this process has a run of its own."""
        return self._run is not None

    @property
    def enrolment(self) -> Enrolment | None:
        """Return the enrolment as it stands now; None before the till is enrolled."""
        return read_enrolment(self.journal.read())

    @property
    def phone_key(self) -> bytes | None:
        """Return the center's phone-hash key; None before the till is enrolled."""
        return read_phone_key(self.directory)

    def stamp(self) -> Stamp:
        """Return this moment by both clocks."""
        clock = self.setup.clock
        return Stamp(clock.now_ms(), clock.monotonic_ms(), self._boot)

    def now_ms(self) -> int:
        """Return this moment in Unix milliseconds."""
        return self.setup.clock.now_ms()

    def today(self) -> date:
        """Return the day in China."""
        return china_day(self.now_ms())

    def certain_day(self) -> date:
        """Return the day in China to judge memberships by, whatever the wall clock was set to."""
        return china_day(certain_ms(read_hub_clock(self.journal.read()), self.stamp()))

    def business_day(self) -> str:
        """Return the business day (ISO date) for which what happens now counts.

        It is the day in China; once that is closed here, the next day that is open.
        """
        return day_totals.first_open(self.journal.read(), self.today())

    def new_id(self) -> str:
        """Make a UUIDv7."""
        return uuid7(self.now_ms(), os.urandom(ENTROPY_BYTES))

    def sell_under(self, run: Run) -> None:
        """Sell under another run from now on: the one that took over a diverged run."""
        assert self._run is not None
        self._run = run

    def close(self) -> None:
        """Close the databases and let another process sell."""
        self.journal.close()
        if self._reference is not None:
            self._reference.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> OpenTill:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._name_damage(error)
        finally:
            self.close()


def open_till(
    setup: Setup,
    to: Literal["read"] | Writing,
    *,
    begin: bool = False,
    closed_by: str = "",
    day: date | None = None,
) -> OpenTill | Refused:
    """Open this till's databases; what begins a till's work creates them, and `begin` does.

    To read is possible beside an open counter; everything else takes the selling lock, and
    the counter, a sale, the closing of a day and a lowered clock open a new run, which counts for
    `day` (None: today) or the next open one. `closed_by` is the key that will close the counter.
    Refused, before anything is made, if its center is not configured, its journal is lost or there
    is nothing of it to read; if another process sells, if key and journal do not belong together,
    if the journal's tail is broken, or to sell with damaged goods or for a center not its own.
    Raises `Fault`.
    """
    refused = _misconfigured(setup)
    if refused is not None:
        return refused
    directory = setup.till_directory
    try:
        refused = check_there(setup, begins=begin or to in _BEGINNING)
        if refused is not None:
            return refused
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Fault(unusable(directory, error.strerror)) from error
    lock = None
    with ExitStack() as undo:
        if to != "read":
            lock = SellingLock(directory)
            taken = lock.take(to, closed_by)
            if taken is not None:
                return taken
            undo.callback(lock.release)
        try:
            till = _open(setup, directory, lock)
            if isinstance(till, Refused):
                return till
            undo.callback(till.close)
            refused = _begin(till, day or till.today(), to) if to in _SELLING else None
        except (SqliteError, CommitUnknown) as error:
            raise Fault(unusable(directory, error)) from error
        if refused is not None:
            return refused
        undo.pop_all()
        return till


def _misconfigured(setup: Setup) -> Refused | None:
    center = setup.center()
    if isinstance(center, Refused):
        return center
    refused = bad_till_name(setup.till.id)
    if refused is None:
        return None
    return Refused(
        refused.reason,
        N_("{path}: till.id: “{name}” cannot be the name of a till."),
        refused.hint,
        {"path": setup.settings.path, **refused.values},
    )


def _open(setup: Setup, directory: Path, lock: SellingLock | None) -> OpenTill | Refused:
    files = open_files(setup, directory, to_write=lock is not None)
    if isinstance(files, Refused):
        return files
    found = files.reference
    opened, damaged = (found, None) if isinstance(found, Reference) else (None, found)
    boot = setup.clock.boot_id()
    till = OpenTill(setup, directory, files.journal, opened, damaged, files.keys, boot, lock)
    if damaged is not None:
        till.damage = with_remedy(damaged, enrolled=till.enrolment is not None)
    return till


def _begin(till: OpenTill, counts_for: date, to: str) -> Refused | None:
    """Check the journal's tail and open this process's run, in one transaction.

    A day is closed without goods and without ballast; nothing is sold without them.
    """
    if till.damage is not None and to in _SERVING:
        return till.damage
    moved = other_center(till)
    if moved is not None:
        return moved
    with till.journal.transaction() as db:
        newest = journals.newest_run(db)
        if newest is not None:
            broken = check_tail(db, till.keys.install, newest[0], _TAIL_ENTRIES)
            if broken is not None:
                return broken
        stamp = till.stamp()
        jump = 0
        if newest is not None:
            latest = max(newest[1].at_ms, journals.last_entry(db, newest[0]).header.at_ms)
            jump = clock_jump(newest[1], latest, stamp)
        day = day_totals.first_open(db, counts_for)
        run = journals.open_run(
            db,
            till.keys.install,
            stamp,
            tag=os.urandom(TAG_BYTES),
            entry_id=till.new_id(),
            day=day,
            parent=journals.next_parent(db),
        )
        if jump:
            body = msgspec.json.encode(ClockJump(jump_ms=jump))
            journals.append(db, run, stamp, Draft(CLOCK_JUMP, till.new_id(), day, 0, body))
    till._run = run
    if to in _SERVING:
        ballast.lay(till.directory)
    return None


def other_center(till: OpenTill) -> Refused | None:
    """Refuse to sell in another center than the one the till is enrolled for.

    Its goods would be one center's, its members and the end of its day the other's.
    """
    enrolment, center = till.enrolment, till.setup.center()
    if enrolment is None or isinstance(center, Refused) or enrolment.center == center.number:
        return None
    names = {each.number: name for name, each in till.setup.settings.named(CenterSettings).items()}
    return Refused(
        "till.other_center",
        N_("Till {till} is enrolled for {enrolled}, but is to sell for {center}."),
        N_("Set [till] center (or --center) back, or enrol it with a code made for {center}."),
        {
            "till": till.setup.till.id,
            "enrolled": names.get(enrolment.center, str(enrolment.center)),
            "center": till.setup.till.center,
        },
    )
