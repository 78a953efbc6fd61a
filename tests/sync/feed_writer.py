"""A process that changes what a hub feeds: python -m tests.sync.feed_writer URL NAME COUNT."""

import sys

from sync.database import hub_transaction, open_hub
from sync.rules.feed_row import FeedRow
from sync.stores import hub_feeds


def write(url: str, name: str, count: int) -> None:
    """Commit `count` transactions of three rows; some rows are every writer's."""
    engine = open_hub(url)
    for number in range(count):
        rows = [
            (0, FeedRow(f"{name}-{number}", b"own")),
            (0, FeedRow(f"shared-{number % 7}", f"{name}-{number}".encode())),
            (0, FeedRow(f"{name}-last", str(number).encode())),
        ]
        with hub_transaction(engine) as connection:
            hub_feeds.put(connection, "goods", rows)
        with hub_transaction(engine) as connection:
            hub_feeds.assign(connection, "goods", 0)
    engine.dispose()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]))
