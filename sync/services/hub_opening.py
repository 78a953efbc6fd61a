"""Opening a hub's database and keys, for whoever serves it or invites tills to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from sync.database import hub_snapshot, hub_transaction, open_hub
from sync.keys import HubKeys, load_or_create_hub_keys
from sync.package import HubStep
from sync.rules.refusal import N_, Fault, Refused
from sync.setup import Setup
from sync.stores import hub_migrations


@dataclass(frozen=True, slots=True)
class OpenHub:
    """A hub's prepared database, its keys, and the directory that holds its key files."""

    engine: Engine
    keys: HubKeys
    directory: Path

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_hub_data(setup: Setup, database: str = "") -> OpenHub | Refused:
    """Open the hub's keys and database (`database`, else [hub] database, else SQLite here).

    Creates what is missing. Refused if the database cannot be used; raises `Fault` for keys.
    """
    directory = setup.hub_directory
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Fault(_unusable(directory, error.strerror)) from error
    keys = load_or_create_hub_keys(directory)
    here = URL.create("sqlite", database=str(directory / "hub.db"))
    url = database or setup.hub.database or here.render_as_string(hide_password=False)
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
            return _unusable(url, "a hub keeps its database in a file")
        engine = open_hub(url)
    except (ArgumentError, ImportError) as error:
        return _unusable("[hub] database", error)
    try:
        refused = _migrate(engine, setup)
    except DBAPIError as error:
        refused = _unusable(engine.url.render_as_string(), error.orig)
    if refused is not None:
        engine.dispose()
        return refused
    return OpenHub(engine, keys, directory)


def hub_steps(setup: Setup) -> list[tuple[str, HubStep]]:
    """Return every step that this program knows, with the package that declares it."""
    return [(package.name, step) for package in setup.packages for step in package.hub_steps()]


def _migrate(engine: Engine, setup: Setup) -> Refused | None:
    """Bring the database up to this program; refuse one that a newer program has migrated."""
    steps = hub_steps(setup)
    with hub_snapshot(engine) as connection:
        behind = hub_migrations.recorded(connection)
    newer = hub_migrations.unknown(behind, steps)
    if newer:
        return _newer(engine, newer[0])
    for package, step in steps:
        if (package, step.name) not in behind:
            with hub_transaction(engine) as connection:
                hub_migrations.apply_once(
                    connection,
                    package,
                    step,
                    partitions=setup.hub.partitions,
                    now_ms=setup.clock.now_ms(),
                )
    return None


def _newer(engine: Engine, step: str) -> Refused:
    return Refused(
        "hub.newer_database",
        N_("The hub's database at {place} was migrated by a newer version (“{step}”)."),
        N_("Start that version, or restore a backup made before it."),
        {"place": engine.url.render_as_string(), "step": step},
    )


def _unusable(place: object, problem: object) -> Refused:
    return Refused(
        "hub.database",
        N_("The hub's database at {place} cannot be used: {problem}."),
        N_("Check --database or [hub] database, the disk and its permissions."),
        {"place": place, "problem": " ".join(str(problem).split())},
    )
