"""Restoring a hub from its backup: the database of then, what the second medium knows, an epoch."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sync.backup_files import check_database, copy_file, file_faults, place_aside, put_database
from sync.database import hub_snapshot
from sync.hub_presence import alone_at_hub
from sync.keys import HUB_KEY, has_hub_keys, load_or_create_hub_keys
from sync.rules.backup import Manifest, damaged
from sync.rules.refusal import N_, Refused
from sync.services.backing_up import HUB_DATABASE, use_postgresql_tools
from sync.services.hub_opening import hub_url, open_hub_data, second_medium
from sync.setup import Setup
from sync.stores import hub_epoch, hub_register
from sync.stores.hub_register import Register

RESTORED = "restored from a backup"


class RestoredHub(msgspec.Struct, frozen=True, kw_only=True):
    """A hub that was restored: its epoch, its register, where the database before is kept."""

    hub_id: str
    epoch: int
    registered: int
    made_ms: int
    replaced: str


def restore_hub(
    setup: Setup, source: Path, manifest: Manifest, database: str = ""
) -> RestoredHub | Refused:
    """Put the database of a checked backup in force; what was there is kept beside it.

    What the second medium recorded since is carried out, and another epoch begins. Refused while
    a hub runs here, for another hub's backup, and if the hub's keys are neither here nor in the
    backup. Raises `Fault`.
    """
    url = hub_url(setup, database)
    if isinstance(url, Refused):
        return url
    if url.get_backend_name() != "sqlite" or not url.database:
        return use_postgresql_tools()
    with file_faults(source):
        if not check_database(source / HUB_DATABASE):
            return damaged(source, HUB_DATABASE)
    directory = setup.hub_directory
    with file_faults(directory):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone_at_hub(directory) as refused:
        if refused is None:
            refused = _keys_refused(directory, manifest)
        if refused is not None:
            return refused
        keys = load_or_create_hub_keys(directory if has_hub_keys(directory) else source)
        hub_register.check_medium(Register(keys, second_medium(setup)))
        aside = place_aside(directory, setup.clock.now_ms())
        with file_faults(directory):
            if not put_database(source / HUB_DATABASE, Path(url.database), aside):
                return _being_read(url.database)
            _put_keys(directory, source, manifest)
    return _begun(setup, database, manifest, str(aside) if aside.exists() else "")


def _begun(setup: Setup, database: str, manifest: Manifest, replaced: str) -> RestoredHub | Refused:
    """Open the restored hub: the second medium is caught up with, and an epoch begins."""
    opened = open_hub_data(setup, database, put_back=RESTORED)
    if isinstance(opened, Refused):
        return opened
    try:
        with hub_snapshot(opened.engine) as connection:
            epoch = hub_epoch.epoch(connection)
            registered = hub_register.head_of(connection).seq
    finally:
        opened.close()
    return RestoredHub(
        hub_id=manifest.owner,
        epoch=epoch,
        registered=registered,
        made_ms=manifest.made_ms,
        replaced=replaced,
    )


def _keys_refused(directory: Path, manifest: Manifest) -> Refused | None:
    if has_hub_keys(directory):
        if load_or_create_hub_keys(directory).hub_id == manifest.owner:
            return None
        return Refused(
            "restore.other_hub",
            N_("The backup is of another hub than the one in {path}."),
            N_("Give this command where that hub's hub.key is."),
            {"path": directory},
        )
    if manifest.has(HUB_KEY):
        return None
    return Refused(
        "restore.no_key",
        N_("The hub's keys are neither in {path} nor in the backup."),
        N_("Put hub.key and the directory centers there; without them every till enrols anew."),
        {"path": directory},
    )


def _put_keys(directory: Path, source: Path, manifest: Manifest) -> None:
    for each in manifest.files:
        if each.name != HUB_DATABASE and not (directory / each.name).exists():
            copy_file(source / each.name, directory / each.name)


def _being_read(path: str) -> Refused:
    return Refused(
        "restore.hub_in_use",
        N_("Somebody is using the hub's database {path}."),
        N_("Wait until it has finished, then try again."),
        {"path": path},
    )
