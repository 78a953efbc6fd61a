"""A history that went wrong: its seed, and the shortest plan that still goes wrong the same way."""

from __future__ import annotations

from collections.abc import Sequence

from .history import Laboratory, Outcome
from .plans import Step

MOST_TRIES = 120


def shortest(
    lab: Laboratory, plan: Sequence[Step], seed: int, outcome: Outcome, tries: int = MOST_TRIES
) -> tuple[tuple[Step, ...], Outcome]:
    """Leave out of a plan that goes wrong whatever that does not need, in pieces of all sizes."""
    kept, found = tuple(plan[: outcome.steps]), outcome
    kind = _kind(outcome)
    size = len(kept) // 2
    while size >= 1 and tries > 0:
        start = 0
        while start < len(kept) and tries > 0:
            shorter = kept[:start] + kept[start + size :]
            tries -= 1
            tried = lab.run(shorter, seed)
            if tried.problems and _kind(tried) == kind:
                kept, found = shorter[: tried.steps], tried
            else:
                start += size
        size //= 2
    return kept, found


def report(lab: Laboratory, plan: Sequence[Step], seed: int, outcome: Outcome) -> str:
    """Describe a finding so that it can be lived through again."""
    kept, found = shortest(lab, plan, seed, outcome)
    return "\n".join(
        [
            f"seed {seed}, {len(plan)} steps, wrong after {outcome.steps}; enough of it:",
            *(f"  {step}" for step in kept),
            *found.problems[:10],
            f"again: python -m tests.faults --seed {seed} --only "
            + ",".join(str(step.serial) for step in kept),
        ]
    )


def _kind(outcome: Outcome) -> str:
    """Name the invariant that broke first."""
    return outcome.problems[0].split(":")[0]
