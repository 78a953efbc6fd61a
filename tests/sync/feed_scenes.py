"""A hub that feeds, and tills that follow it, over HTTP in one process, with a test's own feeds."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec import structs
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations
from starlette.testclient import TestClient

from sync.database import hub_snapshot, hub_transaction
from sync.faces.hub_api import make_app
from sync.faces.hub_routes import all_routes
from sync.package import Feed, FeedRow, Package, Publication
from sync.rules.bad_rows import BadRows
from sync.rules.feed_row import UnreadableRow
from sync.rules.refusal import Refused
from sync.services.enrolment import Enroller
from sync.services.hub_opening import OpenHub, open_hub_data
from sync.services.inviting import Inviting
from sync.services.publishing import Published, Publishing
from sync.services.pulling import Puller, PullReport
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.stores import hub_feeds
from tests.hub_databases import HubDatabase, OnSqlite

from .tills import URL, FakeClock, Wire, make_setup, opened

CENTERS = {"zhengzhou": 1, "chenghai": 2}
MIGRATIONS = Migrations("tests.feeds")


@MIGRATIONS()
def fed_here(db: Database) -> None:
    db.execute("CREATE TABLE goods (key TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT")
    db.execute("CREATE TABLE people (key TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT")


def _apply(table: str) -> Callable[[Database, Sequence[FeedRow]], None]:
    def apply(db: Database, rows: Sequence[FeedRow]) -> None:
        for row in rows:
            if row.data == b"unreadable":
                raise UnreadableRow(table, row.key)
            db.execute(f"DELETE FROM {table} WHERE key = ?", [row.key])
            if row.data:
                db.execute(f"INSERT INTO {table} VALUES (?, ?)", [row.key, row.data])

    return apply


def _clear(table: str) -> Callable[[Database], None]:
    def clear(db: Database) -> None:
        db.execute(f"DELETE FROM {table}")

    return clear


def _read(
    *, per_center: bool
) -> Callable[[Publication], Iterable[tuple[int, FeedRow]] | BadRows | Refused]:
    def read(publication: Publication) -> list[tuple[int, FeedRow]]:
        center = publication.center if per_center else 0
        rows = json.loads(publication.path.read_text("utf-8"))
        return [(center, FeedRow(key, data.encode())) for key, data in rows.items()]

    return read


FEEDS = tuple(
    Feed(
        name,
        "What a test feeds.",
        name,
        per_center=per_center,
        apply=_apply(name),
        clear=_clear(name),
        read=_read(per_center=per_center),
    )
    for name, per_center in (("goods", False), ("people", True))
)
PACKAGE = Package("tests", reference_migrations=(MIGRATIONS,), feeds=lambda: FEEDS)


def with_feeds(setup: Setup) -> Setup:
    return structs.replace(setup, packages=(*setup.packages, PACKAGE))


@dataclass
class FedTill:
    """An enrolled till with its way to the hub; `wire` is where tests put faults."""

    till: OpenTill
    wire: Wire
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = httpx2.Client(base_url=URL, transport=httpx2.MockTransport(self._send))

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path)
        return self.wire(request)

    def puller(self, *, gently: bool = False) -> Puller:
        return Puller(self.till, self.till.reference, self.client, gently=gently)

    def pull(self, *, snapshots: bool = True, gently: bool = False) -> PullReport:
        self.asked.clear()
        return self.puller(gently=gently).pull(snapshots=snapshots)

    def pulled(self) -> PullReport:
        """Pull with success."""
        report = self.pull()
        assert report.refused is None, report.refused
        return report

    def refused(self) -> str:
        """Pull, be refused, and change nothing of what was fed."""
        before = self.rows("goods"), self.rows("people")
        report = self.pull()
        assert report.refused is not None
        assert (self.rows("goods"), self.rows("people")) == before
        return report.refused.reason

    def rows(self, table: str = "goods") -> dict[str, str]:
        found = self.till.reference.read().execute(f"SELECT key, data FROM {table}")
        return {key: data.decode() for key, data in found}

    def put_here(self, rows: Mapping[str, str]) -> None:
        """Import something at the till itself, without any hub."""
        with self.till.reference.transaction() as db:
            for key, data in rows.items():
                db.execute("INSERT INTO goods VALUES (?, ?)", [key, data.encode()])

    def close(self) -> None:
        self.client.close()
        self.till.close()


def meanwhile(patched: pytest.MonkeyPatch, *others: Callable[[], object]) -> None:
    """Let others do something between the next publications' comparing and their writing."""
    waiting, compare = list(others), Publishing._put_aside_changed

    def compared(*given: Any) -> Any:
        told = compare(*given)
        if waiting:
            other, rest = waiting[0], waiting[1:]
            waiting.clear()  # nobody interrupts the other
            other()
            waiting.extend(rest)
        return told

    patched.setattr(Publishing, "_put_aside_changed", compared)


class FeedingHub:
    """A hub as tills meet it: over HTTP, in this process; put back from copies as tests like."""

    def __init__(self, root: Path, database: HubDatabase | None = None) -> None:
        self.root = root
        self.clock = FakeClock()
        self.database = database or OnSqlite()
        self.setup = with_feeds(make_setup(root / "hub-machine", clock=self.clock, partitions=2))
        self.tills: list[FedTill] = []
        self._files = 0
        self._open()

    def _open(self) -> None:
        opened_hub = open_hub_data(self.setup, self.database.url)
        assert isinstance(opened_hub, OpenHub), opened_hub
        self.opened = opened_hub
        app = make_app(all_routes(self.setup, opened_hub), self.setup.say)
        self.web = TestClient(app, client=("127.0.0.1", 5000))

    def till(self, name: str = "ZZ-01", center: str = "zhengzhou") -> FedTill:
        """Enrol another till."""
        plain = make_setup(self.root / name, till=name, clock=self.clock)
        own = structs.replace(plain.till, center=center)
        setup = with_feeds(structs.replace(plain, settings=plain.settings.having(own)))
        fed = FedTill(opened(setup, "enrol"), Wire(self._handle))
        desk = Inviting(self.opened.engine, self.opened.keys, self.clock)
        invited = desk.invite(name, CENTERS[center], center)
        assert not isinstance(invited, Refused), invited
        enrolled = Enroller(fed.till, fed.client).enrol(invited.code)
        assert not isinstance(enrolled, Refused), enrolled
        self.tills.append(fed)
        return fed

    def publishing(self, center: int = 1) -> Publishing:
        feeds = [feed for package in self.setup.packages for feed in package.feeds()]
        register = self.opened.register
        return Publishing(self.opened.engine, feeds, CENTERS, center, register, self.clock)

    def publish(self, rows: Mapping[str, str], feed: str = "goods", center: int = 1) -> Published:
        done = self.publishing(center).publish(feed, self.file(json.dumps(rows)))
        assert isinstance(done, Published), done
        return done

    def remove(self, keys: Iterable[str], feed: str = "goods", center: int = 1) -> Published:
        done = self.publishing(center).remove(feed, self.file("\n".join(keys)))
        assert isinstance(done, Published), done
        return done

    def file(self, text: str) -> Path:
        self._files += 1
        path = self.root / f"published-{self._files}"
        path.write_text(text, "utf-8")
        return path

    def book(self, rows: Mapping[str, str], feed: str = "goods", center: int = 0) -> None:
        """Change rows as a booking does: in its transaction, leaving versions to others."""
        fed = [(center, FeedRow(key, data.encode())) for key, data in rows.items()]
        with hub_transaction(self.opened.engine) as connection:
            hub_feeds.put(connection, feed, fed)

    def rows(self, feed: str = "goods", center: int = 0) -> dict[str, str]:
        with hub_snapshot(self.opened.engine) as connection:
            return {
                row.key: row.data.decode() for row in hub_feeds.all_fed(connection, feed, center)
            }

    def backup(self) -> Path:
        copy = self.root / f"backup-{self._files}"
        self.close_hub()
        shutil.copytree(self.setup.root, copy)
        self.database.backup(copy)
        self._open()
        return copy

    def put_back(self, copy: Path) -> None:
        """Put the hub back as somebody does who tells no program of it."""
        self.close_hub()
        shutil.rmtree(self.setup.root)
        shutil.copytree(copy, self.setup.root)
        self.database.restore(copy)
        self._open()

    def close_hub(self) -> None:
        self.web.close()
        self.opened.close()

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        target = request.url.raw_path.decode("ascii")
        answer = self.web.request(
            request.method, target, content=request.content, headers=dict(request.headers)
        )
        return httpx2.Response(answer.status_code, content=answer.content, headers=answer.headers)


@contextlib.contextmanager
def feeding_hub(root: Path, database: HubDatabase | None = None) -> Iterator[FeedingHub]:
    hub = FeedingHub(root, database)
    try:
        yield hub
    finally:
        for till in hub.tills:
            till.close()
        hub.close_hub()
