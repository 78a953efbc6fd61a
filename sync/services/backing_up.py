"""Backing up a till or a hub: a consistent copy beside whoever sells or serves meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sync.backup_files import (
    backup_draft,
    check_database,
    copy_database,
    copy_file,
    describe,
    write_manifest,
)
from sync.keys import HUB_KEY, PHONE_KEY, TILL_KEY
from sync.reference import FIRST
from sync.reference_damage import means_damage
from sync.rules.backup import SCHEMA, Manifest, Role
from sync.rules.refusal import N_, Refused
from sync.services.till import OpenTill
from sync.sqlite_driver import SqliteError
from sync.till_files import JOURNAL

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from sync.services.hub_opening import OpenHub

HUB_DATABASE = "hub.db"
CENTERS = "centers"


class BackedUp(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was made; a till's reference data is left out where it is damaged."""

    directory: str
    role: Role
    size: int
    keys: bool
    reference: bool = True


def back_up_till(till: OpenTill, to: Path, *, with_keys: bool) -> BackedUp | Refused:
    """Back up a till's journal and goods into a new directory. Raises `Fault`.

    Its keys only if told: whoever has them sells in its name. Goods that are damaged would make a
    backup that cannot be put back: they are left out.
    """
    with backup_draft(to) as draft:
        if isinstance(draft, Refused):
            return draft
        copy_database(till.journal.path, draft / JOURNAL)
        _copy_reference(till, draft / FIRST)
        if with_keys:
            _copy_keys(till.directory, draft, [TILL_KEY, PHONE_KEY])
        made_ms = till.now_ms()
        return _finished(draft, to, "till", till.keys.install, till.setup.till.id, made_ms)


def back_up_hub(opened: OpenHub, to: Path, now_ms: int, *, with_keys: bool) -> BackedUp | Refused:
    """Back up a hub's SQLite database into a new directory. Raises `Fault`.

    Its keys and the centers' phone keys only if told. PostgreSQL has tools of its own.
    """
    source = sqlite_file(opened.engine)
    if source is None:
        return use_postgresql_tools()
    with backup_draft(to) as draft:
        if isinstance(draft, Refused):
            return draft
        copy_database(source, draft / HUB_DATABASE)
        if with_keys:
            phones = sorted(opened.directory.glob(f"{CENTERS}/*/{PHONE_KEY}"))
            names = [path.relative_to(opened.directory).as_posix() for path in phones]
            _copy_keys(opened.directory, draft, [HUB_KEY, *names])
        return _finished(draft, to, "hub", opened.keys.hub_id, "", now_ms)


def sqlite_file(engine: Engine) -> Path | None:
    """Return the file of a hub's database, None if it is PostgreSQL's."""
    name = engine.url.database
    return Path(name) if engine.dialect.name == "sqlite" and name else None


def use_postgresql_tools() -> Refused:
    """Refuse to copy what PostgreSQL copies better."""
    return Refused(
        "backup.postgresql",
        N_("This hub's database is PostgreSQL's, which has backups of its own."),
        N_("Use pg_basebackup with archived WAL, or pg_dump: see docs/operations.md."),
    )


def _copy_reference(till: OpenTill, to: Path) -> None:
    """Copy the reference data, if it is whole."""
    if till.damage is not None:
        return
    try:
        copy_database(till.reference.path, to)
    except SqliteError as error:
        if not means_damage(error):
            raise
        to.unlink()
    else:
        if not check_database(to):
            to.unlink()


def _copy_keys(directory: Path, draft: Path, names: list[str]) -> None:
    for name in names:
        if (directory / name).exists():
            copy_file(directory / name, draft / name)


def _finished(draft: Path, to: Path, role: Role, owner: str, name: str, made_ms: int) -> BackedUp:
    files = describe(draft)
    write_manifest(draft, Manifest(SCHEMA, role, owner, name, made_ms, files))
    return BackedUp(
        directory=str(to),
        role=role,
        size=sum(each.size for each in files),
        keys=any(each.name in (TILL_KEY, HUB_KEY) for each in files),
        reference=role == "hub" or any(each.name == FIRST for each in files),
    )
