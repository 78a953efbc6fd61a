"""Pulling step by step leads where a snapshot leads, whatever was changed, and in which pages."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.database import hub_transaction
from sync.rules import feed as wire
from sync.services import pulling, snapshots
from sync.stores import hub_feeds

from .feed_scenes import FedTill, FeedingHub, feeding_hub
from .tills import down

KEYS = st.sampled_from([f"k{number}" for number in range(12)])
CONTENTS = st.sampled_from(["1", "2", "3", ""])  # "": the row is removed
CHANGES = st.dictionaries(KEYS, CONTENTS, min_size=1, max_size=6)
WHATEVER = st.one_of(
    st.tuples(st.just("change"), CHANGES),
    st.tuples(st.just("pull"), st.integers(0, 1)),
    st.tuples(st.just("cut"), st.integers(0, 4)),
    st.tuples(st.just("forget"), st.integers(0, 3)),
    st.tuples(st.just("new till"), st.none()),
)


class Story:
    """A hub and tills, and what happens to them, one thing after another."""

    def __init__(self, hub: FeedingHub) -> None:
        self.hub = hub
        self.tills: list[FedTill] = [hub.till("T-0")]

    def change(self, rows: dict[str, str]) -> None:
        self.hub.book(rows)

    def pull(self, which: int) -> None:
        self.tills[which % len(self.tills)].pulled()

    def cut(self, after: int) -> None:
        """Let the newest till's network fail in the middle of a pull."""
        till = self.tills[-1]
        till.wire.faults += [lambda hub, request: hub(request)] * after + [down]
        till.pull()
        till.wire.faults.clear()

    def forget(self, keep: int) -> None:
        with hub_transaction(self.hub.opened.engine) as connection:
            hub_feeds.forget_tombstones(connection, "goods", 0, keep)

    def new_till(self, _nothing: None) -> None:
        if len(self.tills) < 3:
            self.tills.append(self.hub.till(f"T-{len(self.tills)}"))


@pytest.mark.slow
@settings(max_examples=15)
@given(
    story=st.lists(WHATEVER, min_size=1, max_size=14),
    rows=st.integers(1, 5),
    most_fresh=st.sampled_from([0, 4, 100]),
)
def test_every_till_ends_up_with_what_the_hub_has(
    story: list[tuple[str, object]], rows: int, most_fresh: int
) -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        pytest.MonkeyPatch.context() as patch,
        feeding_hub(Path(directory)) as hub,
    ):
        patch.setattr(wire, "MOST_FRESH", most_fresh)
        patch.setattr(pulling, "MOST_ROWS", rows)
        patch.setattr(snapshots, "MOST_ROWS", rows)
        told = Story(hub)
        for act, value in story:
            getattr(told, act.replace(" ", "_"))(value)
        fresh = hub.till("fresh")
        for till in (*told.tills, fresh):
            till.pulled()
            assert till.rows() == hub.rows()
            assert till.pulled().rows == 0
