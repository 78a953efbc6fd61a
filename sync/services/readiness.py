"""Whether a hub is ready to take what tills send, and what it lacks if not."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from sync.database import hub_snapshot
from sync.keys import HubKeys, has_hub_keys, load_or_create_hub_keys
from sync.package import HubStep
from sync.rules.refusal import Fault
from sync.stores import hub_alarms, hub_identity, hub_migrations, hub_tills
from sync.stores.hub_lineage import is_standby


class Readiness:
    """Looks at a hub's database and key files, changing neither."""

    def __init__(
        self,
        engine: Engine,
        keys: HubKeys,
        directory: Path,
        steps: Sequence[tuple[str, HubStep]],
    ) -> None:
        """Know whose hub it is, and every step that its database should have behind it."""
        self._engine = engine
        self._keys = keys
        self._directory = directory
        self._steps = steps

    def lacks(self) -> tuple[str, ...]:
        """Return what keeps the hub from taking pushes, in words that stay; nothing if ready.

        `database`: it does not answer. `standby`: it takes no writes. `migration`: steps are
        missing. `version`: a newer program migrated it. `keys`: they are not this hub's, or gone.
        """
        try:
            with hub_snapshot(self._engine) as connection:
                lacking = self._of_database(connection)
        except SQLAlchemyError:
            lacking = ["database"]
        if not self._has_keys():
            lacking.append("keys")
        return tuple(lacking)

    def counts(self) -> tuple[int, dict[str, int]]:
        """Return how many tills are enrolled, and how many alarms of each kind are unsettled."""
        with hub_snapshot(self._engine) as connection:
            return len(hub_tills.all_tills(connection)), hub_alarms.count_unsettled(connection)

    def _of_database(self, connection: Connection) -> list[str]:
        behind = hub_migrations.recorded(connection)
        found = {
            "standby": is_standby(connection),
            "migration": bool({(package, step.name) for package, step in self._steps} - behind),
            "version": bool(hub_migrations.unknown(behind, self._steps)),
        }
        lacking = [what for what, is_so in found.items() if is_so]
        if "migration" not in lacking and hub_identity.owner(connection) != self._keys.hub_id:
            lacking.append("keys")
        return lacking

    def _has_keys(self) -> bool:
        if not has_hub_keys(self._directory):
            return False
        try:
            return load_or_create_hub_keys(self._directory).hub_id == self._keys.hub_id
        except Fault:
            return False
