"""`xuanpin pos demo` on a machine that has never seen it, without a terminal."""

from collections.abc import Callable

import pytest

from .conftest import Place

pytestmark = pytest.mark.slow


def test_the_demo_sells_prints_pushes_and_leaves_the_real_till_alone(
    place: Callable[..., Place],
) -> None:
    machine = place("machine")
    first = machine.run("--language", "en", "pos", "demo").stdout
    assert "DEMO: NOT A REAL SALE" in first
    assert "PLUS membership, one year" in first
    assert first.splitlines()[-1].startswith("Orders at the hub now: 1,")
    second = machine.run("pos", "demo").stdout
    assert "总部现有 2 笔订单" in second
    assert machine.ask("--demo", "sync", "status")["pending"] == 0
    assert [path.name for path in (machine.directory / "xuanpin").iterdir()] == ["demo"]


def test_a_second_demo_beside_an_open_one_is_refused(place: Callable[..., Place]) -> None:
    from filelock import FileLock

    machine = place("machine")
    machine.run("pos", "demo")
    (lock,) = machine.directory.rglob("tills/*/selling.lock")
    with FileLock(lock):
        assert machine.refused("pos", "demo")
