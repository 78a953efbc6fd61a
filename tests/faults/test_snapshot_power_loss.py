"""The power goes while a till takes snapshots: what is in force is whole, and what was said."""

import random
import shutil
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sync.reference import Reference, damage
from sync.rules.refusal import Fault

from .power_loss import WAYS, Disk, moments, put
from .recorded_pulls import HUB, NAME, PULLS, ROWS
from .recorded_sales import SAID
from .system_calls import Op, operations, record, traceable

PROJECT = Path(__file__).parents[2]
IMAGES = 300
SEED = 20261123


@pytest.mark.root
def test_what_is_in_force_is_whole_after_a_power_cut_at_any_moment(in_memory: Path) -> None:
    problems, fed = cut_power(*recorded(in_memory / "sound"), in_memory / "image")
    assert problems == []
    assert fed == PULLS


@pytest.mark.root
def test_a_program_that_does_not_sync_what_it_built_is_found_out(in_memory: Path) -> None:
    problems, _ = cut_power(*recorded(in_memory / "wrong", "unsynced"), in_memory / "image")
    assert problems


def recorded(root: Path, *more: str) -> tuple[list[Op], Path]:
    """Record a program that pulls; return what it did to the till's files, and where."""
    if not traceable():
        pytest.skip("no program can be traced here")
    root.mkdir()
    log = root.with_suffix(".log")
    command = [sys.executable, "-m", "tests.faults.recorded_pulls", str(root), *more]
    done = record(command, log, PROJECT)
    assert done.returncode == 0, done.stderr
    at_hub, left_out = f"{root / HUB}/", ("-shm", ".lock")
    found = list(operations(log, root))
    log.unlink()
    return [
        op for op in found if not (op.path.startswith(at_hub) or op.path.endswith(left_out))
    ], root


def cut_power(ops: list[Op], root: Path, image: Path) -> tuple[list[str], int]:
    """Cut the power so often; return what is wrong after it, and which pull was said to be last."""
    draw, disk, said = random.Random(SEED), Disk(), str(root / SAID)
    problems: list[str] = []
    done = fed = 0
    for moment in moments(ops, said, IMAGES, draw):
        for op in ops[done:moment]:
            disk.do(op)
            if op.path == said and op.kind == "write":
                fed = int(op.data.decode().split()[1])
        done, survives = moment, draw.choice(WAYS)
        put(disk.after_power_loss(survives, draw), root, image)
        problem = problem_of(image / NAME / "tills" / NAME, fed) if fed else ""
        if problem:
            problems.append(f"after call {moment}, {survives} survives: {problem}")
        shutil.rmtree(image)
    return problems, fed


def problem_of(directory: Path, fed: int) -> str:
    """Say what is wrong with the reference data in force, of which pull `fed` was told."""
    try:
        damaged = damage(directory)
        if damaged is not None:
            return damaged.reason
        with closing(Reference(directory)) as reference:
            found = reference.read().execute("SELECT data FROM goods").fetchall()
    except Fault as fault:
        return str(fault)
    pulls = {int(data.split()[0]) for (data,) in found}
    return "" if len(found) == ROWS and pulls in ({fed}, {fed + 1}) else f"{len(found)} of {pulls}"
