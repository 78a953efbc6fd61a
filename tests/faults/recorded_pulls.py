"""A program to be watched: a till takes one snapshot of its hub's feeds after another.

`python -m tests.faults.recorded_pulls DIRECTORY [unsynced]`: what is in force is appended to the
file `said` once a pull has ended. `unsynced`, the program is wrong: it never syncs what it built.
"""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from sync import durable, reference
from sync.database import hub_transaction
from sync.rules import feed
from sync.services import pulling, snapshots
from sync.stores import hub_epoch
from tests.sync.feed_scenes import FedTill, FeedingHub, feeding_hub

from .recorded_sales import SAID, Said

PULLS, ROWS = 6, 200
HUB, NAME = "hub-machine", "ZZ-01"


def main(directory: Path, *, unsynced: bool) -> None:
    """Publish and pull; every other snapshot is taken gently, as beside a counter."""
    said = Said(directory / SAID)
    with (
        mock.patch.object(snapshots, "MOST_ROWS", ROWS // 5),
        mock.patch.object(feed, "MOST_FRESH", 0),
        mock.patch.object(pulling, "GENTLE_REST_S", 0.0001),
        mock.patch.object(reference, "sync_file", _no_sync if unsynced else durable.sync_file),
        feeding_hub(directory) as hub,
    ):
        till = hub.till(NAME)
        for number in range(1, PULLS + 1):
            _pull(hub, till, number, gently=not unsynced and number % 2 == 0)
            said("fed", number)


def _pull(hub: FeedingHub, till: FedTill, number: int, *, gently: bool) -> None:
    with hub_transaction(hub.opened.engine) as connection:
        hub_epoch.mint(connection, hub.clock.now_ms(), "all is to come anew")
    hub.publish({f"k{row:03d}": f"{number} " * 50 for row in range(ROWS)})
    report = till.pull(gently=gently)
    assert report.refused is None, report.refused
    assert report.anew == ("goods",)


def _no_sync(_path: Path) -> None:
    """Say that a file is on the disk, whatever is."""


if __name__ == "__main__":
    main(Path(sys.argv[1]), unsynced="unsynced" in sys.argv[2:])
