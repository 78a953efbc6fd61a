"""The courier's thread: it outlives what nobody foresaw, and lets the till be closed at once."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest

from sync.access import Access, AccessEnded
from sync.services.courier import Courier
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.sqlite_driver import sqlite3
from sync.stores import journal as journals

from .tills import (
    Handler,
    HubMachine,
    assert_booked_once,
    assert_settled,
    opened,
    sell,
)


class Impatient(Access):
    """An access whose waits are over at once: they only count."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0

    def wait(self, seconds: float) -> bool:
        self.waits += 1
        return super().wait(0)


@contextmanager
def running(till: OpenTill, hub: HubMachine, access: Access) -> Iterator[threading.Thread]:
    with hub.client() as client:
        courier = Courier(till, client, access)
        thread = threading.Thread(target=courier.run_forever, daemon=True)
        thread.start()
        try:
            yield thread
        finally:
            access.end()
            thread.join(10)
            assert not thread.is_alive()


ERRORS = (sqlite3.DatabaseError("malformed"), sqlite3.IntegrityError("constraint"), KeyError("run"))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_turn_that_fails_in_whatever_way_is_tried_again(
    setup: Setup,
    hub: HubMachine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    access, arrived = Impatient(), threading.Event()
    runs, failures = journals.runs, [error, error]

    def damaged(db: object) -> object:
        if failures:
            raise failures.pop()
        return runs(db)  # type: ignore[arg-type]

    def notice(real: Handler, request: httpx2.Request) -> httpx2.Response:
        response = real(request)
        arrived.set()
        return response

    with opened(setup) as till:
        hub.enrol(till)
        ids = sell(till, 2)
        monkeypatch.setattr(journals, "runs", damaged)
        hub.wire.faults = [notice]
        with caplog.at_level(logging.ERROR), running(till, hub, access):
            assert arrived.wait(10)
        assert access.waits >= 2
        is_disk = type(error) is sqlite3.DatabaseError
        assert len(caplog.records) == (0 if is_disk else 1)
        assert_settled(till, hub.push(till))
        assert_booked_once(hub, ids)


def test_a_till_closes_while_the_hub_keeps_the_courier_waiting(
    setup: Setup, hub: HubMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's answer comes after the till is closed: nobody may touch its journal for it."""
    asked, answered, closed = threading.Event(), threading.Event(), threading.Event()
    after: list[str] = []

    def slow(real: Handler, request: httpx2.Request) -> httpx2.Response:
        asked.set()
        assert answered.wait(10)
        return real(request)

    def watched(name: str, call: Callable[[], object]) -> Callable[[], object]:
        def watching() -> object:
            if closed.is_set():
                after.append(name)
            return call()

        return watching

    access = Access()
    with opened(setup) as till:
        hub.enrol(till)
        ids = sell(till, 2)
        hub.wire.faults = [slow]
        with running(till, hub, access) as thread:
            assert asked.wait(10)
            access.end()
            till.close()
            closed.set()
            for name in ("read", "transaction", "reopen"):
                call = watched(name, getattr(till.journal, name))
                monkeypatch.setattr(till.journal, name, call)
            assert thread.is_alive(), "closing did not wait for the hub"
            answered.set()
            thread.join(10)
        assert after == []
    with opened(setup) as till:
        assert_settled(till, hub.push(till))
        assert_booked_once(hub, ids)


def test_access_is_ended_only_when_nobody_is_using_it() -> None:
    access = Access()
    using, finish, ended = threading.Event(), threading.Event(), threading.Event()
    order: list[str] = []

    def user() -> None:
        with access.use():
            using.set()
            finish.wait(10)
            order.append("used")

    def owner() -> None:
        access.end()
        order.append("ended")
        ended.set()

    threads = [threading.Thread(target=user), threading.Thread(target=owner)]
    threads[0].start()
    assert using.wait(10)
    threads[1].start()
    assert access.wait(10)
    assert not ended.is_set()
    finish.set()
    for thread in threads:
        thread.join(10)
    assert order == ["used", "ended"]
    with pytest.raises(AccessEnded), access.use():
        raise AssertionError
