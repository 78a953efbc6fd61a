"""Hubs that share one database: what is unique stays unique, and whoever gives way tries again."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from sync.database import hub_repeatable, hub_snapshot, hub_transaction
from sync.rules.reply import Mark
from sync.stores.hub_locks import alone
from tests.hub_databases import HubDatabase, Migrated, NewDatabase, OnPostgres

from .hub_scenes import FIRST, SECOND, Scribe, WebHub, mark, web_hub


@contextlib.contextmanager
def both(tmp_path: Path, database: HubDatabase) -> Iterator[tuple[WebHub, WebHub]]:
    """Two hubs in one directory on one database, as two processes on one machine are."""
    with web_hub(tmp_path, database) as one, web_hub(tmp_path, database) as two:
        yield one, two


@pytest.fixture
def hubs(tmp_path: Path, new_database: NewDatabase) -> Iterator[tuple[WebHub, WebHub]]:
    with both(tmp_path, new_database()) as hubs:
        yield hubs


@pytest.fixture
def on_postgres(tmp_path: Path, migrated: Migrated) -> Iterator[tuple[WebHub, WebHub]]:
    database = OnPostgres(migrated)
    with both(tmp_path, database) as hubs:
        yield hubs
    database.drop()


def at_once(actions: Sequence[Callable[[], object]]) -> list[object]:
    """Do all of them at the same time; return what they returned, or raised, in order."""
    start = threading.Barrier(len(actions))
    results: list[object] = [None] * len(actions)

    def act(index: int) -> None:
        start.wait()
        try:
            results[index] = actions[index]()
        except Exception as error:  # noqa: BLE001 - the test looks at whatever it was
            results[index] = error

    threads = [threading.Thread(target=act, args=(index,)) for index in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def marks(hub: WebHub, data: bytes) -> tuple[Mark, ...]:
    return hub.push(data).marks


def written(till: Scribe, run: str = FIRST, count: int = 20) -> Scribe:
    till.open_run(run)
    for _ in range(count - 1):
        till.write(run)
    return till


def test_tills_that_enrol_at_once_get_numbers_and_counters_of_their_own(
    hubs: tuple[WebHub, WebHub],
) -> None:
    tills = at_once([partial(hubs[n % 2].enrolled, n) for n in range(1, 9)])
    assert all(isinstance(till, Scribe) for till in tills), tills
    rows = hubs[0].state()
    assert sorted(int(str(row[1])) for row in rows["till"]) == list(range(1, 9))
    assert sorted(int(str(row[1])) for row in rows["certificate"]) == list(
        range(1, 800_001, 100_000)
    )
    assert len(rows["act"]) == 8


def test_one_invitation_enrols_one_till_however_many_come_at_once(
    hubs: tuple[WebHub, WebHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = hubs[0].invite("ZZ-01")
    for hub in hubs:
        monkeypatch.setattr(hub, "invite", lambda _name: code)
    results = at_once([partial(hubs[n % 2].enrolled, n) for n in range(1, 7)])
    assert sum(isinstance(result, Scribe) for result in results) == 1
    assert sum("unknown_code" in str(result) for result in results) == 5
    assert (hubs[0].rows("till"), hubs[0].rows("certificate")) == (1, 1)


def test_one_till_that_pushes_to_both_at_once_is_booked_once(hubs: tuple[WebHub, WebHub]) -> None:
    till = written(hubs[0].enrolled())
    data = till.segment(FIRST)
    results = at_once([partial(marks, hub, data) for hub in hubs * 3])
    assert results == [(mark(till, FIRST, 20),)] * 6
    assert (hubs[0].rows("entry"), hubs[0].rows("booking"), hubs[0].rows("segment")) == (20, 20, 1)
    assert hubs[0].alarms() == set()


def test_two_pieces_of_a_run_at_once_leave_no_gap_and_no_fork(hubs: tuple[WebHub, WebHub]) -> None:
    till = written(hubs[0].enrolled())
    pieces = [till.segment(FIRST, first, first + 4) for first in (1, 6, 11, 16)]
    for _ in pieces:
        at_once(
            [
                partial(hub.client.post, "/v1/segments", content=data)
                for hub, data in zip(hubs * 2, pieces, strict=True)
            ]
        )
    assert hubs[1].push(pieces[-1]).marks == (mark(till, FIRST, 20),)
    assert hubs[0].rows("booking") == 20
    assert hubs[0].alarms() == set()


def test_tills_that_a_hub_forgot_come_back_at_once(hubs: tuple[WebHub, WebHub]) -> None:
    tills = [written(hubs[0].certified(n, till_number=n)) for n in range(1, 5)]
    hubs[0].enrolled(9)
    actions = [partial(marks, hub, till.segment(FIRST)) for till in tills[1:] for hub in hubs]
    assert at_once(actions) == [(mark(till, FIRST, 20),) for till in tills[1:] for _ in hubs]
    assert sorted(int(str(row[1])) for row in hubs[0].state()["till"]) == [1, 2, 3, 4]


def test_a_push_waits_for_its_own_till_only(on_postgres: tuple[WebHub, WebHub]) -> None:
    one, two = on_postgres
    slow, quick = written(one.enrolled(1)), written(one.enrolled(2))
    with hub_transaction(one.opened.engine) as connection:
        connection.execute(
            text("SELECT 1 FROM till WHERE till = :till FOR UPDATE"), {"till": slow.install}
        )
        assert two.push(quick.segment(FIRST)).marks == (mark(quick, FIRST, 20),)
        waiting = threading.Thread(target=two.push, args=(slow.segment(FIRST),))
        waiting.start()
        wait_until_blocked(connection)
    waiting.join()
    assert one.push(slow.segment(FIRST)).marks == (mark(slow, FIRST, 20),)


def wait_until_blocked(connection: Connection) -> None:
    """Wait until some other session waits for a lock of this database."""
    blocked = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(6000):
        if connection.execute(blocked).scalar():
            return
        connection.execute(text("SELECT pg_sleep(0.01)"))
    raise AssertionError("nobody waits")


def test_a_push_whose_till_stays_locked_is_told_to_come_again(
    on_postgres: tuple[WebHub, WebHub],
) -> None:
    one, two = on_postgres
    till = written(one.enrolled())
    with hub_transaction(two.opened.engine) as connection:  # kept by the one connection there
        connection.execute(text("SET lock_timeout = '50ms'"))
    with hub_transaction(one.opened.engine) as connection:
        connection.execute(text("SELECT 1 FROM till FOR UPDATE"))
        answer = two.client.post("/v1/segments", content=till.segment(FIRST))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert one.rows("entry") == 0
    assert two.push(till.segment(FIRST)).marks == (mark(till, FIRST, 20),)


def test_a_transaction_that_gives_way_in_a_deadlock_is_done_again(
    on_postgres: tuple[WebHub, WebHub],
) -> None:
    one, two = on_postgres
    meet = threading.Barrier(2)
    attempts: list[str] = []

    def crossing(first: str, second: str) -> Callable[[Connection], str]:
        def action(connection: Connection) -> str:
            alone(connection, first)
            attempts.append(first)
            if len(attempts) <= 2:
                meet.wait()
            alone(connection, second)
            return first

        return action

    results = at_once(
        [
            lambda: hub_repeatable(one.opened.engine, crossing("a", "b")),
            lambda: hub_repeatable(two.opened.engine, crossing("b", "a")),
        ]
    )
    assert results == ["a", "b"]
    assert len(attempts) == 3


def test_what_cannot_be_repeated_for_ever_is_raised(on_postgres: tuple[WebHub, WebHub]) -> None:
    attempts = []

    def give_way(connection: Connection) -> None:
        attempts.append(1)
        connection.execute(text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))

    with pytest.raises(DBAPIError):
        hub_repeatable(on_postgres[0].opened.engine, give_way)
    assert len(attempts) == 3


def test_a_lost_connection_is_503_once_and_nothing_is_half_stored(
    on_postgres: tuple[WebHub, WebHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = on_postgres
    till = written(one.enrolled())
    before = one.state()

    def cut(connection: Connection, *_arguments: object) -> None:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
        with hub_transaction(two.opened.engine) as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    with monkeypatch.context() as patched:
        patched.setattr("sync.stores.hub_journal.add_evidence", cut)
        answer = one.client.post("/v1/segments", content=till.segment(FIRST))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert one.state() == before
    assert one.push(till.segment(FIRST)).marks == (mark(till, FIRST, 20),)


def test_connections_that_the_server_closed_are_noticed_before_they_are_used(
    on_postgres: tuple[WebHub, WebHub],
) -> None:
    one, two = on_postgres
    till = written(one.enrolled())
    with hub_transaction(two.opened.engine) as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert one.push(till.segment(FIRST)).marks == (mark(till, FIRST, 20),)


def test_a_snapshot_sees_one_moment_and_keeps_nobody_waiting(hubs: tuple[WebHub, WebHub]) -> None:
    one, two = hubs
    till = written(one.enrolled())
    with hub_snapshot(one.opened.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM entry")).scalar() == 0
        two.push(till.segment(FIRST))
        assert connection.execute(text("SELECT count(*) FROM entry")).scalar() == 0
    with hub_snapshot(one.opened.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM entry")).scalar() == 20


def test_a_snapshot_of_postgresql_cannot_write(on_postgres: tuple[WebHub, WebHub]) -> None:
    with (
        pytest.raises(DBAPIError, match="read-only"),
        hub_snapshot(on_postgres[0].opened.engine) as connection,
    ):
        connection.execute(text("DELETE FROM till"))


@pytest.mark.parametrize(
    "body",
    [
        b'{"schema":"xuanpin.run.1","parent_run":"1-\\u0000","parent_seq":3,"parent_hash":"%s"}',
        b'{"schema":"xuanpin.run.1","parent_run":"\\ud800","parent_seq":3,"parent_hash":"%s"}',
        b'{"schema":"xuanpin.run.1","parent_run":"' + b"x" * 65 + b'","parent_seq":3}',
    ],
)
def test_text_that_no_database_column_holds_poisons_nothing(
    hubs: tuple[WebHub, WebHub], body: bytes
) -> None:
    till = hubs[0].enrolled()
    till.open_run(FIRST)
    till.open_run(
        SECOND, parent=FIRST, body=body.replace(b"%s", till.runs[FIRST][-1].hash.hex().encode())
    )
    assert hubs[0].push(till.segment(SECOND)).marks[0] == mark(till, SECOND, 1)
