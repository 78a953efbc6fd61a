"""A machine's process and disk as SQLite meets them: it is killed, fills up, or lies about COMMIT.

Every connection that `sync.database` opens inside a host's directory is watched. A trap is set
for the nth write from now; a kill copies the files as they are at that moment, because that is
what the next process finds.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar
from unittest import mock

from sync.sqlite_driver import sqlite3

T = TypeVar("T")
Effect = Literal["kill", "full", "commit kept", "commit undone", "commit lost"]
FREE_BYTES = 1 << 40
_READS = ("SELECT", "PRAGMA", "WITH", "EXPLAIN", "ROLLBACK", "SAVEPOINT", "RELEASE")
_CHECKPOINT = "wal_checkpoint"
_NO_FILES = ("*-shm", "*.lock", "selling.json")
_sqlite: Any = sqlite3


class Killed(BaseException):
    """The process does not exist any more; nothing it would have done happens."""


@dataclass
class Trap:
    """What a host meets at a write: after `countdown` others, before or after it took effect.

    A full disk stays full, and a lost COMMIT lasts until the power goes, `lasts` steps later.
    """

    effect: Effect
    countdown: int
    after: bool = False
    lasts: int = 0
    fired: bool = False


@dataclass
class Host:
    """One machine: its directory, whether its process lives, and what its disk is about to do.

    `durable` is what a power cut would leave: set while a COMMIT that raised was never synced.
    """

    directory: Path
    trap: Trap | None = None
    dead: bool = False
    full: int = 0
    syncs: bool = True
    durable: Path | None = None
    power_lasts: int = 0
    acting: bool = False
    connections: list[Any] = field(default_factory=list)
    _copies: int = 0

    @contextlib.contextmanager
    def acts(self) -> Iterator[None]:
        """While this lasts the host does something, and its traps are live."""
        before, self.acting = self.acting, True
        try:
            yield
        finally:
            self.acting = before

    def meet(self, sql: str, act: Callable[[], T], connection: Any = None) -> T:
        """Let one statement happen, or what the trap says instead."""
        if self.dead:
            raise Killed
        statement = sql.lstrip()
        if _CHECKPOINT in statement:
            return self._checkpoint(act, connection)
        if not self.acting:
            return act()
        if statement[:9].upper().startswith(_READS):
            return act()
        self._refuse_when_full(statement, connection)
        trap = self.trap
        if trap is None or trap.fired or not _springs(trap, statement):
            return act()
        if trap.countdown > 0:
            trap.countdown -= 1
            return act()
        return self._spring(trap, statement, act, connection)

    def die(self) -> None:
        """End the process here: keep the files as they are, and let nothing happen any more."""
        self._keep_files(self.grave)
        self.dead = True
        raise Killed

    def next_step(self) -> None:
        """Let time pass for the disk: it gets room again, it syncs again, or the power goes."""
        self.trap, self.syncs = None, True
        self.full = max(0, self.full - 1)
        if self.durable is not None and not any(
            wal.stat().st_size for wal in self.directory.rglob("*-wal")
        ):
            self._trust()
        if self.durable is not None and self.power_lasts == 0:
            shutil.rmtree(self.grave, ignore_errors=True)
            self.durable.rename(self.grave)
            self.durable, self.dead = None, True
        self.power_lasts = max(0, self.power_lasts - 1)

    @property
    def grave(self) -> Path:
        """Where a dead process's files are kept until somebody takes them up."""
        return self.directory.with_name(self.directory.name + ".left")

    def bury(self) -> None:
        """Close what the dead process had open and put its files back as it left them."""
        self.close()
        shutil.rmtree(self.directory)
        self.grave.rename(self.directory)
        self.dead = False

    def replace_by(self, copy: Path) -> None:
        """Put a copy of this or another disk in place of this one, and be healthy."""
        self.close()
        shutil.rmtree(self.directory)
        copy_files(copy, self.directory)
        self.renewed()

    def renewed(self) -> None:
        """Be healthy: what is on this disk was just put there."""
        self.dead, self.full = False, 0
        self._trust()

    def close(self) -> None:
        """Close every connection that is still open."""
        while self.connections:
            connection = self.connections.pop()
            with contextlib.suppress(_sqlite.ProgrammingError):
                connection.close()

    def _trust(self) -> None:
        """What is on this disk would now outlive a power cut."""
        if self.durable is not None:
            shutil.rmtree(self.durable)
            self.durable = None

    def _checkpoint(self, act: Callable[[], T], connection: Any) -> T:
        if not self.syncs:
            raise _sqlite.OperationalError("disk I/O error")
        done = act()
        if self.durable is not None and connection is not None:
            again = _sqlite.Connection.cursor(connection, _sqlite.Cursor)
            busy, in_wal, moved = again.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if not busy and in_wal == moved:
                self._trust()
        return done

    def _refuse_when_full(self, statement: str, connection: Any) -> None:
        if self.full and not statement[:5].upper().startswith(("BEGIN", "PRINT")):
            _roll_back(connection)
            raise _sqlite.OperationalError("database or disk is full")

    def _spring(self, trap: Trap, statement: str, act: Callable[[], T], connection: Any) -> T:
        trap.fired = True
        if trap.effect == "kill":
            if trap.after:
                act()
            self.die()
        if trap.effect == "full":
            self.full = 1 + trap.lasts
            self._refuse_when_full(statement, connection)
        if trap.effect == "commit undone":
            _roll_back(connection)
            raise _sqlite.OperationalError("disk I/O error")
        if trap.effect == "commit lost" and self.durable is None:
            self._copies += 1
            kept = self.directory.with_name(f"{self.directory.name}.durable-{self._copies}")
            self._keep_files(kept)
            self.durable = kept
            self.syncs, self.power_lasts = trap.after, trap.lasts
        act()
        raise _sqlite.OperationalError("disk I/O error")

    def _keep_files(self, to: Path) -> None:
        shutil.rmtree(to, ignore_errors=True)
        copy_files(self.directory, to)


def copy_files(source: Path, to: Path) -> None:
    """Copy a directory as a crash leaves it: databases with their WAL, without locks."""
    shutil.copytree(source, to, ignore=shutil.ignore_patterns(*_NO_FILES))


def _springs(trap: Trap, statement: str) -> bool:
    """Tell whether a trap counts this statement: any write, any of the disk's, or each COMMIT."""
    word = statement[:6].upper()
    if trap.effect == "kill":
        return True
    return word == "COMMIT" if trap.effect.startswith("commit") else word not in ("BEGIN ", "PRINT")


def _roll_back(connection: Any) -> None:
    if connection is not None and connection.in_transaction:
        _sqlite.Connection.rollback(connection)


class _Cursor(_sqlite.Cursor):  # type: ignore[misc]
    """A cursor whose statements the host meets first."""

    def execute(self, sql: str, *parameters: Any) -> Any:
        connection: Any = self.connection
        return connection.host.meet(
            sql, lambda: super(_Cursor, self).execute(sql, *parameters), connection
        )

    def executemany(self, sql: str, *parameters: Any) -> Any:
        connection: Any = self.connection
        act = lambda: super(_Cursor, self).executemany(sql, *parameters)  # noqa: E731
        return connection.host.meet(sql, act, connection)


class _Connection(_sqlite.Connection):  # type: ignore[misc]
    """A connection that belongs to a host."""

    host: Host

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(_Cursor)

    def commit(self) -> None:
        if self.in_transaction:
            self.host.meet("COMMIT", super().commit, self)


@contextlib.contextmanager
def watched(hosts: Callable[[], list[Host]]) -> Iterator[None]:
    """Give every connection opened in a host's directory to that host, and its free space."""
    connect, usage = _sqlite.connect, shutil.disk_usage

    def host_of(path: object) -> Host | None:
        return next((host for host in hosts() if f"{host.directory}/" in f"{path}/"), None)

    def connected(path: Any, *arguments: Any, **options: Any) -> Any:
        host = host_of(path)
        if host is None:
            return connect(path, *arguments, **options)
        if host.dead:
            raise Killed
        connection = connect(path, *arguments, factory=_Connection, **options)
        connection.host = host
        host.connections.append(connection)
        return connection

    def free(path: Any) -> Any:
        found = usage(path)
        host = host_of(path)
        if host is None:
            return found
        return found._replace(free=0 if host.full else FREE_BYTES)

    with (
        mock.patch.object(_sqlite, "connect", connected),
        mock.patch.object(shutil, "disk_usage", free),
    ):
        yield
