"""A center in the evening: tills that sell, and a hub that answers signed requests as well."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
from msgspec import structs
from starlette.testclient import TestClient

from pos.rules.order import SALE
from sync.faces.hub_api import make_app
from sync.faces.hub_routes import all_routes
from sync.rules.center_day import Matter, Settled, Settlement
from sync.rules.entry import Draft
from sync.rules.reconciling import Differing, Reconciled
from sync.rules.refusal import Refused
from sync.services.closing import Closed, close_day
from sync.services.end_of_day import EndOfDay, Evening
from sync.services.enrolment import Enroller
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.stores import day_totals
from sync.stores import journal as journals
from tests.hub_databases import HubDatabase

from .tills import FakeClock, HubMachine, make_setup, opened

UNREADABLE = "kind_of_tomorrow"  # no hub of today knows it


class EveningHub(HubMachine):
    """A hub machine whose whole web application answers, at the tills' own time."""

    def __init__(self, root: Path, clock: FakeClock, database: HubDatabase | None = None) -> None:
        self.clock = clock
        super().__init__(root, database)

    def _open(self) -> None:
        self.setup = structs.replace(self.setup, clock=self.clock)
        super()._open()
        app = make_app(all_routes(self.setup, self.data), self.setup.say)
        self.web = TestClient(app, client=("127.0.0.1", 5000))

    def close(self) -> None:
        self.web.close()
        super().close()

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path in ("/v1/enrol", "/v1/segments"):
            return super()._handle(request)
        target = request.url.raw_path.decode("ascii")
        answer = self.web.request(
            request.method, target, content=request.content, headers=dict(request.headers)
        )
        return httpx2.Response(
            answer.status_code, content=answer.content, headers=dict(answer.headers)
        )

    def enrol_in(self, till: OpenTill, center: int, center_name: str) -> None:
        invitation = self.desk.invite(till.setup.till.id, center, center_name)
        assert not isinstance(invitation, Refused)
        with self.client() as client:
            enrolment = Enroller(till, client).enrol(invitation.code)
        assert not isinstance(enrolment, Refused), enrolment


@dataclass
class Center:
    """A hub and the clock that it shares with its tills."""

    hub: EveningHub
    clock: FakeClock
    root: Path

    def setup(self, name: str, center: str = "zhengzhou") -> Setup:
        setup = make_setup(self.root / name, till=name, clock=self.clock)
        own = structs.replace(setup.till, center=center)
        return structs.replace(setup, settings=setup.settings.having(own))

    def ask(self, till: OpenTill, day: str = "") -> Evening:
        with self.hub.client() as client:
            return EndOfDay(till, client).ask(day or till.today().isoformat())

    def seen(self, till: OpenTill, name: str = "", day: str = "") -> Reconciled:
        """Ask at `till`, and return how the till called `name` (its own if none) stands."""
        name = name or till.setup.till.id
        return next(each for each in self.ask(till, day).tills if each.name == name)

    def differing(self, till: OpenTill, day: str = "") -> Differing:
        with self.hub.client() as client:
            found = EndOfDay(till, client).differing(
                day or till.today().isoformat(), lambda *_: None
            )
        assert isinstance(found, Differing), found
        return found

    def settle(self, till: OpenTill, of: Reconciled, matter: Matter, reason: str) -> object:
        said = Settlement(of.till, matter.kind, matter.run, matter.seq, matter.about, reason, "Li")
        with self.hub.client() as client:
            return EndOfDay(till, client).settle(said)


@contextlib.contextmanager
def a_center(root: Path, database: HubDatabase | None = None) -> Iterator[Center]:
    clock = FakeClock()
    hub = EveningHub(root / "hub-machine", clock, database)
    try:
        yield Center(hub, clock, root)
    finally:
        hub.close()


@contextlib.contextmanager
def two_tills(center: Center) -> Iterator[tuple[OpenTill, OpenTill]]:
    """Open two tills of the center that sell, ZZ-01 and ZZ-02."""
    with opened(center.setup("ZZ-01")) as first, opened(center.setup("ZZ-02")) as second:
        for till in (first, second):
            center.hub.enrol(till)
        yield first, second


def refusal_of(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reason


def ring_up(till: OpenTill, amount_fen: int, *, kind: str = SALE, day: str = "") -> str:
    """Journal something worth so much; return its id. Its body is no order: the hub flags it."""
    entry_id = till.new_id()
    with till.journal.transaction() as db:
        day = day or day_totals.first_open(db, till.today())
        draft = Draft(kind, entry_id, day, amount_fen, b"{}")
        journals.append(db, till.run, till.stamp(), draft)
    return entry_id


def closed(till: OpenTill, day: str = "") -> Closed:
    done = close_day(till, day or till.today().isoformat(), "Li")
    assert isinstance(done, Closed), done
    return done


def settled(answer: object) -> Settled:
    assert isinstance(answer, Settled), answer
    return answer
