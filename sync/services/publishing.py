"""Publishing at the hub: a file becomes rows of a feed, all or nothing, only what changed."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec
from msgspec import structs
from sqlalchemy import Connection, Engine

from sync.clock import Clock
from sync.database import hub_snapshot, hub_transaction
from sync.package import Feed, FeedRow, Publication, ReadFeed, Remark
from sync.rules.bad_rows import BadRows, Problem, bad_rows
from sync.rules.feed_row import MOST_DATA_BYTES, MOST_KEY
from sync.rules.files import unreadable
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.register import fed_acts
from sync.stores import hub_feeds, hub_register
from sync.stores.hub_locks import alone
from sync.stores.hub_register import Register

MOST_TOMBSTONES = 100_000
MOST_ATTEMPTS = 3
MOST_KEYS_BYTES = 64 * 1024 * 1024
_AT_ONCE = 1000
_LENGTH_BYTES = 4
_Rows = list[tuple[int, FeedRow]]
_Seen = Mapping[str, hub_feeds.Versions | None]


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What publishing did: rows of the file, those that changed what is fed, and the versions.

    `versions` are those at which the feed is now, by the number of the center (0: for all);
    `remarks` are for a person to look at, and kept nothing from being fed.
    """

    feed: str
    rows: int
    changed: int
    versions: dict[int, int]
    remarks: tuple[Remark, ...] = ()


class Progress(msgspec.Struct, frozen=True):
    """Whom to tell how far publishing is, of how much: reading, comparing, writing."""

    reading: Callable[[int, int], None]
    writing: Callable[[int, int], None]


def untold(_done: int, _size: int) -> None:
    """Tell nobody."""


SILENT = Progress(untold, untold)


class Publishing:
    """The hub's desk where feeds are published; its database is already prepared."""

    def __init__(
        self,
        engine: Engine,
        feeds: Sequence[Feed],
        centers: Mapping[str, int],
        center: int,
        register: Register,
        clock: Clock,
    ) -> None:
        """Know centers' numbers by name, and that of the center in which a person works."""
        self._engine = engine
        self._register = register
        self._clock = clock
        self._feeds = {feed.name: feed for feed in feeds}
        self._centers = centers
        self._center = center

    def publish(
        self, feed: str, path: Path, progress: Progress = SILENT
    ) -> Published | BadRows | Refused:
        """Publish a file: each row of it is fed from now on; other rows stay as they are.

        All or nothing; what is unchanged gets no new version. If somebody else publishes meanwhile,
        it is read and compared anew, since it might contradict what is fed now. If the database
        fails once the second medium has taken a registered feed's rows, all are carried out late.
        Refused if there is no such feed, if nobody publishes it, for what its reader finds, or if
        others publish over and over. Raises `Fault`.
        """
        read = self._reader(feed)
        if isinstance(read, Refused):
            return read
        for _ in range(MOST_ATTEMPTS):
            published = self._publish(feed, path, read, progress)
            if published is not None:
                return published
        return _overtaken(feed)

    def _publish(
        self, feed: str, path: Path, read: ReadFeed, progress: Progress
    ) -> Published | BadRows | Refused | None:
        """Publish a file unless what it was checked against is fed no more: then return None."""
        remarks: list[Remark] = []
        seen = {feed: self._versions(feed)}

        def look_at(asked: str) -> None:
            if asked not in seen:
                seen[asked] = self._versions(asked)

        def fed(asked: str, keys: Sequence[str]) -> Mapping[str, bytes]:
            look_at(asked)
            return self._fed_in(asked, self._center_of(asked), keys)

        def all_fed(asked: str) -> Iterator[FeedRow]:
            look_at(asked)
            return self._all_fed(asked)

        publication = Publication(
            path=path,
            centers=self._centers,
            fed=fed,
            all_fed=all_fed,
            progress=progress.reading,
            center=self._center,
            remark=remarks.append,
        )
        rows = read(publication)
        if isinstance(rows, (BadRows, Refused)):
            return rows
        with tempfile.TemporaryFile() as spool:
            told = self._put_aside_changed(feed, rows, spool)
            if isinstance(told, Refused):
                return told
            published = self._write(feed, told, spool, progress.writing, seen)
        return None if published is None else structs.replace(published, remarks=tuple(remarks))

    def remove(
        self, feed: str, path: Path, progress: Progress = SILENT
    ) -> Published | BadRows | Refused:
        """Take rows out of a feed: the file names their keys, one a line.

        All or nothing: a key that is not fed (where each center has rows of its own: to the
        center in which the person works) is named. Raises `Fault`.
        """
        declared = self._reader(feed)
        if isinstance(declared, Refused):
            return declared
        center = self._center_of(feed)
        keys = _read_keys(path)
        if isinstance(keys, Refused):
            return keys
        fed = self._fed_in(feed, center, [key for _, key in keys])
        unknown = [Problem(row, "", _not_fed(feed, key)) for row, key in keys if key not in fed]
        if unknown:
            return bad_rows(unknown)
        progress.reading(1, 1)
        with tempfile.TemporaryFile() as spool:
            told = self._put_aside_changed(
                feed, ((center, FeedRow(key, b"")) for key in fed), spool
            )
            assert isinstance(told, _Told)
            removed = self._write(feed, told, spool, progress.writing, {})
            assert removed is not None, "removing is compared with nothing"
            return removed

    def _reader(self, feed: str) -> ReadFeed | Refused:
        if feed not in self._feeds:
            return _unknown(feed, self._published())
        read = self._feeds[feed].read
        return _of_the_hub(feed, self._published()) if read is None else read

    def _center_of(self, feed: str) -> int:
        return self._center if self._feeds[feed].per_center else 0

    def _published(self) -> list[str]:
        return sorted(name for name, feed in self._feeds.items() if feed.read is not None)

    def _fed_in(self, feed: str, center: int, keys: Sequence[str]) -> Mapping[str, bytes]:
        with hub_snapshot(self._engine) as connection:
            found = hub_feeds.fed(connection, feed, [(center, key) for key in keys])
        return {key: data for (_, key), data in found.items()}

    def _all_fed(self, feed: str) -> Iterator[FeedRow]:
        with hub_snapshot(self._engine) as connection:
            yield from hub_feeds.all_fed(connection, feed, self._center_of(feed))

    def _put_aside_changed(
        self, feed: str, rows: Iterable[tuple[int, FeedRow]], spool: IO[bytes]
    ) -> _Told | Refused:
        """Put aside the rows that differ from what is fed, before any transaction begins."""
        per_center = self._feeds[feed].per_center
        told = _Told()
        remaining = iter(rows)
        while batch := list(itertools.islice(remaining, _AT_ONCE)):
            assert all((center != 0) == per_center for center, _ in batch), feed
            too_large = next((row.key for _, row in batch if _is_too_large(row)), None)
            if too_large is not None:
                return _row_too_large(too_large)
            with hub_snapshot(self._engine) as connection:
                places = [(center, row.key) for center, row in batch]
                fed = hub_feeds.fed(connection, feed, places)
            changed = [
                (center, row)
                for center, row in batch
                if fed.get((center, row.key), b"") != row.data
            ]
            told.rows += len(batch)
            told.changed += len(changed)
            told.centers |= {center for center, _ in batch}
            _put_aside(spool, changed)
        return told

    def _versions(self, feed: str) -> hub_feeds.Versions | None:
        """Return at which versions a feed is; None if somebody changes it this very moment."""
        with hub_transaction(self._engine) as connection:
            alone(connection, f"publishing {feed}")  # whoever writes has finished
            centers = hub_feeds.unassigned_centers(connection, feed)
        for center in centers:
            while self._assigned(feed, center):
                pass
        with hub_snapshot(self._engine) as connection:
            return hub_feeds.versions(connection, feed)

    def _write(
        self,
        feed: str,
        told: _Told,
        spool: IO[bytes],
        progress: Callable[[int, int], None],
        seen: _Seen,
    ) -> Published | None:
        """Write what was put aside in one transaction, then give it versions in short ones.

        Returns None, and nothing is written, unless all feeds are still as they were `seen`.
        """
        size = 2 * told.changed
        done = changed = 0
        if told.changed:
            spool.seek(0)
            with hub_transaction(self._engine) as connection:
                registered = self._feeds[feed].registered
                if registered:
                    hub_register.up_to_date(connection, self._register)
                for name in sorted({feed, *seen}):
                    alone(connection, f"publishing {name}")
                if any(_is_another(connection, name, seen[name]) for name in seen):
                    return None
                if registered:
                    done = changed = self._record(connection, feed, spool)
                for batch in () if registered else _taken_up(spool):
                    changed += hub_feeds.put(connection, feed, batch)
                    done += len(batch)
                    progress(done // 2, told.changed)
        if changed:
            with hub_transaction(self._engine) as connection:
                hub_feeds.take_stock(connection)
        versions = {}
        for center in sorted(told.centers):
            while self._assigned(feed, center):
                done += hub_feeds.ASSIGNED_AT_ONCE
                progress(min(done, size) // 2, told.changed)
            versions[center] = self._settled(feed, center)
        return Published(feed=feed, rows=told.rows, changed=changed, versions=versions)

    def _record(self, connection: Connection, feed: str, spool: IO[bytes]) -> int:
        rows = list(itertools.chain.from_iterable(_taken_up(spool)))
        acts = fed_acts(feed, rows)
        hub_register.record_all(connection, self._register, acts, self._clock.now_ms())
        return len(rows)

    def _assigned(self, feed: str, center: int) -> bool:
        with hub_snapshot(self._engine) as connection:
            if not hub_feeds.has_unassigned(connection, feed, center):
                return False
        with hub_transaction(self._engine) as connection:
            return hub_feeds.assign(connection, feed, center) > 0

    def _settled(self, feed: str, center: int) -> int:
        with hub_transaction(self._engine) as connection:
            hub_feeds.forget_tombstones(connection, feed, center, MOST_TOMBSTONES)
            return hub_feeds.state(connection, feed, center).version


def _is_another(connection: Connection, feed: str, versions: hub_feeds.Versions | None) -> bool:
    return versions is None or hub_feeds.versions(connection, feed) != versions


class _Told(msgspec.Struct):
    """What of a file is put aside: of so many rows those that changed, for which centers."""

    rows: int = 0
    changed: int = 0
    centers: set[int] = msgspec.field(default_factory=set)


def _put_aside(spool: IO[bytes], rows: _Rows) -> None:
    data = msgspec.msgpack.encode(rows)
    spool.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)


def _taken_up(spool: IO[bytes]) -> Iterator[_Rows]:
    while length := spool.read(_LENGTH_BYTES):
        yield msgspec.msgpack.decode(spool.read(int.from_bytes(length, "big")), type=_Rows)


def _is_too_large(row: FeedRow) -> bool:
    return len(row.key) > MOST_KEY or len(row.data) > MOST_DATA_BYTES


def _read_keys(path: Path) -> list[tuple[int, str]] | Refused:
    """Read keys with the numbers of their lines; blank lines are passed over."""
    try:
        if path.stat().st_size > MOST_KEYS_BYTES:
            return _no_keys(path)
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Fault(unreadable("feed.keys_unreadable", path, error)) from error
    except UnicodeDecodeError:
        return _no_keys(path)
    keys = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, key) for number, key in keys if key] or _no_keys(path)


def _unknown(feed: str, known: Sequence[str]) -> Refused:
    return Refused(
        "feed.unknown",
        N_("There is no feed “{feed}”."),
        N_("Feeds that are published: {known}."),
        {"feed": feed, "known": ", ".join(known)},
    )


def _of_the_hub(feed: str, known: Sequence[str]) -> Refused:
    return Refused(
        "feed.not_published",
        N_("The feed “{feed}” comes of what the hub books; nobody publishes it."),
        N_("Feeds that are published: {known}."),
        {"feed": feed, "known": ", ".join(known)},
    )


def _not_fed(feed: str, key: str) -> Refused:
    return Refused(
        "feed.not_fed",
        N_("“{key}” is not in the feed “{feed}”."),
        N_("Take the line out, or check --center."),
        {"feed": feed, "key": key},
    )


def _overtaken(feed: str) -> Refused:
    return Refused(
        "feed.overtaken",
        N_("Others publish to the feed “{feed}”, or to one it depends on, at the same time."),
        N_("Nothing was written: publish again when they have finished."),
        {"feed": feed},
    )


def _no_keys(path: Path) -> Refused:
    return Refused(
        "feed.no_keys",
        N_("{path} is no list of keys."),
        N_("Write one key on each line, in UTF-8."),
        {"path": path},
    )


def _row_too_large(key: str) -> Refused:
    return Refused(
        "feed.row_too_large",
        N_("The row “{key}” is too large for a feed."),
        N_("A key has at most 128 characters, its contents 64 KiB."),
        {"key": key[:MOST_KEY]},
    )
