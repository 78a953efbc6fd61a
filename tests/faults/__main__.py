"""`python -m tests.faults`: live through histories for as long as wanted, or through one again."""

from __future__ import annotations

import argparse
import sys
import time

from .findings import report
from .history import Laboratory, laboratory, silent
from .plans import PAIRS, STEPS, Step, make_plan


def main() -> int:
    """Run histories from a seed on until enough steps are done; 1 if one of them went wrong."""
    arguments = _arguments()
    with silent(), laboratory() as lab:
        if arguments.only:
            return _one(lab, arguments)
        return _many(lab, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1000, help="of the first history")
    parser.add_argument("--steps", type=int, default=50_000, help="all together")
    parser.add_argument("--length", type=int, default=STEPS, help="of one history")
    parser.add_argument("--pair", type=int, help="always this pair of faults, by its number")
    parser.add_argument("--only", default="", help="of one history, only these steps: 1,5,17")
    return parser.parse_args()


def _one(lab: Laboratory, arguments: argparse.Namespace) -> int:
    wanted = {int(serial) for serial in arguments.only.split(",")}
    plan = [step for step in _plan(arguments.seed, arguments) if step.serial in wanted]
    outcome = lab.run(plan, arguments.seed)
    print(*plan, *outcome.problems, sep="\n")
    return int(bool(outcome.problems))


def _many(lab: Laboratory, arguments: argparse.Namespace) -> int:
    started, done, wrong, seed = time.monotonic(), 0, 0, arguments.seed
    digest = ""
    while done < arguments.steps:
        length = min(arguments.length, arguments.steps - done)
        plan = _plan(seed, arguments)[:length]
        outcome = lab.run(plan, seed)
        if outcome.problems:
            wrong += 1
            print(report(lab, plan, seed, outcome), flush=True)
        done, digest, seed = done + length, outcome.digest, seed + 1
    minutes = (time.monotonic() - started) / 60
    print(f"{done} steps, {seed - arguments.seed} histories, {wrong} wrong, {minutes:.1f} minutes")
    print(f"the last one's digest is {digest}")
    return int(wrong > 0)


def _plan(seed: int, arguments: argparse.Namespace) -> tuple[Step, ...]:
    number = seed if arguments.pair is None else arguments.pair
    return make_plan(seed, arguments.length, PAIRS[number % len(PAIRS)])


if __name__ == "__main__":
    sys.exit(main())
