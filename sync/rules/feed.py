"""Feeds on the wire: where a till stands, what it asks for, and the pages that it is given.

A place in a feed is (epoch, version): epochs are the lineages of the hub's database, in order;
within one, versions are given to rows in commit order. *Steps* lead from a version to a later
one. A *snapshot* goes through all rows in the order of their keys; the steps from the version at
its start complete it. What travels is MessagePack inside the hub's signed answers, pages packed.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from sync.rules.decoding import from_msgpack
from sync.rules.feed_cursor import Cursor, malformed, read_cursor
from sync.rules.feed_row import MOST_DATA_BYTES, MOST_KEY, FeedRow
from sync.rules.packing import pack, unpack
from sync.rules.refusal import N_, Refused

MOST_FEEDS = 64
MOST_REQUEST_BYTES = 32 * 1024
MOST_OVERVIEW_BYTES = 64 * 1024
MOST_ROWS = 4000
MOST_FRESH = 100  # rows that are quicker taken anew in place than by a snapshot
MOST_ROW_BYTES = 1024 * 1024  # of a page's rows together, at which no further row is put in
MOST_PAGE_BYTES = 2 * MOST_ROW_BYTES
_ROW_OVERHEAD = 16
T = TypeVar("T")

Way = Literal["current", "steps", "fresh", "snapshot"]
Kind = Literal["steps", "snapshot"]


class Shown(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A till's request for an overview: every cursor it has, as the hub signed them."""

    cursors: tuple[bytes, ...]


class Stand(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How far a feed is for a till's center; `version` 0: nothing was ever fed.

    Steps no longer lead here from a version before `oldest`.
    """

    feed: str
    center: int
    version: int
    oldest: int


class Overview(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where all feeds stand; `center` is the number of the till's center."""

    hub_id: str
    center: int
    epoch: int
    stands: tuple[Stand, ...]


class Wanted(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A till's request for a page: the steps after `version`, or rows behind the key `after`.

    `rows` is the most it wants at once.
    """

    kind: Kind
    epoch: int
    version: int
    after: str
    rows: int


class Page(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Rows of one feed. Of steps, each key once, in the order they changed; of a snapshot, by key.

    Steps lead from `from_version` to `to_version`. A snapshot's page names in `to_version` how
    far the feed was when it was read, and its first one in `total` how many rows there were then.
    `cursor` is the signed cursor at `to_version`.
    """

    kind: Kind
    hub_id: str
    feed: str
    center: int
    epoch: int
    from_version: int
    to_version: int
    more: bool
    rows: tuple[FeedRow, ...]
    cursor: bytes
    total: int = 0


def write(value: msgspec.Struct) -> bytes:
    """Return the bytes of a request, an overview or a cursor."""
    return msgspec.msgpack.encode(value)


def read(data: bytes, kind: type[T]) -> T | Refused:
    """Read such bytes."""
    try:
        return from_msgpack(data, kind)
    except ValueError:
        return malformed()


def write_page(page: Page) -> bytes:
    """Pack a page."""
    return pack(msgspec.msgpack.encode(page))


def read_page(data: bytes) -> Page | Refused:
    """Unpack a page, at most 2 MiB."""
    raw = unpack(data, MOST_PAGE_BYTES)
    return malformed() if raw is None else read(raw, Page)


def how_many_fit(rows: list[FeedRow]) -> int:
    """Return how many of the rows go into one page, at least one if there is any."""
    size = 0
    for count, row in enumerate(rows[:MOST_ROWS]):
        if size >= MOST_ROW_BYTES:
            return count
        size += len(row.key.encode()) + len(row.data) + _ROW_OVERHEAD
    return min(len(rows), MOST_ROWS)


def is_from_the_future(cursor: Cursor, epoch: int, version: int) -> bool:
    """Tell whether the hub gave a cursor out after what its database now knows: it was put back.

    >>> shown = Cursor("hub", "catalogue", 0, 7, 500)
    >>> [is_from_the_future(shown, *known) for known in ((7, 500), (8, 9), (7, 499), (6, 900))]
    [False, False, True, True]
    """
    return (cursor.epoch, cursor.version) > (epoch, version)


def way_to(stand: Stand, epoch: int, have: Cursor | None, most_steps: int) -> Way | Refused:
    """Say how a till that stands at `have` (None: nowhere) gets to where a feed stands.

    A feed that was never fed leaves everything as it is; a small one is taken `fresh`: cleared,
    then by all steps from the first. A lower epoch or version is refused.

    >>> at = Cursor("hub", "prices", 0, 7, 500)
    >>> [way_to(Stand("prices", 0, *ends), 7, at, 100) for ends in ((500, 0), (600, 0), (601, 0))]
    ['current', 'steps', 'snapshot']
    >>> way_to(Stand("prices", 0, 510, 505), 7, at, 100)
    'snapshot'
    >>> [way_to(Stand("prices", 0, *ends), 8, at, 9) for ends in ((100, 0), (101, 0), (99, 98))]
    ['fresh', 'snapshot', 'snapshot']
    >>> [way_to(Stand("prices", 0, 499, 0), epoch, at, 100).reason for epoch in (7, 6)]
    ['feed.lower_version', 'feed.lower_epoch']
    """
    if have is not None and epoch < have.epoch:
        return lower_epoch(stand.feed)
    if have is not None and epoch == have.epoch and stand.version < have.version:
        return _lower_version(stand.feed)
    if stand.version == 0:
        return "current"
    if have is None or have.epoch != epoch:
        return "fresh" if stand.version <= MOST_FRESH and not stand.oldest else "snapshot"
    if have.version < stand.oldest:
        return "snapshot"
    if have.version == stand.version:
        return "current"
    return "steps" if stand.version - have.version <= most_steps else "snapshot"


def page_problem(page: Page, want: Cursor, wanted: Wanted, hub_public: bytes) -> Refused | None:
    """Say why a page is not what was asked for: another feed, center, hub or epoch, or disorder.

    `want` is the till's own hub, feed and center with the epoch and version it stands at.
    """
    if (page.hub_id, page.feed, page.center) != (want.hub_id, want.feed, want.center):
        return _other_feed(want.feed)
    if page.epoch != want.epoch:
        return lower_epoch(want.feed) if page.epoch < want.epoch else malformed()
    if page.kind != wanted.kind or not _is_ordered(page, wanted):
        return malformed()
    if page.kind == "steps" and not page.from_version == want.version <= page.to_version:
        return _lower_version(want.feed)
    if page.kind == "steps" and page.more and page.to_version == want.version:
        return malformed()  # it would go on for ever
    cursor = read_cursor(page.cursor, hub_public)
    if isinstance(cursor, Refused):
        return cursor
    at = Cursor(page.hub_id, page.feed, page.center, page.epoch, page.to_version)
    return None if cursor == at else malformed()


def _is_ordered(page: Page, wanted: Wanted) -> bool:
    keys = [row.key for row in page.rows]
    if len(keys) > wanted.rows or (page.more and not keys):
        return False
    if any(len(row.key) > MOST_KEY or len(row.data) > MOST_DATA_BYTES for row in page.rows):
        return False
    if page.kind == "snapshot":
        return all(one < other for one, other in zip([wanted.after, *keys], keys, strict=False))
    return len(set(keys)) == len(keys)


def lower_epoch(feed: str) -> Refused:
    """Refuse a feed of an epoch that is over."""
    return Refused(
        "feed.lower_epoch",
        N_("The hub offers the feed “{feed}” of an epoch that is over."),
        N_(
            "Ask the hub's people whether an old copy of the hub is answering; nothing was changed."
        ),
        {"feed": feed},
    )


def _lower_version(feed: str) -> Refused:
    return Refused(
        "feed.lower_version",
        N_("The hub offers the feed “{feed}” at an earlier version than this till has."),
        N_(
            "Ask the hub's people whether an old copy of the hub is answering; nothing was changed."
        ),
        {"feed": feed},
    )


def _other_feed(feed: str) -> Refused:
    return Refused(
        "feed.other_feed",
        N_("The hub's page is not of the feed “{feed}” for this center."),
        N_("Check the hub's address and this till's enrolment; nothing was changed."),
        {"feed": feed},
    )
