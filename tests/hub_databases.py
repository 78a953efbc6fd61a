"""The databases that a hub of the tests is given: a file of SQLite, or one of PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from sync.database import hub_transaction
from sync.services.hub_opening import OpenHub, open_hub_data
from sync.setup import Setup
from tests.postgres_server import Databases

_TABLES = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
AND relname <> 'hub_step'
"""


class OnSqlite:
    """The hub's own file in its directory, which is copied and put back with it."""

    url = ""

    def forget(self, directory: Path) -> None:
        for path in directory.glob("hub.db*"):
            path.unlink()

    def backup(self, to: Path) -> None:
        """Nothing besides the directory."""

    def restore(self, backup: Path) -> None:
        """Nothing besides the directory."""

    def drop(self) -> None:
        """Nothing besides the directory."""


@dataclass
class Migrated:
    """Databases that every step was applied to: copied once, emptied and used again."""

    databases: Databases
    template: str
    free: list[str] = field(default_factory=list)

    def take(self) -> str:
        return self.free.pop() if self.free else self.databases.create(self.template)

    def give_back(self, name: str) -> None:
        """Empty a database, which is much quicker than copying another."""
        tables = self.databases.say(_TABLES, name)
        self.databases.say("; ".join(f"DELETE FROM {table}" for (table,) in tables), name)
        self.free.append(name)


@dataclass
class OnPostgres:
    """A database of its own on a PostgreSQL server."""

    migrated: Migrated
    name: str = ""
    kept: dict[Path, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.databases = self.migrated.databases
        self.name = self.migrated.take()

    @property
    def url(self) -> str:
        return self.databases.url(self.name)

    def forget(self, directory: Path) -> None:
        self.drop()
        self.name = self.migrated.take()

    def backup(self, to: Path) -> None:
        self.kept[to] = self.databases.create(self.name)

    def restore(self, backup: Path) -> None:
        self.databases.drop(self.name)
        self.name = self.databases.create(self.kept[backup])

    def drop(self) -> None:
        self.migrated.give_back(self.name)
        while self.kept:
            self.databases.drop(self.kept.popitem()[1])


HubDatabase = OnSqlite | OnPostgres
NewDatabase = Callable[[], HubDatabase]


def migrate_one(databases: Databases, setup: Setup) -> Migrated:
    """Make the first database that every step has been applied to, and that is nobody's yet."""
    name = databases.create()
    opened = open_hub_data(setup, databases.url(name))
    assert isinstance(opened, OpenHub), opened
    with hub_transaction(opened.engine) as connection:
        for table in ("hub", "opening"):
            connection.execute(text(f"DELETE FROM {table}"))
    opened.close()
    return Migrated(databases, name)
