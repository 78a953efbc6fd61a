"""Where goods are imported: the file in force, or a new one in the place of a damaged one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import msgspec

from sync.database import Database
from sync.lock import opening_lock, unusable
from sync.reference import IMPORTING, remove, replace_damaged
from sync.rules.refusal import N_, Fault, Refused
from sync.services.till import OpenTill


class Place(msgspec.Struct, frozen=True):
    """Where an import writes; `anew` if that is a new file, which `keep` puts in force."""

    till: OpenTill
    database: Database
    anew: bool

    def keep(self) -> Path | Refused | None:
        """Let what was imported be in force; return where a damaged file before it is kept.

        Refused if the reference data was mended meanwhile: then that stands. Raises `Fault`.
        """
        if not self.anew:
            return None
        directory = self.till.directory
        self.database.checkpoint()
        self.database.close()
        try:
            with opening_lock(directory):
                if self.till.reference_damage() is None:
                    return _mended()
                return replace_damaged(directory, self.database.path)
        except filelock.Timeout as error:
            raise Fault(unusable(directory, "busy")) from error


@contextmanager
def import_place(till: OpenTill) -> Iterator[Place]:
    """Lend what goods are imported into; what is not kept of a new file is gone afterwards.

    All the reference data is looked through first. Raises `Fault`.
    """
    if till.reference_damage() is None:
        yield Place(till, till.reference, anew=False)
        return
    path = till.directory / IMPORTING
    remove(path)
    packages = till.setup.packages
    database = Database(path, [steps for p in packages for steps in p.reference_migrations])
    try:
        yield Place(till, database, anew=True)
    finally:
        database.close()
        remove(path)


def _mended() -> Refused:
    return Refused(
        "import.mended",
        N_("The reference data was built anew by a pull while goods were imported."),
        N_("Import again, unless the hub feeds the goods."),
    )
