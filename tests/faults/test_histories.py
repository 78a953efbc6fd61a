"""Every pair of faults in a history of its own, over the real tills and the real hub."""

from collections import Counter

import pytest

from .faults import FAULTS
from .findings import report
from .history import Laboratory
from .plans import PAIRS, STEPS, make_plan

PARTS = 24
LEAST_STEPS = 20_000


def test_the_histories_are_as_long_as_they_should_be() -> None:
    assert len(PAIRS) == len(FAULTS) * (len(FAULTS) - 1) // 2
    assert len(PAIRS) * STEPS >= LEAST_STEPS


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_was_acknowledged_is_lost_doubled_or_forged(
    lab: Laboratory, part: int
) -> None:
    met: Counter[tuple[str, str]] = Counter()
    for number, pair in list(enumerate(PAIRS))[part::PARTS]:
        plan = make_plan(number, pair=pair)
        outcome = lab.run(plan, number)
        assert not outcome.problems, report(lab, plan, number, outcome)
        assert outcome.steps == len(plan)
        met[pair] += set(pair) <= outcome.struck
    missed = [pair for pair, count in met.items() if not count]
    assert missed == [], "both faults of a pair strike in one history"
