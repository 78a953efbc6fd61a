"""A till in a directory of its own, under a clock that the test sets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from sync.rules.refusal import Refused
from sync.services.till import OpenTill, open_till
from sync.setup import Setup
from xuanpin import make_setup

from .certified import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def setup(tmp_path: Path, clock: SetClock) -> Setup:
    packaged = Path(__file__).parents[2] / "config.toml"
    return structs.replace(make_setup(packaged, language="en"), root=tmp_path, clock=clock)


@pytest.fixture
def till(setup: Setup) -> Iterator[OpenTill]:
    opened = open_till(setup, "counter")
    assert not isinstance(opened, Refused)
    with opened:
        yield opened
