"""Opening a hub's database and keys, for whoever serves it or invites tills to it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from filelock import ReadWriteLock
from msgspec import structs
from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from sync.database import hub_snapshot, hub_transaction, open_hub
from sync.hub_presence import be_present
from sync.keys import HUB_KEY, HubKeys, has_hub_keys, load_or_create_hub_keys
from sync.package import HubStep
from sync.rules.certificate import read
from sync.rules.refusal import N_, Fault, Refused, Words
from sync.second_medium import SecondMedium
from sync.services.lineage import Lineage
from sync.setup import CenterSettings, Setup
from sync.stores import hub_identity, hub_migrations, hub_register, hub_tills
from sync.stores.hub_register import Register


class OpenHub(msgspec.Struct, frozen=True):
    """A hub's prepared database, its keys, and the directory that holds its key files."""

    engine: Engine
    keys: HubKeys
    directory: Path
    presence: ReadWriteLock
    medium: SecondMedium | None = None

    @property
    def register(self) -> Register:
        """What every enrolment and revocation at this hub is recorded with."""
        return Register(self.keys, self.medium)

    def close(self) -> None:
        """Close every connection, and let the hub's data be replaced."""
        self.engine.dispose()
        self.presence.close()


def open_hub_data(
    setup: Setup, database: str = "", *, without_medium: bool = False, put_back: str = ""
) -> OpenHub | Refused:
    """Open the hub's keys and database (`database`, else [hub] database, else SQLite here).

    Creates what is missing, but no keys for a database that belongs to a hub already, and carries
    out what only the second medium knows. Refused if the database cannot be used or is another
    hub's, or while a restore replaces it; raises `Fault` for directory, keys and second medium.
    `without_medium` leaves that alone, for whoever is about to begin on it; `put_back` says why
    the database is known to have been put back.
    """
    directory = setup.hub_directory
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Fault(_unusable(directory, error.strerror)) from error
    url = hub_url(setup, database)
    if isinstance(url, Refused):
        return url
    try:
        engine = open_hub(url.render_as_string(hide_password=False))
    except (ArgumentError, ImportError) as error:
        return _unusable("[hub] database", error)
    presence = be_present(directory)
    if isinstance(presence, Refused):
        return presence
    opened: OpenHub | Refused | None = None
    try:
        prepared = _prepared(setup, engine, directory, presence)
        if isinstance(prepared, OpenHub) and not without_medium:
            prepared = structs.replace(prepared, medium=second_medium(setup))
            _catch_up(prepared, setup, put_back)
        opened = prepared
    except DBAPIError as error:
        opened = _unusable(engine.url.render_as_string(), error.orig)
    finally:
        if not isinstance(opened, OpenHub):
            engine.dispose()
            presence.close()
    return opened


def hub_url(setup: Setup, database: str = "") -> URL | Refused:
    """Return where the hub's database is: `database`, else [hub] database, else SQLite here."""
    here = URL.create("sqlite", database=str(setup.hub_directory / "hub.db"))
    given = database or setup.hub.database
    try:
        url = make_url(given) if given else here
        if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
            return _unusable(given, Words(N_("a hub keeps its database in a file")))
        if "\0" in (url.database or ""):
            return _unusable("[hub] database", Words(N_("No such file or directory")))
    except (ArgumentError, ImportError, ValueError) as error:
        return _unusable("[hub] database", error)
    return url


def _prepared(
    setup: Setup, engine: Engine, directory: Path, presence: ReadWriteLock
) -> OpenHub | Refused:
    refused = _migrate(engine, setup)
    if refused is not None:
        return refused
    with hub_snapshot(engine) as connection:
        owner = hub_identity.owner(connection)
        granted = hub_tills.all_certificates(connection) if owner is None else []
    if owner is not None and not has_hub_keys(directory):
        return _not_ours(engine, owner, directory)
    if granted and not has_hub_keys(directory):
        return _signed_elsewhere(engine, directory)
    keys = load_or_create_hub_keys(directory)
    if granted and isinstance(read(granted[0][1], keys.public), Refused):
        return _signed_elsewhere(engine, directory)
    if owner is None:
        with hub_transaction(engine) as connection:
            owner = hub_identity.claim(connection, keys.hub_id)
    if owner != keys.hub_id:
        return _not_ours(engine, owner, directory)
    return OpenHub(engine, keys, directory, presence)


def second_medium(setup: Setup) -> SecondMedium | None:
    """Return the second medium of the settings, None if there is none."""
    given = setup.hub.second_medium
    return SecondMedium(setup.place(given)) if given else None


def _catch_up(opened: OpenHub, setup: Setup, put_back: str) -> None:
    """Check both copies of the register and carry out what only the second medium knows."""
    hub_register.check_medium(opened.register)
    lineage_of(setup, opened).opened(put_back)  # first: what is carried out would hide it
    feeds = [feed.name for each in setup.packages for feed in each.feeds() if feed.registered]
    centers = {each.number: name for name, each in setup.settings.named(CenterSettings).items()}
    now_ms = setup.clock.now_ms()
    with hub_transaction(opened.engine) as connection:
        hub_register.up_to_date(connection, opened.register)
        hub_register.adopt_unrecorded(connection, opened.register, feeds, centers, now_ms)


def lineage_of(setup: Setup, opened: OpenHub) -> Lineage:
    """Return what watches the lineage of an open hub's database."""
    return Lineage(opened.engine, opened.register, opened.directory, setup.clock)


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


def _not_ours(engine: Engine, owner: str, directory: Path) -> Refused:
    return Refused(
        "hub.other_keys",
        N_("The hub's database at {place} belongs to hub {owner}, whose keys are not in {path}."),
        N_("Put that hub's hub.key there, from another of its machines or from its backup."),
        {"place": engine.url.render_as_string(), "owner": owner, "path": directory / HUB_KEY},
    )


def _signed_elsewhere(engine: Engine, directory: Path) -> Refused:
    return Refused(
        "hub.other_keys",
        N_("The certificates in the hub's database at {place} are not of the keys in {path}."),
        N_("Put that hub's hub.key there, from another of its machines or from its backup."),
        {"place": engine.url.render_as_string(), "path": directory / HUB_KEY},
    )


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
        {"place": place, "problem": _first_line(problem)},
    )


def _first_line(problem: object) -> object:
    """Return what a driver says first; what it asks on further lines is our hint's to say."""
    if isinstance(problem, Words):
        return problem
    return next(iter(str(problem).strip().splitlines()), "")
