"""Renewing certificates at the hub: a till that asks is given its newest one, or the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from sync.clock import Clock
from sync.database import hub_snapshot, hub_transaction
from sync.package import Package
from sync.rules.certificate import Certificate, issue, read
from sync.rules.days import china_day
from sync.rules.refusal import N_, Refused
from sync.rules.register import Granted
from sync.rules.renewal import is_due
from sync.stores import hub_register, hub_revocations, hub_tills
from sync.stores.hub_counters import last_counter
from sync.stores.hub_granting import next_certificate
from sync.stores.hub_register import Register

if TYPE_CHECKING:
    from sync.services.authenticating import Sender


class Renewing:
    """The hub's desk for certificates; its database is already prepared."""

    def __init__(
        self, engine: Engine, register: Register, packages: Sequence[Package], clock: Clock
    ) -> None:
        self._engine = engine
        self._register = register
        self._projections = [p for package in packages for p in package.projections()]
        self._clock = clock

    def renew(self, sender: Sender) -> bytes | Refused:
        """Return the newest certificate of a till, made now if the one before is due.

        So an answer that was lost is given again. The one before stays good for what it signed.
        Raises `Fault`, and nothing is changed, if the second medium does not take it.
        """
        now_ms = self._clock.now_ms()
        with hub_snapshot(self._engine) as connection:
            newest = self._not_due(connection, sender, now_ms)
        if newest is not None:
            return newest
        with hub_transaction(self._engine) as connection:
            hub_register.up_to_date(connection, self._register)
            newest = self._not_due(connection, sender, now_ms)
            return newest or self._next(connection, sender, now_ms)

    def _not_due(self, connection: Connection, sender: Sender, now_ms: int) -> bytes | None:
        known = hub_tills.certificates_of(connection, sender.till)
        if not known:
            return None
        newest = read(known[-1], self._register.keys.public)
        assert isinstance(newest, Certificate), "the hub keeps its own certificates"
        used = last_counter(connection, self._projections, newest)
        moved = newest.center != sender.center
        return None if moved or is_due(newest, china_day(now_ms), used) else known[-1]

    def _next(self, connection: Connection, sender: Sender, now_ms: int) -> bytes | Refused:
        till = hub_tills.till_of(connection, sender.till)
        if till is None or hub_revocations.revocation_of(connection, till.till) is not None:
            return _not_now()
        certificate = next_certificate(
            connection,
            till.number,
            till.center,
            sender.certificate.public_key,
            china_day(now_ms),
        )
        if isinstance(certificate, Refused):
            return certificate
        data = issue(certificate, self._register.keys.sign)
        act = Granted(till.name, till.center_name, data)
        hub_register.record(connection, self._register, act, now_ms)
        return data


def _not_now() -> Refused:
    return Refused(
        "request.revoked",
        N_("The hub has revoked the till that signed the request."),
        N_("What it sells is kept here; ask the manager at the hub to re-instate it."),
    )
