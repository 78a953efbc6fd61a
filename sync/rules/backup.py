"""A backup as it stands in its directory: a manifest that names every file with its digest."""

from typing import Literal

import msgspec

from sync.rules.decoding import from_json
from sync.rules.refusal import N_, Refused

MANIFEST = "manifest.json"
SCHEMA = "xuanpin.backup.1"
MOST_MANIFEST_BYTES = 1024 * 1024
Role = Literal["hub", "till"]


class BackedUpFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a backup; `name` has no directory but `centers/N` of a hub's phone keys."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup is of: a hub (its id) or a till (its install id, and the name it goes by)."""

    schema: str
    role: Role
    owner: str
    name: str
    made_ms: int
    files: tuple[BackedUpFile, ...]

    def has(self, name: str) -> bool:
        """Tell whether a file is in the backup."""
        return any(each.name == name for each in self.files)


def read_manifest(data: bytes) -> Manifest | None:
    """Read a manifest's bytes; None if it is none of this version, or names files elsewhere."""
    try:
        manifest = from_json(data, Manifest)
    except ValueError:
        return None
    sound = manifest.schema == SCHEMA and all(_is_inside(each.name) for each in manifest.files)
    return manifest if sound else None


def _is_inside(name: str) -> bool:
    parts = name.split("/")
    return "\\" not in name and ":" not in name and not {"", ".", ".."} & set(parts)


def not_a_backup(place: object) -> Refused:
    """Refuse a directory that holds no backup."""
    return Refused(
        "backup.unknown",
        N_("{path} is no backup made by `xuanpin sync backup`."),
        N_("Give the directory that holds its manifest.json."),
        {"path": place},
    )


def damaged(place: object, name: str) -> Refused:
    """Refuse a backup of which a file is missing, or is not what was backed up."""
    return Refused(
        "backup.damaged",
        N_("The backup in {path} is damaged: {name} is missing or altered."),
        N_("Use another backup; nothing was changed here."),
        {"path": place, "name": name},
    )
