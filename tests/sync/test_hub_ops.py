"""Running a hub: is it alive, does it take pushes, what did it count, and what does it say."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from sync.clock import SystemClock
from sync.database import hub_transaction, open_hub
from sync.faces.hub_api import make_app
from sync.faces.hub_log import logging_to
from sync.faces.hub_routes import all_routes
from sync.faces.hub_watch import Watch
from sync.services.lineage import Lineage
from tests.hub_databases import NewDatabase, OnSqlite

from .hub_scenes import FIRST, Scribe, WebHub


class WatchedHub(WebHub):
    """A hub as its command serves it: watched over."""

    def __init__(self, root: Path, database_url: NewDatabase) -> None:
        super().__init__(root, database_url())
        self.watch = Watch(self.keys.hub_id)
        app = make_app(all_routes(self.setup, self.opened, self.watch), self.setup.say, self.watch)
        self.client.close()
        self.client = TestClient(app, client=("127.0.0.1", 5000), raise_server_exceptions=False)

    def metrics(self) -> dict[str, float]:
        """Return every sample by its name and labels, as `name{label="value"}`."""
        page = self.client.get("/metrics")
        assert page.status_code == 200
        return {
            sample.name
            + "".join(f" {label}={value}" for label, value in sorted(sample.labels.items())): (
                sample.value
            )
            for family in text_string_to_metric_families(page.text)
            for sample in family.samples
        }

    def lacks(self) -> list[str]:
        answer = self.client.get("/readyz")
        lacks = answer.json()["lacks"]
        assert answer.json()["ready"] is (not lacks)
        assert answer.status_code == (503 if lacks else 200)
        return list(lacks)


OF_PROXIES = ("forwarded", "via", "x-real-ip", "x-forwarded-for", "X-Forwarded-Proto")


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[WatchedHub]:
    hub = WatchedHub(tmp_path, new_database)
    yield hub
    hub.close()


@pytest.fixture
def till(hub: WatchedHub) -> Scribe:
    till = hub.enrolled()
    till.open_run(FIRST)
    till.write(FIRST)
    return till


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with logging_to(stream, "json"):
        yield stream


def said(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_hub_that_works_is_alive_and_ready(hub: WatchedHub) -> None:
    assert hub.client.get("/healthz").json() == {"status": "ok", "hub_id": hub.keys.hub_id}
    assert hub.lacks() == []


def test_a_hub_told_to_end_is_alive_and_not_ready(hub: WatchedHub) -> None:
    hub.watch.draining = True
    assert hub.lacks() == ["draining"]
    assert hub.client.get("/healthz").status_code == 200
    assert hub.metrics()["xuanpin_hub_ready"] == 0


def test_a_hub_whose_keys_are_gone_or_anothers_is_not_ready(hub: WatchedHub) -> None:
    path = hub.opened.directory / "hub.key"
    kept = path.read_bytes()
    path.write_text("damaged")
    assert hub.lacks() == ["keys"]
    path.unlink()
    assert hub.lacks() == ["keys"]
    assert not path.exists()
    path.write_bytes(kept)
    assert hub.lacks() == []


@pytest.mark.parametrize(
    ("change", "undo", "lacks"),
    [
        ("DELETE FROM hub_step WHERE package = 'pos'", "", "migration"),
        (
            "INSERT INTO hub_step VALUES ('pos', 'warp drive', 1)",
            "DELETE FROM hub_step WHERE name = 'warp drive'",
            "version",
        ),
        ("UPDATE hub SET hub_id = 'another'", "", "keys"),
        ("ALTER TABLE hub_step RENAME TO gone", "ALTER TABLE gone RENAME TO hub_step", "migration"),
    ],
)
def test_a_hub_whose_database_is_not_what_it_needs_is_not_ready(
    hub: WatchedHub, change: str, undo: str, lacks: str
) -> None:
    kept = hub.opened.engine
    with hub_transaction(kept) as connection:
        steps = connection.execute(text("SELECT package, name, applied_ms FROM hub_step")).all()
        connection.execute(text(change))
    assert hub.lacks() == [lacks]
    with hub_transaction(kept) as connection:
        if undo:
            connection.execute(text(undo))
        connection.execute(text("DELETE FROM hub_step"))
        rows = [row._asdict() for row in steps]
        connection.execute(text("INSERT INTO hub_step VALUES (:package, :name, :applied_ms)"), rows)


def test_a_hub_whose_database_is_gone_says_so_and_counts_it(
    hub: WatchedHub, till: Scribe, monkeypatch: pytest.MonkeyPatch, lines: io.StringIO
) -> None:
    hub.opened.engine.dispose()
    with monkeypatch.context() as patched:
        patched.setattr(hub.opened.engine, "pool", _BrokenPool())
        assert hub.lacks() == ["database"]
        assert hub.client.get("/healthz").status_code == 503
        answer = hub.client.post("/v1/segments", content=till.segment(FIRST))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        counted = hub.metrics()
    assert counted["xuanpin_hub_pushes_total outcome=unavailable"] == 1
    assert counted["xuanpin_hub_database_errors_total"] == 2
    assert "xuanpin_hub_open_alarms" not in counted
    push = said(lines)[-1]
    assert (push["level"], push["status"], push["outcome"]) == ("error", 503, "unavailable")
    hub.push(till.segment(FIRST))


class _BrokenPool:
    """A pool whose database has gone."""

    def connect(self) -> object:
        raise OperationalError("SELECT", {}, ConnectionRefusedError("nobody there"))

    def dispose(self) -> None:
        """Nothing to close."""


def test_pushes_are_counted_by_what_became_of_them(hub: WatchedHub, till: Scribe) -> None:
    copy = till.copied()
    for _ in range(3):
        till.write(FIRST)
        copy.write(FIRST, id="another")
    hub.push(till.segment(FIRST, 1, 2))
    hub.push(till.segment(FIRST, 2, 3))
    hub.push(till.segment(FIRST, 2, 3))
    hub.push(till.segment(FIRST, 5), 409)
    hub.push(copy.segment(FIRST, 3, 3))
    hub.refused(b"noise", 400)
    counted = hub.metrics()
    pushes = {
        outcome: counted[f"xuanpin_hub_pushes_total outcome={outcome}"]
        for outcome in ("stored", "known", "gap", "refused", "unavailable")
    }
    assert pushes == {"stored": 3, "known": 1, "gap": 1, "refused": 1, "unavailable": 0}
    entries = {
        became: counted[f"xuanpin_hub_entries_total became={became}"]
        for became in ("appended", "duplicate", "forked", "held")
    }
    assert entries == {"appended": 3, "duplicate": 3, "forked": 1, "held": 0}
    assert counted["xuanpin_hub_open_alarms kind=fork"] == 1
    assert counted["xuanpin_hub_tills"] == 1
    assert counted["xuanpin_hub_ready"] == 1
    assert counted["xuanpin_hub_request_seconds_count route=/v1/segments"] == 6
    assert counted["xuanpin_hub_push_bytes_total"] > 1000
    assert [name for name in counted if name.startswith("xuanpin_hub_info ")] == [
        f"xuanpin_hub_info hub_id={hub.keys.hub_id} version=0.1.0"
    ]


def test_whatever_is_asked_there_are_few_labels(hub: WatchedHub) -> None:
    for number in range(5):
        hub.client.request(f"X{number}", f"/nowhere/{number}")
    counted = [name for name in hub.metrics() if name.startswith("xuanpin_hub_requests_total")]
    assert [name for name in counted if "other" in name] == [
        "xuanpin_hub_requests_total method=other route=other status=404"
    ]


@pytest.mark.parametrize(
    ("metrics_for", "host", "headers", "status"),
    [
        ("loopback", "127.0.0.1", {}, 200),
        ("loopback", "::1", {}, 200),
        *(("loopback", "127.0.0.1", {name: "x"}, 403) for name in OF_PROXIES),
        ("loopback", "192.0.2.1", {}, 403),
        ("anyone", "192.0.2.1", {}, 200),
        ("nobody", "127.0.0.1", {}, 404),
    ],
)
def test_metrics_are_for_whom_the_settings_name(
    tmp_path: Path, metrics_for: str, host: str, headers: dict[str, str], status: int
) -> None:
    hub = WatchedHub(tmp_path, OnSqlite)
    own = structs.replace(hub.setup.hub, metrics=metrics_for)
    setup = structs.replace(hub.setup, settings=hub.setup.settings.having(own))
    app = make_app(all_routes(setup, hub.opened), setup.say)
    with TestClient(app, client=(host, 5000)) as client:
        assert client.get("/metrics", headers=headers).status_code == status
    hub.close()


@pytest.mark.parametrize(
    ("summary_for", "host", "headers", "status"),
    [
        ("loopback", "127.0.0.1", {}, 200),
        *(("loopback", "127.0.0.1", {name: "x"}, 403) for name in OF_PROXIES),
        ("loopback", "192.0.2.1", {}, 403),
        ("nobody", "127.0.0.1", {}, 404),
    ],
)
def test_what_every_till_sold_is_for_whom_the_settings_name(
    tmp_path: Path, summary_for: str, host: str, headers: dict[str, str], status: int
) -> None:
    hub = WatchedHub(tmp_path, OnSqlite)
    own = structs.replace(hub.setup.hub, summary=summary_for)
    setup = structs.replace(hub.setup, settings=hub.setup.settings.having(own))
    app = make_app(all_routes(setup, hub.opened), setup.say)
    with TestClient(app, client=(host, 5000)) as client:
        assert client.get("/v1/summary", headers=headers).status_code == status
    hub.close()


def test_a_push_is_one_line_with_counts_and_nobodys_data(
    hub: WatchedHub, till: Scribe, lines: io.StringIO
) -> None:
    till.write(FIRST, "sign_in", body=b'{"cashier":"Wang Xiaoming"}')
    hub.push(till.segment(FIRST))
    (line,) = said(lines)
    assert isinstance(line.pop("duration_ms"), float)
    assert str(line.pop("time")).endswith("Z")
    assert isinstance(line.pop("bytes"), int)
    assert line == {
        "level": "info",
        "event": "request",
        "method": "POST",
        "route": "/v1/segments",
        "status": 200,
        "outcome": "stored",
        "till": till.install,
        "run": FIRST,
        "first_seq": 1,
        "last_seq": 3,
        "appended": 3,
        "duplicate": 0,
        "forked": 0,
        "held": 0,
    }
    assert "Wang" not in lines.getvalue()


def test_what_is_refused_is_told_by_its_reason(
    hub: WatchedHub, till: Scribe, lines: io.StringIO
) -> None:
    hub.refused(till.segment(FIRST, hub_id="00" * 16), 403)
    hub.refused(b"{}", 400, "/v1/enrol")
    hub.client.get("/healthz")
    assert [(line["level"], line["reason"]) for line in said(lines)] == [
        ("warning", "segment.other_hub"),
        ("warning", "enrol.unreadable"),
    ]


def test_a_mistake_of_the_program_is_counted_and_logged(
    hub: WatchedHub, till: Scribe, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(_data: bytes) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr("sync.services.hub.unpack", mistaken)
    assert hub.client.post("/v1/segments", content=till.segment(FIRST)).status_code == 500
    assert hub.metrics()["xuanpin_hub_pushes_total outcome=unavailable"] == 1
    assert (said(lines)[-1]["level"], said(lines)[-1]["status"]) == ("error", 500)


def test_as_text_only_what_somebody_should_see_is_said(hub: WatchedHub, till: Scribe) -> None:
    stream = io.StringIO()
    with logging_to(stream, "text"):
        hub.push(till.segment(FIRST))
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
        hub.refused(b"noise", 400)
    first, second = stream.getvalue().splitlines()
    assert first.endswith("WARNING Invalid HTTP request received. logger=uvicorn.error")
    assert "WARNING request method=POST route=/v1/segments status=400" in second
    assert second.endswith("reason=segment.malformed")


def test_what_the_database_says_of_rows_is_not_logged(
    hub: WatchedHub, till: Scribe, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "Wang Xiaoming"

    def clash(connection: object, *_arguments: object) -> None:
        for _ in range(2):
            connection.execute(  # type: ignore[attr-defined]
                text("INSERT INTO till VALUES (:till, 7, :name, 1, 'x', 1)"),
                {"till": "ab" * 16, "name": secret},
            )

    monkeypatch.setattr("sync.stores.hub_journal.add_evidence", clash)
    assert hub.client.post("/v1/segments", content=till.segment(FIRST)).status_code == 503
    (line,) = said(lines)
    assert "unique" in str(line["reason"]).lower()
    assert secret not in lines.getvalue()


def test_a_server_that_is_down_is_logged_once_and_without_its_address(
    tmp_path: Path, hub: WatchedHub, lines: io.StringIO
) -> None:
    down = open_hub("postgresql+psycopg://xuanpin@127.0.0.1:1/xuanpin")
    lineage = Lineage(down, hub.opened.register, tmp_path, SystemClock())
    for _ in range(3):
        lineage.try_to_look()
    down.dispose()
    (line,) = said(lines)
    assert (line["event"], line["level"]) == ("lineage not looked at", "warning")
    assert "127.0.0.1" not in str(line)
    assert "refused" in str(line["reason"])
