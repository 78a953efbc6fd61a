"""Feeding tills: where each feed stands, and its pages, as the content of signed answers."""

import logging
from collections.abc import Sequence

import msgspec
from sqlalchemy import Engine

from sync.clock import Clock
from sync.database import hub_snapshot, hub_transaction
from sync.hub_events import tell
from sync.keys import HubKeys
from sync.package import Feed
from sync.rules import feed as wire
from sync.rules.feed import Overview, Page, Shown, Stand, Wanted
from sync.rules.feed_cursor import Cursor, make_cursor, read_cursor
from sync.rules.refusal import N_, Refused
from sync.stores import hub_epoch, hub_feeds

MOST_ASSIGNED = 20_000  # in one request; a publication assigns its versions itself


class _Scope(msgspec.Struct, frozen=True):
    """One feed as a till of some center gets it; `center` is 0 where all get the same."""

    feed: str
    center: int


class Feeding:
    """The hub's side of pulling; its database is already prepared."""

    def __init__(self, engine: Engine, keys: HubKeys, feeds: Sequence[Feed], clock: Clock) -> None:
        self._engine = engine
        self._keys = keys
        self._feeds = {feed.name: feed for feed in feeds}
        self._clock = clock

    def overview(self, center: int, body: bytes) -> bytes | Refused:
        """Answer a till's `Shown` with an `Overview` for its center.

        If one of its cursors is from the future, this database was put back: another epoch
        begins, and with it everybody pulls anew. Refused if a cursor is not this hub's.
        """
        shown = wire.read(body, Shown)
        if isinstance(shown, Refused):
            return shown
        cursors: list[Cursor] = []
        for data in shown.cursors[: wire.MOST_FEEDS]:
            cursor = read_cursor(data, self._keys.public)
            if isinstance(cursor, Refused):
                return cursor
            cursors.append(cursor)
        for name in self._feeds:
            self._assign(self._scope(name, center))
        epoch = self._epoch(cursors)
        with hub_snapshot(self._engine) as connection:
            stands = tuple(
                Stand(scope.feed, scope.center, state.version, state.oldest)
                for scope in (self._scope(name, center) for name in self._feeds)
                for state in [hub_feeds.state(connection, scope.feed, scope.center)]
            )
        return wire.write(Overview(self._keys.hub_id, center, epoch, stands))

    def page(self, feed: str, center: int, body: bytes) -> bytes | Refused:
        """Answer a till's `Wanted` with a `Page` of a feed for its center.

        Refused if there is no such feed, if its epoch is over, or if steps no longer lead on
        from its version.
        """
        wanted = wire.read(body, Wanted)
        if isinstance(wanted, Refused):
            return wanted
        if feed not in self._feeds:
            return unknown_feed(feed, self._feeds)
        scope = self._scope(feed, center)
        self._assign(scope)
        page = self._page(scope, wanted)
        return page if isinstance(page, Refused) else wire.write_page(page)

    def _page(self, scope: _Scope, wanted: Wanted) -> Page | Refused:
        feed, center = scope.feed, scope.center
        limit = max(1, min(wanted.rows, wire.MOST_ROWS))
        total = 0
        with hub_snapshot(self._engine) as connection:
            epoch = hub_epoch.epoch(connection)
            if epoch != wanted.epoch:
                return _other_epoch(feed)
            state = hub_feeds.state(connection, feed, center)
            if wanted.kind == "snapshot":
                rows = hub_feeds.rows_by_key(connection, feed, center, wanted.after, limit + 1)
                count = min(limit, wire.how_many_fit(rows))
                ends = (0, state.version)
                total = 0 if wanted.after else hub_feeds.count(connection, feed, center)
            elif wanted.version > state.version:
                return _other_epoch(feed)
            elif wanted.version < state.oldest:
                return _too_old(feed)
            else:
                changed = hub_feeds.changed_rows(
                    connection, feed, center, wanted.version, state.version, limit + 1
                )
                rows = [row for _, row in changed]
                count = min(limit, wire.how_many_fit(rows))
                last = changed[count - 1][0] if count < len(rows) else state.version
                ends = (wanted.version, last)
        return Page(
            kind=wanted.kind,
            hub_id=self._keys.hub_id,
            feed=feed,
            center=center,
            epoch=epoch,
            from_version=ends[0],
            to_version=ends[1],
            more=count < len(rows),
            rows=tuple(rows[:count]),
            cursor=self._cursor(scope, epoch, ends[1]),
            total=total,
        )

    def _cursor(self, scope: _Scope, epoch: int, version: int) -> bytes:
        cursor = Cursor(self._keys.hub_id, scope.feed, scope.center, epoch, version)
        return make_cursor(cursor, self._keys.sign)

    def _scope(self, feed: str, center: int) -> _Scope:
        return _Scope(feed, center if self._feeds[feed].per_center else 0)

    def _assign(self, scope: _Scope) -> None:
        """Give versions to what was changed; reads only, if nothing was."""
        for _ in range(0, MOST_ASSIGNED, hub_feeds.ASSIGNED_AT_ONCE):
            with hub_snapshot(self._engine) as connection:
                if not hub_feeds.has_unassigned(connection, scope.feed, scope.center):
                    return
            with hub_transaction(self._engine) as connection:
                hub_feeds.assign(connection, scope.feed, scope.center)

    def _epoch(self, cursors: Sequence[Cursor]) -> int:
        """Return the epoch in force; begin another if one of this hub's cursors is ahead of it."""
        with hub_snapshot(self._engine) as connection:
            epoch = hub_epoch.epoch(connection)
            ahead = [
                cursor
                for cursor in cursors
                if cursor.hub_id == self._keys.hub_id
                and wire.is_from_the_future(
                    cursor,
                    epoch,
                    hub_feeds.state(connection, cursor.feed, cursor.center).version,
                )
            ]
        if epoch and not ahead:
            return epoch
        why = "a till had been fed more than this database knows" if ahead else "the first"
        beyond = max((cursor.epoch for cursor in ahead), default=0)
        with hub_transaction(self._engine) as connection:
            minted = hub_epoch.mint(
                connection, self._clock.now_ms(), why, beyond=beyond, after=epoch
            )
        if ahead:
            tell(logging.WARNING, "epoch begins", epoch=minted, why=why)
        return minted


def unknown_feed(feed: str, known: Sequence[str] | dict[str, Feed]) -> Refused:
    """Refuse a feed that nobody declares."""
    return Refused(
        "feed.unknown",
        N_("There is no feed “{feed}”."),
        N_("The feeds: {known}."),
        {"feed": feed, "known": ", ".join(sorted(known))},
    )


def _other_epoch(feed: str) -> Refused:
    return Refused(
        "feed.other_epoch",
        N_("The feed “{feed}” is of another epoch now."),
        N_("Pull again; what is fed is then taken anew."),
        {"feed": feed},
    )


def _too_old(feed: str) -> Refused:
    return Refused(
        "feed.too_old",
        N_("The till is too far behind in the feed “{feed}”."),
        N_("Pull again; what is fed is then taken anew."),
        {"feed": feed},
    )
