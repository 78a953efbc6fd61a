"""Taking a snapshot: a copy of the reference data in which some feeds come anew, swapped in."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import filelock
import msgspec
from msgspec import structs
from sqlite_utils.migrations import Migrations

from sync.database import Database
from sync.feed_client import FeedClient, leads_no_further
from sync.lock import opening_lock, unusable
from sync.package import Feed
from sync.reference import (
    BUILDING,
    Reference,
    damage,
    put_in_force,
    remove,
    replace_damaged,
    written_here,
)
from sync.rules.feed import MOST_ROWS, Overview, Page, Stand, Wanted
from sync.rules.feed_cursor import Cursor
from sync.rules.feed_row import UnreadableRow
from sync.rules.refusal import N_, Fault, Refused
from sync.services.stepping import Steps, Tell
from sync.services.till import OpenTill
from sync.sqlite_driver import SqliteError
from sync.stores import feeds as stores
from sync.stores.feeds import Build, Building
from sync.written_out import write_out

KEPT_FREE_BYTES = 64 * 1024 * 1024
_FROM_NOTHING = -1  # the base of a file that is no copy


class Taken(msgspec.Struct, frozen=True):
    """A snapshot in force: how many rows came, and where a damaged file before it is kept.

    `unread` are the due feeds that are as they were before, each with why it could not come.
    """

    rows: int
    unread: Mapping[str, Refused] = msgspec.field(default_factory=dict)
    set_aside: Path | None = None


class Snapshots(msgspec.Struct, frozen=True):
    """What snapshots are taken with: the till and its file in force, feeds, the hub.

    `reference` is None where the file in force is damaged: then nothing of it is copied. With
    `rest_s`, a finished file reaches the disk in parts, and everybody else gets a turn of that
    long after each: a sale beside it never waits for the disk. Then pages have rests, too: as
    long as the page before took, for both cores of a small machine share one.
    """

    till: OpenTill
    reference: Reference | None
    migrations: Sequence[Migrations]
    feeds: Mapping[str, Feed]
    client: FeedClient
    tell: Tell
    rest_s: float = 0

    def take(self, overview: Overview, due: Sequence[Stand]) -> Taken | Refused:
        """Build a file in which the `due` feeds are complete, and put it in force.

        A feed with a row that this program cannot read stays as it is, and stops no other; it is
        the refusal where no feed is left. Raises `Fault` and what the disk raises.
        """
        path = self.till.directory / BUILDING
        names = [stand.feed for stand in due]
        unread: dict[str, str] = {}
        while True:
            try:
                built = self._built(path, overview, due, unread)
            except UnreadableRow as fault:
                if {*unread, fault.feed} == set(names):
                    return fault.refused
                unread[fault.feed] = fault.key
            else:
                return built if isinstance(built, Refused) else self._put_in_force(path, *built)

    def _built(
        self, path: Path, overview: Overview, due: Sequence[Stand], unread: Mapping[str, str]
    ) -> tuple[Build, Taken] | Refused:
        """Build a file of the `due` feeds without those that are `unread`.

        What was built before an interruption is gone on with, if it is of this epoch, of these
        feeds and of this boot of the machine; what can never be completed is removed, and what a
        disk failed to take.
        """
        try:
            database, build = self._opened(path, overview, [stand.feed for stand in due], unread)
            with closing(database):
                unread = stores.left_out(database.read())
                rows = self._complete(database, build, [it for it in due if it.feed not in unread])
        except (Fault, OSError, SqliteError):
            remove(path)  # what a failed sync has lost, a second one does not tell
            raise
        if isinstance(rows, Refused):
            if rows.reason in _HOPELESS or leads_no_further(rows):
                remove(path)
            return rows
        left = {feed: UnreadableRow(feed, key).refused for feed, key in unread.items()}
        return build, Taken(rows, left)

    def _opened(
        self, path: Path, overview: Overview, wanted: Sequence[str], unread: Mapping[str, str]
    ) -> tuple[Database, Build]:
        """Open the file that is being built, or begin it with a copy of the one in force.

        A file begun anew leaves out those that are `unread`.
        """
        base = written_here(self.reference.read()) if self.reference else _FROM_NOTHING
        # Unsynced, a file is good for as long as the machine runs; where nobody can tell whether
        # that is still the same boot, it is synced on the way.
        lasts = self.till.setup.clock.boot_lasts()
        boot = self.till.stamp().boot if lasts else ""
        opening = partial(Database, path, self.migrations, synchronous="OFF" if lasts else "NORMAL")
        build = Build(overview.hub_id, overview.center, overview.epoch, base, boot)
        if path.exists():
            with suppress(Fault):  # it is damaged: begun anew
                database = opening()
                found = stores.build_of(database.read())
                if found is not None and (found[0], set(found[1])) == (build, set(wanted)):
                    return database, build
                database.close()
            remove(path)
        if self.reference is not None:
            self.reference.copy_to(path, durable=not lasts)
        database = opening()
        with database.transaction() as db:
            for feed in wanted:
                if feed not in unread:
                    self.feeds[feed].clear(db)
            if self.reference is not None:
                build = structs.replace(build, base=written_here(db))
            stores.begin_build(db, build, wanted, unread)
        return database, build

    def _complete(self, database: Database, build: Build, due: Sequence[Stand]) -> int | Refused:
        """Fetch what is missing, bring all feeds up to now, and check the file as a whole."""
        rows = 0
        for stand in due:
            scanned = self._scan(database, build, stand)
            if isinstance(scanned, Refused):
                return scanned
            rows += scanned
        stepped = self._step(database, {stand.feed for stand in due})
        if isinstance(stepped, Refused):
            return stepped
        if self.rest_s:
            database.checkpoint()
            write_out(database.path, lambda: self.client.pause(self.rest_s))
        with database.transaction() as db:
            stores.end_build(db)
        if not is_sound(database):
            return _damaged()
        database.checkpoint()
        return rows + stepped

    def _scan(self, database: Database, build: Build, stand: Stand) -> int | Refused:
        """Go through all keys of a feed; steps lead on from the version at the first page."""
        part = stores.building_of(database.read(), stand.feed)
        clock = self.till.setup.clock
        while not part.scanned:
            began_ms = clock.monotonic_ms()
            if shutil.disk_usage(self.till.directory).free < KEPT_FREE_BYTES:
                return _no_room(self.till.directory)
            at = Cursor(build.hub_id, stand.feed, stand.center, build.epoch, part.version)
            wanted = Wanted("snapshot", at.epoch, at.version, part.after, MOST_ROWS)
            page = self.client.page(at, wanted)
            if isinstance(page, Refused):
                return page
            part = _grown(part, page)
            with database.transaction() as db:
                self.feeds[stand.feed].apply(db, page.rows)
                stores.keep_building(db, part)
                if part.scanned:
                    end = structs.replace(at, version=part.version)
                    stores.keep_cursor(db, end, part.signed, self.till.now_ms())
            self.tell(stand.feed, part.rows, part.total)
            if self.rest_s:
                self.client.pause((clock.monotonic_ms() - began_ms) / 1000)
        return part.rows

    def _step(self, database: Database, due: set[str]) -> int | Refused:
        """Follow what changed meanwhile, also in the feeds that were copied, where that can be."""
        steps = Steps(self.client, database.transaction, self.till.now_ms, MOST_ROWS, 0, _untold)
        rows = 0
        for name, kept in stores.cursors(database.read()).items():
            if name not in self.feeds:
                continue
            try:
                followed = steps.follow(self.feeds[name], kept.cursor, kept.cursor.version)
            except UnreadableRow:
                if name in due:
                    raise
                continue
            if not isinstance(followed, Refused):
                rows += followed
            elif name in due:
                return followed
        return rows

    def _put_in_force(self, path: Path, build: Build, taken: Taken) -> Taken | Refused:
        try:
            with opening_lock(self.till.directory):
                if self.reference is None:
                    return self._replace_damaged(path, taken)
                with self.reference.feeding() as db:
                    if written_here(db) != build.base:
                        remove(path)
                        return _disturbed()
                    put_in_force(self.till.directory, path)
        except filelock.Timeout as error:
            raise Fault(unusable(self.till.directory, "busy")) from error
        self.reference.follow()
        return taken

    def _replace_damaged(self, path: Path, taken: Taken) -> Taken | Refused:
        """Put the file in force, unless somebody has replaced the damaged one meanwhile."""
        if damage(self.till.directory) is None:
            remove(path)
            return _disturbed()
        return structs.replace(taken, set_aside=replace_damaged(self.till.directory, path))


def is_sound(database: Database) -> bool:
    """Tell whether SQLite finds no damage in a file."""
    (said,) = database.read().execute("PRAGMA quick_check(1)").fetchone()
    return bool(said == "ok")


def _grown(part: Building, page: Page) -> Building:
    """Return how far a snapshot is with one page more."""
    first = not part.signed
    return Building(
        feed=part.feed,
        version=page.to_version if first else part.version,
        after=page.rows[-1].key if page.rows else part.after,
        rows=part.rows + len(page.rows),
        total=page.total if first else part.total,
        signed=page.cursor if first else part.signed,
        scanned=int(not page.more),
    )


def _untold(_feed: str, _done: int, _size: int) -> None:
    """Tell nobody."""


def _no_room(directory: Path) -> Refused:
    return Refused(
        "pull.no_room",
        N_("There is not enough room on the disk of {path} for what the hub feeds."),
        N_("Make room; the till goes on selling with what it has."),
        {"path": directory},
    )


def _damaged() -> Refused:
    return Refused(
        "pull.damaged",
        N_("What was built of the hub's feeds came out damaged: the disk may be failing."),
        N_("Pull again; if it stays so, replace the disk. The till goes on with what it has."),
    )


def _disturbed() -> Refused:
    return Refused(
        "pull.disturbed",
        N_("Goods were imported at this till while the hub's feeds were fetched."),
        N_("Pull again."),
    )


_HOPELESS = frozenset({"pull.no_room", "pull.damaged"})
