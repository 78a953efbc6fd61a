"""Watching the lineage of the hub's database: when it changes, another epoch begins.

Checked when a program opens the database and, while a hub serves, for every new connection to
PostgreSQL and every few seconds. A failover, a restore or a file put back by hand so shows before
a till is fed anything.

Whoever compares has read the watermark before the database, so what another program saw meanwhile
is never taken for a database that fell behind. Epochs are begun under one lock of the database, and
what is in force counts from there on, so several programs that look at once begin one epoch.

Files are read and written while no transaction is open: a disk that does not answer, above all the
second medium, which may be a share, keeps nobody from pushing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from sync.clock import Clock
from sync.database import hub_snapshot, hub_transaction, on_new_connection, open_hub
from sync.hub_events import database_problem, tell
from sync.rules.lineage import OTHER, PUT_BACK, Watermark, what_happened
from sync.rules.refusal import Fault
from sync.stores import hub_epoch, hub_openings, hub_register
from sync.stores.hub_locks import alone
from sync.stores.hub_register import Register
from sync.watermark import raise_watermark, read_watermark

LOOK_EVERY_S = 5


class Lineage:
    """Looks after the lineage of one hub's database; that is already prepared."""

    def __init__(self, engine: Engine, register: Register, directory: Path, clock: Clock) -> None:
        """Keep the watermark in `directory`, beside the hub's keys, and on the second medium.

        There it shows also that the whole machine was put back, with its watermark.
        """
        self._engine = engine
        self._register = register
        self._directory = directory
        self._medium = [register.medium.directory] if register.medium is not None else []
        self._clock = clock
        self._seen: Watermark | None = None
        self._replayed: int | None = None  # the epoch since which the register is carried out
        self._one = threading.Lock()
        self._failing: set[Path] = set()

    def opened(self, why: str = "") -> None:
        """Check a database that a program has just opened, and count it. Raises `Fault`.

        `why` says that it is known to have been put back: then another epoch begins anyhow.
        """
        places = (self._directory, *self._medium)
        before = self._read(places)
        with self._one:
            self._check(before, why, count=True)
        self._keep(places)

    def look(self) -> None:
        """Look whether the database was put back or replaced, and keep the watermark.

        Where another epoch began, whoever began it, what only the second medium knows is carried
        out. Raises `Fault`.
        """
        self._look_by((self._directory, *self._medium))

    def _look_by(self, places: Sequence[Path], *, keep: bool = True) -> None:
        self._compare(self._read(places))
        if keep:
            self._keep(places)

    def _compare(self, kept: Sequence[Watermark]) -> None:
        with self._one:
            before = [*kept, self._seen] if self._seen else kept
            with hub_snapshot(self._engine) as connection:
                now = hub_openings.seen(connection)
                changed = self._changed(connection, before, now)
            if changed:
                self._check(before)
            else:
                self._seen = now
            if now.epoch != self._replayed or changed:
                self._replay()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look every few seconds, and at each new connection to PostgreSQL, until the block ends.

        What fails is tried again: the next look finds what this one did not. A new connection, for
        which somebody waits, compares with what was seen and with the watermark beside the keys,
        and writes nothing; the second medium is looked at in a thread of its own.
        """
        over = threading.Event()
        with ExitStack() as held:
            looker = self
            if self._engine.dialect.name == "postgresql":
                # A connection that is being made cannot wait for another of the same pool.
                aside = open_hub(self._engine.url.render_as_string(hide_password=False))
                held.callback(aside.dispose)
                looker = Lineage(aside, self._register, self._directory, self._clock)
                looker.try_to_look()

                def connected() -> None:
                    looker.try_to_look(keep=False)

                held.enter_context(on_new_connection(self._engine, connected))
            for place in (self._directory, *self._medium):
                watch = threading.Thread(
                    target=looker._watch, args=(place, over), name="lineage", daemon=True
                )
                watch.start()
                # One that hangs keeps no hub from ending: it writes nothing that is behind.
                held.callback(watch.join, LOOK_EVERY_S)
            held.callback(over.set)
            yield

    def _watch(self, place: Path, over: threading.Event) -> None:
        while not over.wait(LOOK_EVERY_S):
            self.try_to_look(place)
        self.try_to_look(place)

    def try_to_look(self, place: Path | None = None, *, keep: bool = True) -> None:
        """Look by one watermark, that beside the keys if no `place` is given.

        Leaves it at that if database or file fail.
        """
        place = place or self._directory
        try:
            self._look_by((place,), keep=keep)
        except (SQLAlchemyError, Fault) as error:
            if place not in self._failing:  # once an outage, not at every look
                tell(logging.WARNING, "lineage not looked at", reason=_problem(error))
            self._failing.add(place)
        else:
            self._failing.discard(place)

    def _check(self, before: Sequence[Watermark], why: str = "", *, count: bool = False) -> None:
        """Begin another epoch if the database was put back or replaced."""
        with hub_transaction(self._engine) as connection:
            alone(connection, "lineage")
            now = hub_openings.seen(connection)
            why = why or self._changed(connection, before, now)
            self._begin_epoch(connection, before, why)
            if why or count:
                hub_openings.remember(connection, now.lineage)

    def _keep(self, places: Sequence[Path]) -> None:
        """Raise watermarks to what is committed; one that is ahead of it is evidence."""
        with hub_snapshot(self._engine) as connection:
            now = hub_openings.seen(connection)
        for place in places:
            with self._may_be_away(place):
                raise_watermark(place, now)

    def _replay(self) -> None:
        if self._register.medium is not None:
            self._register.medium.lines()  # it answers, before anybody waits for us
        with hub_transaction(self._engine) as connection:
            hub_register.up_to_date(connection, self._register)
            self._replayed = hub_epoch.epoch(connection)

    def _changed(self, connection: Connection, before: Sequence[Watermark], now: Watermark) -> str:
        known = hub_openings.known_lineage(connection)
        if known is not None and known != now.lineage:
            return OTHER
        happened = (what_happened(each, now) for each in before)
        return next((what for what in happened if what), "")

    def _begin_epoch(self, connection: Connection, before: Sequence[Watermark], why: str) -> None:
        if not why:
            return
        beyond = max((each.epoch for each in before), default=0)
        minted = hub_epoch.mint(connection, self._clock.now_ms(), why, beyond=beyond)
        level = logging.WARNING if why in (OTHER, PUT_BACK) else logging.INFO
        tell(level, "epoch begins", epoch=minted, why=why)

    def _read(self, places: Sequence[Path]) -> list[Watermark]:
        """Return what was seen of the database before, here and by others."""
        kept: list[Watermark | None] = []
        for place in places:
            with self._may_be_away(place):
                kept.append(read_watermark(place))
        return [each for each in kept if each is not None]

    @contextmanager
    def _may_be_away(self, place: Path) -> Iterator[None]:
        """Bear that the second medium fails: who needs it says so."""
        with suppress(Fault) if place in self._medium else nullcontext():
            yield


def _problem(error: SQLAlchemyError | Fault) -> str:
    return error.refused.reason if isinstance(error, Fault) else database_problem(error)
