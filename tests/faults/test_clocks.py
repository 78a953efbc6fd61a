"""Clocks order nothing: whatever they show, the same is sold and arrives in the same order."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest import mock

import msgspec
import pytest

from pos.rules.order import Order
from sync.stores import journal as journals

from .faults import DAY_MS, FAULTS
from .history import Laboratory
from .network import FAULTS as ON_THE_WIRE
from .plans import Step, make_plan
from .world import World

HOUR_MS = 3_600_000
AHEAD_MS = ((0, -3 * HOUR_MS), (400 * DAY_MS, -40 * DAY_MS), (-700 * DAY_MS, 11 * DAY_MS))
JUMP = "till's clock jumps"
CLOCKS = {JUMP, "hub's clock jumps"}
COPIES = {"till put back", "till cloned", "hub put back", "hub emptied", "request arrives late"}
BY_THE_CLOCK = {"publish"}  # prices of a day
_OF_A_MOMENT = ("order_id", "receipt_no", "day", "at_ms", "card", "till")
Sold = list[tuple[int, dict[str, Any]]]


def without(plan: Sequence[Step], faults: set[str]) -> tuple[Step, ...]:
    """Leave out what goes by the clock on purpose, and some faults."""
    return tuple(
        replace(step, faults=tuple(each for each in step.faults if each[0] not in faults))
        for step in plan
        if step.act not in BY_THE_CLOCK
    )


def sold_in(lab: Laboratory, plan: Sequence[Step], seed: int, ahead_ms: Sequence[int]) -> Sold:
    """Live through a plan; return what the hub has of each till, in the order it came."""
    sold: Sold = []
    outcome = lab.run(
        plan, seed, ahead_ms=ahead_ms, tell=lambda world: sold.extend(arrived_in(world))
    )
    assert not outcome.problems
    return sold


def arrived_in(world: World) -> Sold:
    orders = {line.header.id: line.order for line in world.seen_hub.lines() if line.order}
    query = "SELECT number, order_id FROM hub_order JOIN till USING (till) ORDER BY till, arrival"
    with world.hub.machine.data.engine.connect() as connection:
        return [
            (number, content_of(orders[own])) for number, own in connection.exec_driver_sql(query)
        ]


def content_of(order: Order) -> dict[str, Any]:
    """Return an order without its ids and moments."""
    content: dict[str, Any] = msgspec.to_builtins(order)
    return {name: value for name, value in content.items() if name not in _OF_A_MOMENT}


@pytest.mark.parametrize("seed", range(6))
def test_tills_whose_clocks_are_wrong_sell_the_same_in_the_same_order(
    lab: Laboratory, seed: int
) -> None:
    plan = without(make_plan(seed), CLOCKS)
    right = sold_in(lab, plan, seed, (0, 0))
    assert len(right) > 1
    assert sold_in(lab, plan, seed, AHEAD_MS[seed % len(AHEAD_MS)]) == right


@pytest.mark.parametrize("seed", range(6))
def test_clocks_that_jump_at_every_step_change_nothing_of_what_is_sold(
    lab: Laboratory, seed: int
) -> None:
    """Of the faults, those that count writes stay away: a jump of the clock is journalled too."""
    counted = FAULTS.keys() - ON_THE_WIRE.keys() - COPIES
    plan = without(make_plan(seed), set(counted))
    jumping = [replace(step, faults=(*step.faults, (JUMP, step.draws[3]))) for step in plan]
    right = sold_in(lab, plan, seed, (0, 0))
    assert len(right) > 1
    assert sold_in(lab, jumping, seed, (0, 0)) == right


def test_a_till_that_sends_its_runs_by_the_clock_is_found_out(lab: Laboratory) -> None:
    """What is compared here notices an order that was made by time: the same sales, otherwise."""
    seed = 1
    plan = without(make_plan(seed), set(FAULTS))
    jumping = [replace(step, faults=((JUMP, step.draws[3]),)) for step in plan]
    right = sold_in(lab, plan, seed, (0, 0))
    by_time = journals._RUNS.replace("ORDER BY r.number", "ORDER BY r.opened_at_ms")
    sold: Sold = []
    with mock.patch.object(journals, "_RUNS", by_time):
        lab.run(jumping, seed, tell=lambda world: sold.extend(arrived_in(world)))
    assert sold != right
    assert sorted(map(str, sold)) == sorted(map(str, right))
