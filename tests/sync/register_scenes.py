"""A hub with a second medium, and what its manager does there."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import structs
from starlette.testclient import TestClient

from sync.faces.hub_api import make_app
from sync.faces.hub_routes import all_routes
from sync.services.hub import Hub
from sync.services.hub_opening import OpenHub, open_hub_data
from sync.services.inviting import Inviting
from sync.services.listing_tills import ListedTill, TillList
from sync.services.revoking import Revoking
from sync.setup import Setup
from tests.hub_databases import HubDatabase

from .hub_scenes import Scribe, WebHub
from .tills import START_MS, FakeClock, make_setup

GRANT = (
    b'{"schema":"xuanpin.grant.1","order_id":"o","serial":"%012x","plan":1,"center":1,'
    b'"from_day":"2026-11-22","until":"2027-11-22","counter":%d,"provisional":false}'
)


def hub_setup(root: Path, clock: FakeClock, **hub: str) -> Setup:
    setup = make_setup(root, clock=clock)
    settings = setup.settings.having(structs.replace(setup.hub, **hub))
    return structs.replace(setup, settings=settings)


class ManagedHub(WebHub):
    """A hub whose manager revokes tills; `medium` is the directory of its second medium."""

    def __init__(
        self,
        root: Path,
        medium: Path | None,
        clock: FakeClock,
        database: HubDatabase | None = None,
    ) -> None:
        self.clock = clock
        self.setup = hub_setup(root, clock, second_medium="" if medium is None else str(medium))
        opened = open_hub_data(self.setup, database.url if database else "")
        assert isinstance(opened, OpenHub), opened
        self.opened = opened
        self.keys = opened.keys
        packages, centers = self.setup.packages, {1: "zhengzhou", 2: "chenghai"}
        self.hub = Hub(opened.engine, opened.keys, packages, self.clock, centers)
        self.inviting = Inviting(opened.engine, opened.keys, self.clock, medium=opened.medium)
        self.desk = Revoking(opened.engine, opened.register, packages, self.clock)
        app = make_app(all_routes(self.setup, opened), self.setup.say)
        self.client = TestClient(app, client=("127.0.0.1", 5000), raise_server_exceptions=False)

    def tills(self) -> dict[str, ListedTill]:
        return {till.name: till for till in TillList(self.opened.engine, self.keys.public).tills()}

    def held(self) -> dict[str, int]:
        runs = TillList(self.opened.engine, self.keys.public).held()
        return {run.run: run.entries for run in runs}


@contextlib.contextmanager
def managed_hub(
    root: Path,
    medium: Path | None = None,
    clock: FakeClock | None = None,
    database: HubDatabase | None = None,
) -> Iterator[ManagedHub]:
    hub = ManagedHub(root, medium, clock or FakeClock(), database)
    try:
        yield hub
    finally:
        hub.close()


def grant(scribe: Scribe, run: str, counter: int) -> None:
    """Write that the till granted a card under this counter."""
    scribe.write(run, "membership_granted", body=GRANT % (counter, counter))


__all__ = ["START_MS", "ManagedHub", "grant", "hub_setup", "managed_hub"]
