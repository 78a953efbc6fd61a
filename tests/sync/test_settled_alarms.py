"""Alarms and what people say of them: settled until something is new, whatever the clock says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.database import hub_transaction
from sync.rules.center_day import Settled, Settlement
from sync.stores import hub_alarms, hub_bookings
from tests.hub_databases import NewDatabase

from .tills import HubMachine, hub_machine

TILL = "a" * 32
KEY = ("fork", "1-aaaaaaaa", 0, "")
NOON_MS = 1_795_000_000_000


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[HubMachine]:
    with hub_machine(tmp_path / "hub-machine", new_database()) as machine:
        yield machine


def notice(hub: HubMachine, at_ms: int) -> None:
    with hub_transaction(hub.data.engine) as connection:
        hub_bookings.add_alarms(connection, TILL, [KEY], at_ms)
        hub_alarms.renew(connection, TILL, [KEY], at_ms)


def settle(hub: HubMachine, at_ms: int) -> None:
    said = Settlement(TILL, *KEY, "looked into", "Wang")
    with hub_transaction(hub.data.engine) as connection:
        hub_alarms.settle(connection, Settled(said, "", at_ms))


def is_settled(hub: HubMachine) -> bool:
    with hub_transaction(hub.data.engine) as connection:
        return hub_alarms.is_settled(connection, TILL, KEY)


@pytest.mark.parametrize("later_ms", [60_000, 0, -3_600_000], ids=["later", "at once", "behind"])
def test_what_is_settled_stays_settled_until_something_is_new(
    hub: HubMachine, later_ms: int
) -> None:
    notice(hub, NOON_MS)
    assert not is_settled(hub)
    settle(hub, NOON_MS + later_ms)
    assert is_settled(hub)
    notice(hub, NOON_MS + later_ms)
    assert not is_settled(hub)
    settle(hub, NOON_MS + later_ms)
    assert is_settled(hub)
