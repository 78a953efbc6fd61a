"""The power goes at thousands of moments of real sales: what people were told is there after."""

import os
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import structs

from tests.sync.tills import FakeClock, make_setup, named

from .after_power_loss import Told, problems_of
from .power_loss import WAYS, Disk, Survives, moments, put
from .recorded_sales import NAME, SAID, TILL
from .system_calls import Op, operations, record, traceable

ROOT = Path(__file__).parents[2]
SALES = 100
IMAGES = int(os.environ.get("XUANPIN_POWER_CUTS", "2000"))
PARTS = 4
SEED = 20261122


@pytest.fixture(scope="module")
def recorded(in_memory: Path) -> tuple[list[Op], Path]:
    """Record a program that sells, prints and pushes; return its calls, and where it was."""
    if not traceable():
        pytest.skip("no program can be traced here")
    root, log = in_memory / "recorded", in_memory / "log"
    root.mkdir()
    command = [sys.executable, "-m", "tests.faults.recorded_sales", str(root), str(SALES)]
    done = record(command, log, ROOT)
    assert done.returncode == 0, done.stderr
    ops = [op for op in operations(log, root) if not op.path.endswith(("-shm", ".lock"))]
    log.unlink()
    return ops, root


@pytest.mark.root
@pytest.mark.parametrize("part", range(PARTS))
def test_what_people_were_told_outlives_a_power_cut_at_any_moment(
    recorded: tuple[list[Op], Path], in_memory: Path, part: int
) -> None:
    problems, told = cut_power(recorded, in_memory, Disk(), IMAGES // PARTS, WAYS, SEED + part)
    assert problems == []
    assert len(told.paid) > SALES / 2
    assert len(told.acknowledged) > SALES / 4


@pytest.mark.root
def test_a_disk_that_does_not_sync_is_found_out(
    recorded: tuple[list[Op], Path], in_memory: Path
) -> None:
    problems, _ = cut_power(recorded, in_memory, Disk(lies=True), 40, ("nothing",), SEED)
    assert any("was said to be paid, and is lost" in problem for problem in problems)
    assert any("was acknowledged, and is lost" in problem for problem in problems)


def cut_power(
    recorded: tuple[list[Op], Path],
    in_memory: Path,
    disk: Disk,
    images: int,
    ways: Sequence[Survives],
    seed: int,
) -> tuple[list[str], Told]:
    """Cut the power so often, open what is left, and name all that is wrong with it."""
    ops, root = recorded
    draw, told = random.Random(seed), Told()
    image, base, said = in_memory / "image", make_setup(root), str(root / SAID)
    problems: list[str] = []
    done = 0
    for moment in moments(ops, said, images, draw):
        for op in ops[done:moment]:
            disk.do(op)
            if op.path == said and op.kind == "write":
                told.hear(op.data.decode())
        done, survives, at_hub = moment, draw.choice(ways), draw.random() < 0.3
        put(disk.after_power_loss(survives, draw), root, image)
        setup = structs.replace(named(base, NAME), root=image / TILL, clock=FakeClock())
        found = problems_of(image, setup, told, at_hub=at_hub)
        problems += [f"after call {moment}, {survives} survives: {problem}" for problem in found]
        shutil.rmtree(image)
    return problems, told
