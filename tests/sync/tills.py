"""Tills and a hub in one process: real databases and signatures, a clock and wire to play with."""

import contextlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx2
from msgspec import structs

import xuanpin
from sync.lock import Writing
from sync.rules.entry import Draft, Private
from sync.rules.refusal import Refused
from sync.services.courier import Courier, PushReport
from sync.services.enrolment import Enroller
from sync.services.hub import Hub
from sync.services.hub_opening import OpenHub, open_hub_data
from sync.services.inviting import Inviting
from sync.services.till import OpenTill, open_till
from sync.services.verifying import Verified, verify_journal
from sync.setup import Setup, TillSettings
from sync.stores import journal as journals
from tests.hub_databases import HubDatabase, OnSqlite

DAY_MS = 24 * 60 * 60 * 1000
START_MS = 1_795_000_000_000
URL = "http://hub.test"


@dataclass
class FakeClock:
    """A machine's clocks: the wall can be set, the monotonic one only goes on."""

    wall_ms: int = START_MS
    mono_ms: int = 1000
    boot: str = "boot-1"

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> int:
        return self.mono_ms

    def boot_lasts(self) -> bool:
        return True

    def boot_id(self) -> str:
        return self.boot

    def pass_ms(self, ms: int) -> None:
        self.wall_ms += ms
        self.mono_ms += ms


def make_setup(
    root: Path, *, till: str = "ZZ-01", clock: FakeClock | None = None, partitions: int = 16
) -> Setup:
    setup = xuanpin.make_setup(Path(xuanpin.__file__).parent / "config.toml", till=till)
    hub = structs.replace(setup.hub, partitions=partitions)
    return structs.replace(
        setup, settings=setup.settings.having(hub), root=root, clock=clock or FakeClock()
    )


def opened(setup: Setup, to: Literal["read"] | Writing = "counter") -> OpenTill:
    till = open_till(setup, to)
    assert isinstance(till, OpenTill), till
    return till


def sell(till: OpenTill, count: int = 1, *, body: bytes = b"", private: bool = False) -> list[str]:
    """Journal so many things of a kind nobody knows; return their ids."""
    ids = []
    for _ in range(count):
        secret = Private(b"s" * 16, b"sealed") if private else None
        ids.append(till.new_id())
        draft = Draft("sign_in", ids[-1], till.today().isoformat(), 0, body or b"{}", secret)
        with till.journal.transaction() as db:
            journals.append(db, till.run, till.stamp(), draft)
    return ids


Handler = Callable[[httpx2.Request], httpx2.Response]
WireFault = Callable[[Handler, httpx2.Request], httpx2.Response]


def _problem(status: int, refused: Refused) -> httpx2.Response:
    said = {"type": f"urn:xuanpin:{refused.reason}", "title": refused.message}
    return httpx2.Response(status, json=said)


@dataclass
class Wire:
    """What lies between till and hub; tests put faults here. `requests` keeps what was sent."""

    hub: Handler
    requests: list[bytes] = field(default_factory=list)
    faults: list[WireFault] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request.content)
        if self.faults:
            return self.faults.pop(0)(self.hub, request)
        return self.hub(request)


def down(_hub: Handler, request: httpx2.Request) -> httpx2.Response:
    """The network is gone."""
    raise httpx2.ConnectError("down", request=request)


def reply_lost(hub: Handler, request: httpx2.Request) -> httpx2.Response:
    """The hub stored it, but its answer never arrives."""
    hub(request)
    raise httpx2.ReadTimeout("lost", request=request)


def twice(hub: Handler, request: httpx2.Request) -> httpx2.Response:
    """The network delivers the same request twice."""
    hub(request)
    return hub(request)


def answering(status: int, body: bytes, kind: str = "") -> WireFault:
    headers = {"content-type": kind} if kind else {}
    return lambda _hub, _request: httpx2.Response(status, content=body, headers=headers)


class HubMachine:
    """A hub with its database in a directory of its own, reached without a socket."""

    def __init__(self, root: Path, database: HubDatabase | None = None) -> None:
        self.root = root
        self.database = database or OnSqlite()
        self.setup = make_setup(root)
        self.wire = Wire(self._handle)
        self._open()

    def _open(self) -> None:
        data = open_hub_data(self.setup, self.database.url)
        assert isinstance(data, OpenHub), data
        self.data = data
        packages, clock = self.setup.packages, self.setup.clock
        self.hub = Hub(data.engine, data.keys, packages, clock, {1: "zhengzhou"})
        self.desk = Inviting(data.engine, data.keys, clock)

    def close(self) -> None:
        self.data.close()

    def backup(self, to: Path) -> None:
        self.close()
        shutil.copytree(self.root, to)
        self.database.backup(to)
        self._open()

    def restore(self, backup: Path) -> None:
        self.close()
        shutil.rmtree(self.root)
        shutil.copytree(backup, self.root)
        self.database.restore(backup)
        self._open()

    def forget(self) -> None:
        """Lose the database, keep the keys."""
        self.close()
        self.database.forget(self.root / "hub")
        self._open()

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/enrol":
            given = self.desk.enrol(request.content)
            if isinstance(given, Refused):
                return _problem(403, given)
            return httpx2.Response(200, content=given)
        received = self.hub.receive(request.content)
        if isinstance(received, Refused):
            return _problem(400, received)
        return httpx2.Response(409 if received.gap else 200, content=received.reply)

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=URL, transport=httpx2.MockTransport(self.wire))

    def enrol(self, till: OpenTill) -> None:
        invitation = self.desk.invite(till.setup.till.id, 1, "zhengzhou")
        assert not isinstance(invitation, Refused)
        with self.client() as client:
            enrolment = Enroller(till, client).enrol(invitation.code)
        assert not isinstance(enrolment, Refused), enrolment
        self.wire.requests.clear()

    def push(self, till: OpenTill) -> PushReport:
        with self.client() as client:
            return Courier(till, client).push()

    def booked(self) -> list[str]:
        """Return the id of everything booked, once for each time it is booked."""
        with self.data.engine.connect() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT id FROM booking")]

    def alarms(self) -> set[str]:
        return {alarm.kind for alarm in self.hub.summary().alarms}

    def marks(self) -> dict[str, int]:
        """Return the last stored seq of every run."""
        query = "SELECT run, max(seq) FROM entry GROUP BY run"
        with self.data.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.exec_driver_sql(query)}


@contextlib.contextmanager
def hub_machine(root: Path, database: HubDatabase | None = None) -> Iterator[HubMachine]:
    machine = HubMachine(root, database)
    try:
        yield machine
    finally:
        machine.close()


def copy_till(setup: Setup, to: Path) -> Setup:
    """Copy a (closed) till's directory, as a backup or a cloned disk does."""
    shutil.copytree(setup.till_directory, to / "tills" / setup.till.id)
    return structs.replace(setup, root=to)


def named(setup: Setup, till: str) -> Setup:
    own = structs.replace(setup.settings.get(TillSettings), id=till)
    return structs.replace(setup, settings=setup.settings.having(own))


def assert_settled(till: OpenTill, report: PushReport) -> None:
    """Nothing pending, and the chain verifies."""
    assert report.refused is None
    assert report.pending == 0
    assert isinstance(verify_journal(till), Verified)


def assert_booked_once(hub: HubMachine, ids: list[str]) -> None:
    booked = Counter(hub.booked())
    assert {each: booked[each] for each in ids} == dict.fromkeys(ids, 1)


def resume(twin: OpenTill, run: journals.Run) -> None:
    """Go on under a run that another machine opened, as a resumed machine does."""
    twin._run = run
