"""A hub and the tills of its centers, each a machine of its own: sold, pushed, fed and pulled."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import structs

from pos.rules.order import Order
from pos.rules.tender import Tender
from pos.services.checkout import Checkout, Completed
from pos.services.register import Register
from sync.reference import Reference
from sync.services.courier import Courier
from sync.services.enrolment import Enroller
from sync.services.publishing import Published, Publishing
from sync.services.pulling import Puller, PullReport
from sync.services.till import OpenTill, open_till
from sync.setup import TillSettings
from sync.stores.enrolment import Enrolment
from tests.hub_databases import HubDatabase
from tests.sync.hub_scenes import WebHub, web_hub
from tests.sync.tills import make_setup

CENTERS = {"zhengzhou": 1, "chenghai": 2, "yiwu": 3}
CASH = [Tender("cash", 100_000)]


class Center:
    """A hub, and tills that are opened by name; all share one clock."""

    def __init__(self, hub: WebHub, root: Path) -> None:
        self.hub = hub
        self.clock = hub.clock
        self._root = root
        feeds = [feed for package in hub.setup.packages for feed in package.feeds()]
        opened = hub.opened
        self._desk = Publishing(opened.engine, feeds, CENTERS, 1, opened.register, hub.clock)

    @contextmanager
    def till(
        self, name: str, center: str = "zhengzhou", *, enrol: bool = True
    ) -> Iterator[OpenTill]:
        """Open a till for selling."""
        setup = make_setup(self._root / name, till=name, clock=self.clock)
        own = structs.replace(setup.settings.get(TillSettings), center=center)
        opened = open_till(structs.replace(setup, settings=setup.settings.having(own)), "counter")
        assert isinstance(opened, OpenTill), opened
        with opened:
            if enrol:
                self.enrol(opened)
            yield opened

    def enrol(self, till: OpenTill) -> None:
        own = till.setup.till
        code = self.hub.invite(own.id, CENTERS[own.center], own.center)
        assert isinstance(Enroller(till, self.hub.client).enrol(code), Enrolment)

    def publish(self, feed: str, *lines: str) -> Published:
        path = self._write(lines)
        published = self._desk.publish(feed, path)
        assert isinstance(published, Published), published
        return published

    def withdraw(self, feed: str, *keys: str) -> None:
        published = self._desk.remove(feed, self._write(keys))
        assert isinstance(published, Published), published

    def push(self, till: OpenTill) -> None:
        report = Courier(till, self.hub.client).push()
        assert (report.refused, report.pending) == (None, 0)

    def pull(self, till: OpenTill) -> PullReport:
        with closing(Reference(till.directory)) as reference:
            report = Puller(till, reference, self.hub.client).pull()
        assert report.refused is None, report.refused
        till.reference.follow()
        return report

    def _write(self, lines: Sequence[str]) -> Path:
        path = self._root / "list.csv"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path


@contextmanager
def center_at(root: Path, database: HubDatabase) -> Iterator[Center]:
    with web_hub(root / "hub", database) as hub:
        yield Center(hub, root)


def sold(till: OpenTill, register: Register) -> Order:
    completed = Checkout(till).complete(register.cart, CASH)
    assert isinstance(completed, Completed), completed
    register.start_new()
    return completed.order
