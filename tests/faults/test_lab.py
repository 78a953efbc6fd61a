"""The laboratory itself: one seed is one history, and steps left out change nothing of the rest."""

import os
import subprocess
import sys
from pathlib import Path

from .history import Laboratory
from .plans import PAIRS, make_plan

ROOT = Path(__file__).parents[2]
SEED = 11


def test_a_seed_is_one_history_to_the_last_bit(lab: Laboratory) -> None:
    plan = make_plan(SEED, 40, PAIRS[SEED])
    first, second = lab.run(plan, SEED), lab.run(plan, SEED)
    assert first == second
    assert first.digest != lab.run(plan, SEED + 1).digest


def test_another_process_lives_through_the_same_history(lab: Laboratory) -> None:
    own = lab.run(make_plan(SEED, 40, PAIRS[SEED]), SEED)
    command = [sys.executable, "-m", "tests.faults", "--seed", str(SEED), "--steps", "40"]
    done = subprocess.run(
        [*command, "--pair", str(SEED)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert own.digest in done.stdout


def test_a_plan_without_some_steps_is_still_a_history(lab: Laboratory) -> None:
    plan = make_plan(SEED, 40, PAIRS[SEED])
    assert not lab.run(plan[::2], SEED).problems
