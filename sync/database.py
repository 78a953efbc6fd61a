"""The one place that opens, begins and commits: SQLite for a till, any SQL database for a hub."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sqlite_utils import Database as SqliteUtils

from sync.disk_faults import disk_faults, unusable
from sync.rules.refusal import Fault, Refused
from sync.sqlite_driver import several_may_write, sqlite3, take_as_it_is

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlite_utils.migrations import Migrations

BUSY_TIMEOUT_S = 5
MOST_ATTEMPTS = 3
_HUB_PAGE_BYTES = 16 * 1024  # an entry of a sale takes 4 KB, which would spill a page of 4
_HUB_CACHE_KIB = 16 * 1024  # what a segment changes fits: nothing is written before its end
_HUB_LOG_PAGES = 16_000  # 256 MiB: then a commit checkpoints what `sync.checkpoints` has left
_STATEMENT_TIMEOUT_S = 60
_FULL = 13  # SQLITE_FULL
_PRIMARY = 0xFF  # the primary code within an extended one
# Bodies of entries are compressed as they are stored, by default in the slowest way there is.
_COMPRESS_QUICKLY = """SELECT set_config(name, 'lz4', false) FROM pg_settings
    WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)"""
_GAVE_WAY = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected
T = TypeVar("T")


class CommitUnknown(Fault):
    """COMMIT raised: the transaction may or may not be durable. Reopen and look for its id."""


class Database:
    """One SQLite file: a single writer connection behind a lock, a reader per thread.

    All writing of a process goes through one connection (see `several_may_write`). WAL and
    `synchronous=FULL`: what COMMIT returned is durable.
    """

    def __init__(
        self,
        path: Path,
        migrations: Sequence[Migrations] = (),
        *,
        read_only: bool = False,
        synchronous: Literal["FULL", "NORMAL", "OFF"] = "FULL",
    ) -> None:
        """Open the file; unless `read_only`, create and migrate it. Raises `Fault`.

        Power loss takes the last commits if NORMAL, and may damage what is OFF till it is synced.
        """
        self.path = path
        self._read_only = read_only
        self._synchronous = synchronous
        self._made = False
        self._lock = threading.RLock()
        self._readers = threading.local()
        self._opened: list[SqliteUtils] = []
        self._generation = 0
        self._stopped: Refused | None = None
        self._doubtful = False
        try:
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._writer = self._connect()
                self._made = True
                self._settle(migrations)
                for steps in migrations:
                    steps.apply(self._writer)
            elif not path.is_file():
                raise FileNotFoundError(path)
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise Fault(unusable(path, error)) from error

    def _settle(self, migrations: Sequence[Migrations]) -> None:
        """Sync what a killed process may have left in the WAL unsynced, before anything is written.

        A full disk lets nobody write, but the file can still be read.
        """
        try:
            self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.OperationalError as error:
            full = getattr(error, "sqlite_errorcode", 0) & _PRIMARY == _FULL
            if not full or any(steps.pending(self._writer) for steps in migrations):
                raise
            self._doubtful = True

    @contextmanager
    def transaction(self) -> Iterator[SqliteUtils]:
        """BEGIN IMMEDIATE … COMMIT; any exception inside rolls back and propagates.

        Raises `CommitUnknown` if COMMIT itself raised: then call `reopen` and look the id up.
        Raises `Fault` once `stop` was called, and while what such a COMMIT may have left in the
        WAL cannot be synced: a power cut would take with it whatever is written after that.
        """
        with self._lock:
            if self._stopped is not None:
                raise Fault(self._stopped)
            if self._doubtful:
                self.reopen()
                self.checkpoint()
            writer = self._writer
            writer.execute("BEGIN IMMEDIATE")
            try:
                yield writer
            except BaseException:
                if writer.conn.in_transaction:
                    writer.conn.execute("ROLLBACK")
                raise
            try:
                writer.conn.execute("COMMIT")
            except sqlite3.Error as error:
                self._doubtful = True
                raise CommitUnknown(unusable(self.path, error)) from error

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other thread from writing, over several transactions of this one."""
        with self._lock:
            yield

    def repeatable(self, action: Callable[[SqliteUtils], T]) -> T:
        """Commit an action that may safely happen twice: of unknown outcome, it is repeated.

        Raises `Fault` when the database fails; mistakes of the program propagate.
        """
        problem: Exception | None = None
        with self._lock:
            for _ in range(MOST_ATTEMPTS):
                try:
                    with disk_faults(self.path), self.transaction() as db:
                        return action(db)
                except CommitUnknown as error:
                    problem = error
                    self.reopen()
        raise Fault(unusable(self.path, problem)) from problem

    def stop(self, refused: Refused) -> None:
        """Refuse every further transaction of this process: the disk cannot be trusted."""
        self._stopped = refused

    def read(self) -> SqliteUtils:
        """Return this thread's own read-only connection; it sees what is committed.

        What it raises is SQLite's own: whoever must live on reads under `disk_faults`.
        """
        if getattr(self._readers, "generation", None) != self._generation:
            generation = self._generation
            self._drop(getattr(self._readers, "connection", None))
            self._readers.connection = self._connect(reader=True)
            self._readers.generation = generation
        connection: SqliteUtils = self._readers.connection
        return connection

    def checkpoint(self) -> None:
        """Move the whole WAL into the database file; raises `Fault` unless all of it moved."""
        with self._lock:
            try:
                busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error as error:
                raise Fault(unusable(self.path, error)) from error
            if busy:
                raise Fault(unusable(self.path, "checkpoint blocked"))
            self._doubtful = False

    def copy_to(self, path: Path, *, durable: bool = True) -> None:
        """Copy what is committed to a new file, synced if `durable`. Raises `Fault`."""
        try:
            with contextlib.closing(sqlite3.connect(path)) as target:
                if not durable:
                    target.execute("PRAGMA synchronous = OFF")
                self.read().conn.backup(target)
        except sqlite3.Error as error:
            raise Fault(unusable(path, error)) from error

    def reopen(self) -> None:
        """Connect anew, as after a COMMIT of unknown outcome; readers follow at their next read."""
        with self._lock:
            self._generation += 1
            self._drop(self._writer)
            try:
                self._writer = self._connect()
            except sqlite3.Error as error:
                raise Fault(unusable(self.path, error)) from error

    def swap(self, path: Path) -> None:
        """Go over to another file of the same tables; readers follow at their next read.

        Raises `Fault`, and stays with the file before, if the other cannot be opened.
        """
        with self._lock:
            before, self.path = self.path, path
            try:
                writer = None if self._read_only else self._connect()
            except sqlite3.Error as error:
                self.path = before
                raise Fault(unusable(path, error)) from error
            self._generation += 1
            if writer is not None:
                self._drop(self._writer)
                self._writer = writer

    def close(self) -> None:
        """Close all connections; readers of other threads open again on their next read."""
        with self._lock:
            self._generation += 1
            while self._opened:
                self._opened.pop().close()

    def _drop(self, connection: SqliteUtils | None) -> None:
        """Close one connection, unless another thread has closed it meanwhile."""
        if connection is None:
            return
        with contextlib.suppress(ValueError):
            self._opened.remove(connection)
            connection.close()

    def _connect(self, *, reader: bool = False) -> SqliteUtils:
        take_as_it_is()
        mode = "ro" if self._read_only else "rw" if self._made else "rwc"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        opened = SqliteUtils(connection, execute_plugins=False)
        self._opened.append(opened)
        if not self._read_only:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        if reader:
            connection.execute("PRAGMA query_only = ON")
        return opened


def open_hub(url: str) -> Engine:
    """Open the hub's database by SQLAlchemy URL: a file of SQLite, or PostgreSQL by psycopg 3.

    Raises SQLAlchemy's `ArgumentError`, or `ImportError` for a driver that is not here.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_dialect().name != "postgresql" or parsed.get_driver_name() != "psycopg":
        raise ArgumentError("a hub's database is sqlite:/// or postgresql+psycopg://")
    return _open_postgresql(parsed)


def _open_sqlite(url: URL) -> Engine:
    """WAL, FULL, and BEGIN IMMEDIATE for whatever does not only read."""
    from sqlalchemy import create_engine, event

    assert url.database not in (None, "", ":memory:"), "a hub's database is a file"
    take_as_it_is()
    engine = create_engine(
        url,
        module=sqlite3,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S},
        pool_timeout=BUSY_TIMEOUT_S,
        **({} if several_may_write() else {"pool_size": 1, "max_overflow": 0}),
        hide_parameters=True,  # errors are logged, and what people bought is not
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA page_size = {_HUB_PAGE_BYTES}")  # heeded by a new file only
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_HUB_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_HUB_LOG_PAGES}")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _open_postgresql(url: URL) -> Engine:
    """Connections that are tried before use, and wait for nothing longer than a till does."""
    from sqlalchemy import create_engine, event

    bounds = {
        "lock_timeout": BUSY_TIMEOUT_S,
        "statement_timeout": _STATEMENT_TIMEOUT_S,
        "idle_in_transaction_session_timeout": _STATEMENT_TIMEOUT_S,
    }
    arguments = {
        "application_name": "xuanpin hub",
        "connect_timeout": BUSY_TIMEOUT_S,
        "tcp_user_timeout": 2 * BUSY_TIMEOUT_S * 1000,
        "options": " ".join(f"-c {name}={seconds}s" for name, seconds in bounds.items()),
    }
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=5,
        pool_timeout=BUSY_TIMEOUT_S,
        hide_parameters=True,
        connect_args={name: arguments[name] for name in arguments if name not in url.query},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(_COMPRESS_QUICKLY)
        connection.autocommit = False

    return engine


@contextmanager
def on_new_connection(engine: Engine, act: Callable[[], None]) -> Iterator[None]:
    """Act whenever `engine` has connected anew, until the block ends; not by way of `engine`."""
    from sqlalchemy import event

    def connected(_connection: object, _record: object) -> None:
        act()

    event.listen(engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(engine, "connect", connected)


@contextmanager
def hub_transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction at the hub: committed when the block ends, rolled back if it raises."""
    with engine.begin() as connection:
        yield connection


def hub_repeatable(engine: Engine, action: Callable[[Connection], T]) -> T:
    """Commit an action; one that the database undid for another's sake is done again.

    PostgreSQL ends deadlocks and what it cannot serialise by undoing one of the transactions. The
    action must bear that. Raises SQLAlchemy's errors for all else.
    """
    from sqlalchemy.exc import DBAPIError

    for left in reversed(range(MOST_ATTEMPTS)):
        try:
            with hub_transaction(engine) as connection:
                return action(connection)
        except DBAPIError as error:
            if not left or getattr(error.orig, "sqlstate", None) not in _GAVE_WAY:
                raise
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def hub_snapshot(engine: Engine) -> Iterator[Connection]:
    """One consistent view of the hub for reading; a push waits only for another's connection."""
    if engine.dialect.name == "postgresql":
        reading = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    else:
        reading = engine.execution_options(reads=True)
    with reading.begin() as connection:
        yield connection
