"""Every pair of faults in a history of its own, over the real tills and the real hub."""

import pytest

from .faults import FAULTS
from .findings import report
from .history import Laboratory
from .plans import PAIRS, STEPS, make_plan

PARTS = 24
LEAST_STEPS = 20_000
MOST_HISTORIES = 4  # of one pair


def test_the_histories_are_as_long_as_they_should_be() -> None:
    assert len(PAIRS) == len(FAULTS) * (len(FAULTS) - 1) // 2
    assert len(PAIRS) * STEPS >= LEAST_STEPS


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_was_acknowledged_is_lost_doubled_or_forged(
    lab: Laboratory, part: int
) -> None:
    missed = [
        pair
        for number, pair in list(enumerate(PAIRS))[part::PARTS]
        if not any(_both_strike(lab, pair, seed) for seed in _seeds(number))
    ]
    assert missed == [], "both faults of a pair strike in one history"


def _seeds(number: int) -> range:
    """Return the seeds of a pair's histories: the first nearly always does."""
    return range(number, number + MOST_HISTORIES * len(PAIRS), len(PAIRS))


def _both_strike(lab: Laboratory, pair: tuple[str, str], seed: int) -> bool:
    plan = make_plan(seed, pair=pair)
    outcome = lab.run(plan, seed)
    assert not outcome.problems, report(lab, plan, seed, outcome)
    assert outcome.steps == len(plan)
    return set(pair) <= outcome.struck
