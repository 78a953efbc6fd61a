"""Versions come in commit order, whoever changes rows and in however many processes."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from sync.database import hub_snapshot, hub_transaction, open_hub
from sync.rules.feed_row import FeedRow
from sync.stores import hub_feeds
from tests.hub_databases import NewDatabase

from .feed_scenes import FeedingHub, feeding_hub

ROOT = Path(__file__).parents[2]
WRITERS = ("anna", "ben")
COUNT = 40


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[FeedingHub]:
    with feeding_hub(tmp_path, new_database()) as hub:
        yield hub


def url_of(hub: FeedingHub) -> str:
    return hub.opened.engine.url.render_as_string(hide_password=False)


def follow(engine: Engine, at: int, into: dict[str, bytes]) -> int:
    """Take all steps from a version on, as a till does; return the version reached."""
    with hub_snapshot(engine) as connection:
        end = hub_feeds.state(connection, "goods", 0).version
        changed = hub_feeds.changed_rows(connection, "goods", 0, at, end, 10_000)
    versions = [version for version, _ in changed]
    assert versions == sorted(set(versions))
    assert all(at < version <= end for version in versions)
    into.update({row.key: row.data for _, row in changed})
    return end


@pytest.mark.slow
def test_who_follows_misses_nothing_while_several_processes_write(hub: FeedingHub) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.sync.feed_writer", url_of(hub), name, str(COUNT)],
            cwd=ROOT,
        )
        for name in WRITERS
    ]
    seen: dict[str, bytes] = {}
    at = 0
    while any(writer.poll() is None for writer in writers):
        at = follow(hub.opened.engine, at, seen)
    assert [writer.returncode for writer in writers] == [0, 0]
    with hub_transaction(hub.opened.engine) as connection:
        hub_feeds.assign(connection, "goods", 0)
    follow(hub.opened.engine, at, seen)
    with hub_snapshot(hub.opened.engine) as connection:
        there = {row.key: row.data for row in hub_feeds.all_fed(connection, "goods")}
    assert seen == there
    assert len(there) == 7 + len(WRITERS) * (COUNT + 1)


def test_a_row_that_is_not_committed_yet_gets_its_version_later(hub: FeedingHub) -> None:
    """The one that commits last comes last, although it began first."""
    if hub.opened.engine.dialect.name == "sqlite":
        pytest.skip("only one transaction writes at a time")
    other = open_hub(url_of(hub))
    with hub_transaction(hub.opened.engine) as slow:
        hub_feeds.put(slow, "goods", [(0, FeedRow("slow", b"1"))])
        with hub_transaction(other) as quick:
            hub_feeds.put(quick, "goods", [(0, FeedRow("quick", b"1"))])
        with hub_transaction(other) as quick:
            assert hub_feeds.assign(quick, "goods", 0) == 1
    with hub_transaction(other) as quick:
        assert hub_feeds.assign(quick, "goods", 0) == 1
        changed = hub_feeds.changed_rows(quick, "goods", 0, 0, 9, 9)
    other.dispose()
    assert [(version, row.key) for version, row in changed] == [(1, "quick"), (2, "slow")]


def test_two_tills_asking_at_once_get_the_same_versions(hub: FeedingHub) -> None:
    tills = [hub.till("ZZ-01"), hub.till("ZZ-02")]
    hub.book({f"k{number}": "1" for number in range(500)})
    threads = [threading.Thread(target=till.pull) for till in tills]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for till in tills:
        till.pulled()
        assert till.rows() == hub.rows()
    with hub_snapshot(hub.opened.engine) as connection:
        assert hub_feeds.state(connection, "goods", 0).version == 500
