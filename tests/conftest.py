"""What holds for every test: examples judged by what they show, never by the clock; databases."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.hub_databases import (
    HubDatabase,
    Migrated,
    NewDatabase,
    OnPostgres,
    OnSqlite,
    migrate_one,
)
from tests.postgres_server import Databases, postgres_server
from tests.sync.tills import make_setup

settings.register_profile(
    "any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any_machine")


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """A PostgreSQL server; whoever asks for it is skipped where there is none."""
    with postgres_server() as server:
        if isinstance(server, str):
            pytest.skip(server)
        yield server


@pytest.fixture(scope="session")
def migrated(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Migrated:
    """Migrated databases of few parts, which are quick to copy."""
    return migrate_one(databases, make_setup(tmp_path_factory.mktemp("template"), partitions=2))


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Iterator[NewDatabase]:
    """Make databases for hubs, of each kind in turn."""
    made: list[HubDatabase] = []

    def make() -> HubDatabase:
        if request.param == "sqlite":
            return OnSqlite()
        made.append(OnPostgres(request.getfixturevalue("migrated")))
        return made[-1]

    yield make
    for database in made:
        database.drop()
