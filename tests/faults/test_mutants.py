"""The lab is no better than what it notices: programs that are wrong in one way are found out."""

import pytest

from . import evening_mutants, register_mutants
from .history import Laboratory
from .mutants import MUTANTS, Mutant
from .plans import make_plan

MOST_HISTORIES = 20


def test_every_mutant_has_a_name_of_its_own() -> None:
    modules = {evening_mutants.__name__, register_mutants.__name__}
    assert {mutant.patch.__module__ for mutant in MUTANTS} > modules
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_wrong_program_is_found_out_and_the_right_one_is_not_blamed(
    lab: Laboratory, mutant: Mutant
) -> None:
    for seed in range(mutant.seed, mutant.seed + MOST_HISTORIES):
        plan = make_plan(seed, pair=mutant.pair)
        with mutant.lives():
            wrong = lab.run(plan, seed)
        if wrong.problems:
            break
    else:
        pytest.fail(f"{mutant.name} lived through {MOST_HISTORIES} histories")
    broken = {problem.split(":")[0] for problem in wrong.problems}
    assert broken & set(mutant.breaks), wrong.problems
    assert not lab.run(plan, seed).problems
