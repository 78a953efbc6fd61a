"""A hub behind its real web application, and tills that write whatever a test wants."""

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs
from starlette.testclient import TestClient

import xuanpin
from sync.faces.hub_api import make_app
from sync.faces.hub_routes import all_routes
from sync.keys import HubKeys
from sync.rules import enrolling
from sync.rules.certificate import Certificate, day_number, install_of, issue
from sync.rules.days import china_day
from sync.rules.entry import GENESIS, Entry, Header, Private, encode_header, entry_hash
from sync.rules.reply import Mark, Reply, read_reply
from sync.rules.runs import RUN_OPENED, RunOpened
from sync.rules.segment import pack
from sync.services.hub import Hub, Summary
from sync.services.hub_opening import OpenHub, open_hub_data
from sync.services.inviting import Inviting
from sync.setup import Setup
from tests.hub_databases import HubDatabase

from .tills import START_MS, FakeClock, make_setup

TABLES = sorted(
    table.name
    for package in xuanpin.PACKAGES
    for step in package.hub_steps()
    for table in step.tables
)
FIRST, SECOND = "1-aaaaaaaa", "2-bbbbbbbb"


@dataclass
class Scribe:
    """A till with a key of its own that writes entries as told, honest or not."""

    key: Ed25519PrivateKey
    hub: HubKeys
    certificate: bytes
    runs: dict[str, list[Entry]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)

    @property
    def install(self) -> str:
        return install_of(self.key.public_key().public_bytes_raw())

    def copied(self) -> "Scribe":
        """Copy the journal with its key, as a cloned disk does."""
        runs = {run: list(entries) for run, entries in self.runs.items()}
        return dataclasses.replace(self, runs=runs, parents=dict(self.parents))

    def open_run(self, run: str, parent: str = "", body: bytes | None = None) -> None:
        """Open a run that goes on from the last entry of `parent`."""
        chain = self.runs[parent] if parent else []
        prev = chain[-1].hash if chain else GENESIS
        opened = RunOpened(parent_run=parent, parent_seq=len(chain), parent_hash=prev.hex())
        self.runs[run], self.parents[run] = [], parent
        written = msgspec.json.encode(opened) if body is None else body
        self.write(run, RUN_OPENED, f"opened-{run}", written, prev=prev)

    def write(
        self,
        run: str,
        kind: str = "sign_in",
        id: str = "",  # noqa: A002
        body: bytes = b"{}",
        *,
        amount_fen: int = 0,
        private: Private | None = None,
        prev: bytes = b"",
        changed: Mapping[str, object] | None = None,
    ) -> Entry:
        chain = self.runs[run]
        prev = prev or chain[-1].hash
        header = Header(
            version=1,
            till=self.install,
            run=run,
            seq=len(chain) + 1,
            kind=kind,
            id=id or f"{run}.{len(chain) + 1}",
            at_ms=START_MS,
            mono_ms=len(chain),
            boot="boot",
            day="2026-11-22",
            amount_fen=amount_fen,
            body_bytes=len(body),
            body_sha256=hashlib.sha256(body).digest(),
            private_sha256=private.digest() if private else b"",
        )
        data = encode_header(structs.replace(header, **changed or {}))
        chain.append(Entry(data, body, private, prev, entry_hash(prev, data)))
        return chain[-1]

    def segment(
        self, run: str, first: int = 1, last: int | None = None, **changed: object
    ) -> bytes:
        return self.packed(self.runs[run][first - 1 : last], run, **changed)

    def packed(self, entries: Sequence[Entry], run: str, **changed: object) -> bytes:
        signer = changed.get("key", self.key)
        assert isinstance(signer, Ed25519PrivateKey)
        data, count = pack(
            entries,
            hub_id=str(changed.get("hub_id", self.hub.hub_id)),
            parent_run=self.parents[run],
            certificate=bytes(changed.get("certificate", self.certificate)),  # type: ignore[call-overload]
            sign=signer.sign,
        )
        assert count == len(entries)
        return data


class WebHub:
    """A hub as tills meet it: over HTTP, in this process."""

    def __init__(self, root: Path, database: HubDatabase | None = None) -> None:
        self.clock = FakeClock()
        self.database = database
        self.setup: Setup = make_setup(root, clock=self.clock)
        opened = open_hub_data(self.setup, database.url if database else "")
        assert isinstance(opened, OpenHub), opened
        self.opened = opened
        self.keys = opened.keys
        centers = {1: "zhengzhou", 2: "chenghai"}
        self.hub = Hub(opened.engine, opened.keys, self.setup.packages, self.clock, centers)
        self.inviting = Inviting(opened.engine, opened.keys, self.clock)
        app = make_app(all_routes(self.setup, opened), self.setup.say)
        self.client = TestClient(app, client=("127.0.0.1", 5000))

    def invite(self, name: str = "ZZ-01", center: int = 1, center_name: str = "zhengzhou") -> str:
        invited = self.inviting.invite(name, center, center_name)
        assert not hasattr(invited, "reason"), invited
        return invited.code

    def enrolled(self, number: int = 1, name: str = "") -> Scribe:
        """Enrol a till whose key is made from `number`."""
        key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        code = enrolling.read_code(self.invite(name or f"ZZ-{number:02d}"))
        assert isinstance(code, enrolling.Code)
        public = key.public_key().public_bytes_raw()
        asked = enrolling.ask(code, enrolling.Ask(install_of(public), public, b"n" * 12), key.sign)
        answer = self.client.post("/v1/enrol", content=asked)
        assert answer.status_code == 200, answer.text
        given = enrolling.read_given(code, asked, answer.content)
        assert isinstance(given, enrolling.Given), given
        return Scribe(key, self.keys, given.certificate)

    def certified(self, number: int, till_number: int) -> Scribe:
        """Certify a till with the hub's key behind the hub's back, as before a restore."""
        key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        today = day_number(china_day(START_MS))
        public = key.public_key().public_bytes_raw()
        granted = Certificate(till_number, 2, today, today + 30, 500_001, 100_000, public)
        return Scribe(key, self.keys, issue(granted, self.keys.sign))

    def push(self, data: bytes, status: int = 200) -> Reply:
        """Push a segment and return the checked reply."""
        answer = self.client.post("/v1/segments", content=data)
        assert answer.status_code == status, answer.text
        reply = read_reply(answer.content, self.keys.public, hashlib.sha256(data).digest())
        assert isinstance(reply, Reply), reply
        return reply

    def refused(self, data: bytes, status: int, path: str = "/v1/segments") -> str:
        """Post what must be refused: state unchanged, the reason comes back as a problem."""
        before = self.state()
        answer = self.client.post(path, content=data)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert self.state() == before
        problem = answer.json()
        assert problem["status"] == status
        return str(problem["type"]).removeprefix("urn:xuanpin:")

    def state(self, *without: str) -> dict[str, list[tuple[object, ...]]]:
        """Return every row of every table."""
        with self.opened.engine.connect() as connection:
            return {
                name: sorted(
                    tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")
                )
                for name in TABLES
                if name not in without
            }

    def rows(self, table: str) -> int:
        return len(self.state()[table])

    def summary(self) -> Summary:
        return msgspec.json.decode(self.client.get("/v1/summary").content, type=Summary)

    def alarms(self) -> set[tuple[str, str, int]]:
        return {(alarm.kind, alarm.run, alarm.seq) for alarm in self.summary().alarms}

    def close(self) -> None:
        self.client.close()
        self.opened.close()


@contextlib.contextmanager
def web_hub(root: Path, database: HubDatabase | None = None) -> Iterator[WebHub]:
    hub = WebHub(root, database)
    try:
        yield hub
    finally:
        hub.close()


def mark(scribe: Scribe, run: str, seq: int) -> Mark:
    return Mark(run, seq, scribe.runs[run][seq - 1].hash if seq else b"")
