"""Following a feed by steps: page after page, each with its cursor in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
from msgspec import structs
from sqlite_utils import Database

from sync.feed_client import FeedClient
from sync.package import Feed
from sync.rules.feed import Wanted
from sync.rules.feed_cursor import Cursor
from sync.rules.refusal import Refused
from sync.stores.feeds import keep_cursor

Tell = Callable[[str, int, int], None]


class Steps(msgspec.Struct, frozen=True):
    """How steps are taken: `writing` begins a transaction where the feeds are kept.

    A page has up to `rows` rows; between two, everybody else gets a turn of `pause_s`.
    """

    client: FeedClient
    writing: Callable[[], AbstractContextManager[Database]]
    now_ms: Callable[[], int]
    rows: int
    pause_s: float
    tell: Tell

    def follow(self, feed: Feed, at: Cursor, end: int, *, fresh: bool = False) -> int | Refused:
        """Go from a cursor to where the feed stands, at least to version `end`.

        Taken `fresh`, what is there goes with the first page. Returns how many rows came; what
        came before a refusal is kept. Raises `Fault`.
        """
        start, count, more = at.version, 0, True
        while more:
            wanted = Wanted("steps", at.epoch, at.version, "", self.rows)
            page = self.client.page(at, wanted)
            if isinstance(page, Refused):
                return page
            at, more = structs.replace(at, version=page.to_version), page.more
            with self.writing() as db:
                if fresh:
                    feed.clear(db)
                    fresh = False
                feed.apply(db, page.rows)
                keep_cursor(db, at, page.cursor, self.now_ms())
            count += len(page.rows)
            self.tell(feed.name, at.version - start, max(end, at.version) - start)
            if more and self.pause_s:
                self.client.pause(self.pause_s)
        return count
