"""Looking after the register: how its two copies stand, and beginning on a new second medium."""

from __future__ import annotations

import msgspec
from sqlalchemy import Engine

from sync.database import hub_transaction
from sync.second_medium import SecondMedium
from sync.stores import hub_register
from sync.stores.hub_register import Register


class RegisterState(msgspec.Struct, frozen=True, kw_only=True):
    """How many records the register has, on each side; no `medium`, no second copy."""

    records: int
    medium: str
    on_medium: int
    last_ms: int | None


class Registering:
    """Checks both copies of a hub's register; its database is already prepared."""

    def __init__(self, engine: Engine, register: Register) -> None:
        self._engine = engine
        self._register = register

    def state(self) -> RegisterState:
        """Verify every record of both copies. Raises `Fault` at the first that was altered."""
        with hub_transaction(self._engine) as connection:
            hub_register.up_to_date(connection, self._register)
            records = hub_register.check_database(connection, self._register)
            on_medium = hub_register.check_medium(self._register)
        medium = self._register.medium
        return RegisterState(
            records=len(records),
            medium="" if medium is None else str(medium.directory),
            on_medium=len(on_medium),
            last_ms=records[-1].record.at_ms if records else None,
        )

    def begin(self, medium: SecondMedium) -> RegisterState:
        """Write the whole register to a medium that does not hold it yet.

        One that holds the beginning of it gets the rest. Raises `Fault` for any other.
        """
        register = Register(self._register.keys, medium)
        with hub_transaction(self._engine) as connection:
            hub_register.begin(connection, register)
        return Registering(self._engine, register).state()
