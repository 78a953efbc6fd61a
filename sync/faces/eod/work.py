"""What the end of day does, step by step: push, ask, compare, close, settle; no words here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from typing import Literal

import msgspec

from sync import ballast
from sync.rules.center_day import Settled, Settlement
from sync.rules.day_report import Recorded
from sync.rules.reconciling import Differing
from sync.rules.refusal import Fault, Refused
from sync.services.closing import Closed, closable, close_day
from sync.services.courier import Courier, PushReport, hub_client
from sync.services.end_of_day import EndOfDay, Evening, hub_unasked
from sync.services.status import read_status
from sync.services.till import OpenTill, open_till
from sync.setup import Setup
from sync.sqlite_driver import SqliteError

_LOOK_EVERY_S = 0.1
Step = Literal["push", "ask", "compare"]
Tell = Callable[[Step, int, int], None]


class Looked(msgspec.Struct, frozen=True):
    """A day as it was just reconciled.

    `pushed` is None if this process could not push: `beside` says who has the till instead.
    `differing` is what only one side has, where the own till differs from the hub.
    """

    evening: Evening
    pushed: PushReport | None
    beside: Refused | None
    differing: Differing | None


class Gathered(msgspec.Struct, frozen=True):
    """What was recorded for a day, by all tills of the center or by this one alone."""

    things: tuple[Recorded, ...]
    whole_center: bool


def untold(_step: Step, _done: int, _of: int) -> None:
    """Tell nobody."""


def look(setup: Setup, day: str = "") -> Evening | Refused:
    """Return what is known of a day (the newest if none is named), asking nobody."""
    with ExitStack() as held:
        opened = open_till(setup, "read")
        if isinstance(opened, Refused):
            return opened
        till = held.enter_context(opened)
        desk = EndOfDay(till, hub_unasked())
        return desk.look(day or desk.newest_day())


def refresh(setup: Setup, day: str = "", tell: Tell = untold) -> Looked | Refused:
    """Push what this till still has, unless its counter does; then ask the hub about a day."""
    with ExitStack() as held:
        opened = _to_push(setup, held)
        if isinstance(opened, Refused):
            return opened
        till, beside = opened
        return _reconciled(held, till, day, beside, tell)


def close(
    setup: Setup, day: str, closed_by: str, tell: Tell = untold
) -> tuple[Closed, Looked] | Refused:
    """Close a day (the newest if none is named), then push and reconcile it; on a full disk too."""
    with ExitStack() as held:
        ballast.throw_off(setup.till_directory)
        reading = open_till(setup, "read")
        if isinstance(reading, Refused):
            return reading
        with reading:
            day = day or EndOfDay(reading, hub_unasked()).newest_day()
            refused = closable(reading, day, closed_by)
        if refused is not None:
            return refused
        opened = open_till(setup, "close", day=date.fromisoformat(day))
        if isinstance(opened, Refused):
            return opened
        till = held.enter_context(opened)
        closed = close_day(till, day, closed_by)
        if isinstance(closed, Refused):
            return closed
        return closed, _reconciled(held, till, day, None, tell)


def ask(setup: Setup, day: str = "") -> Evening | Refused:
    """Ask the hub about a day without pushing anything."""
    with ExitStack() as held:
        opened = open_till(setup, "read")
        if isinstance(opened, Refused):
            return opened
        desk = _desk(held, held.enter_context(opened))
        return desk.ask(day or desk.newest_day())


def closable_here(setup: Setup, day: str) -> Refused | None:
    """Say why a day cannot be closed at this till now; who has the till is found out by closing."""
    with ExitStack() as held:
        opened = open_till(setup, "read")
        if isinstance(opened, Refused):
            return opened
        return closable(held.enter_context(opened), day, setup.till.cashier)


def recorded(setup: Setup, day: str, *, own: bool) -> Gathered | Refused:
    """Gather what was recorded for a day: by all tills, as the hub tells, else by this one."""
    with ExitStack() as held:
        opened = open_till(setup, "read")
        if isinstance(opened, Refused):
            return opened
        desk = _desk(held, held.enter_context(opened))
        of_all = None if own else desk.recorded_by_all(day)
        if of_all is None or isinstance(of_all, Refused):
            return Gathered(tuple(desk.recorded_here(day)), whole_center=False)
        return Gathered(tuple(of_all), whole_center=True)


def settle(setup: Setup, said: Settlement) -> Settled | Refused:
    """Settle an exception at the hub; if it is this till's, hear which alarms are left."""
    with ExitStack() as held:
        opened = open_till(setup, "read")
        if isinstance(opened, Refused):
            return opened
        till = held.enter_context(opened)
        own = said.till == till.keys.install
        settled = _desk(held, till).settle(said)
    if own and isinstance(settled, Settled):
        _hear_of_alarms(setup)
    return settled


def _hear_of_alarms(setup: Setup) -> None:
    """Push: the hub's reply says which alarms are left. A counter that is open does so itself.

    What was settled is settled, whatever becomes of this.
    """
    with suppress(Fault), ExitStack() as held:
        opened = open_till(setup, "push")
        if isinstance(opened, Refused):
            return
        till = held.enter_context(opened)
        client = hub_client(till)
        if not isinstance(client, Refused):
            Courier(till, held.enter_context(client)).push()


def _desk(held: ExitStack, till: OpenTill) -> EndOfDay:
    client = hub_client(till)
    if not isinstance(client, Refused):
        held.enter_context(client)
    return EndOfDay(till, client)


def _to_push(setup: Setup, held: ExitStack) -> tuple[OpenTill, Refused | None] | Refused:
    """Open the till to push; to read, if another process has it, which is then said."""
    opened = open_till(setup, "push")
    beside = None
    if isinstance(opened, Refused) and opened.reason == "till.in_use":
        beside, opened = opened, open_till(setup, "read")
    if isinstance(opened, Refused):
        return opened
    return held.enter_context(opened), beside


def _reconciled(
    held: ExitStack, till: OpenTill, day: str, beside: Refused | None, tell: Tell
) -> Looked:
    client = hub_client(till)
    pushed = None
    if not isinstance(client, Refused):
        held.enter_context(client)
        if beside is None:
            with _told(till, tell):
                pushed = Courier(till, client).push()
    desk = EndOfDay(till, client)
    tell("ask", 0, 1)
    evening = desk.ask(day or desk.newest_day())
    tell("ask", 1, 1)
    differing = None
    if evening.refused is None and any(each.own and each.differing for each in evening.tills):
        found = desk.differing(evening.day, lambda done, of: tell("compare", done, of))
        differing = None if isinstance(found, Refused) else found
    return Looked(evening, pushed, beside, differing)


@contextmanager
def _told(till: OpenTill, tell: Tell) -> Iterator[None]:
    """Tell from a thread beside it how far a push is, until the block ends."""
    over = threading.Event()
    most = read_status(till).pending

    def watch() -> None:
        with suppress(SqliteError):
            while not over.wait(_LOOK_EVERY_S):
                tell("push", max(most - read_status(till).pending, 0), most)

    tell("push", 0, most)
    watcher = threading.Thread(target=watch, name="eod-push", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    tell("push", most, most)
