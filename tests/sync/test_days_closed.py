"""Whatever happens on the way: at each day closed, booked + held = journalled, to the last fen."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pos.rules.order import SALE
from sync.database import hub_snapshot
from sync.rules.totals import by_kind
from sync.services.closing import close_day
from sync.services.till import OpenTill
from sync.stores import hub_closings, hub_days

from .evening_scenes import UNREADABLE, Center, a_center, ring_up
from .tills import DAY_MS, WireFault, down, opened, reply_lost, twice

ACTS = st.one_of(
    st.tuples(st.sampled_from([SALE, UNREADABLE, "cart_voided"]), st.integers(-500, 90_000)),
    st.sampled_from(
        ["push", "push", "lose", "cut", "twice", "close", "reopen", "sleep", "backup", "restore"]
    ),
)


class Shop:
    """One till that does what it is told, and its hub."""

    def __init__(self, center: Center, held: ExitStack) -> None:
        self.center, self.held = center, held
        self.setup = center.setup("ZZ-01")
        self.till = opened(self.setup)
        held.callback(lambda: self.till.close())
        center.hub.enrol(self.till)
        self.backups = 0

    def act(self, act: object) -> None:
        hub, root = self.center.hub, self.center.root
        if isinstance(act, tuple):
            ring_up(self.till, act[1], kind=act[0])
        elif act == "close":
            close_day(self.till, self.till.today().isoformat(), "Li")
        elif act == "sleep":
            self.center.clock.pass_ms(DAY_MS)
        elif act == "reopen":
            self.till.close()
            self.till = opened(self.setup)
        elif act == "backup":
            self.backups += 1
            hub.backup(root / f"backup-{self.backups}")
        elif act == "restore" and self.backups:
            hub.restore(root / f"backup-{self.backups}")
        else:
            faults: dict[object, WireFault] = {"lose": reply_lost, "cut": down, "twice": twice}
            hub.wire.faults = [faults[act]] if act in faults else []
            hub.push(self.till)
            hub.wire.faults = []


def assert_days_agree(center: Center, till: OpenTill) -> None:
    install = till.keys.install
    for day in center_days(till):
        seen = center.seen(till, day=day)
        assert (seen.state, seen.differing, seen.gaps) == ("agrees", (), ()), day
        assert {each.kind for each in seen.exceptions} <= {"uninterpreted"}, seen.exceptions
        with hub_snapshot(center.hub.data.engine) as connection:
            closings = hub_closings.closings(connection, install, day, 9)
            found = hub_days.day_totals(connection, install, day)
        found.pop("day_closed", None)
        assert all(by_kind(each.said.totals) == found for each in closings)


def center_days(till: OpenTill) -> list[str]:
    rows = till.journal.read().execute("SELECT DISTINCT day FROM day_total ORDER BY day")
    return [day for (day,) in rows]


@settings(max_examples=8)
@given(st.lists(ACTS, min_size=4, max_size=25))
def test_at_each_day_closed_the_hub_has_what_the_till_journalled(acts: list[object]) -> None:
    with tempfile.TemporaryDirectory() as root, ExitStack() as held:
        center = held.enter_context(a_center(Path(root)))
        shop = Shop(center, held)
        for act in acts:
            shop.act(act)
        center.hub.push(shop.till)
        assert_days_agree(center, shop.till)
