"""Two machines of a test's own: a hub, and a till that nobody has opened yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.setup import Setup

from .tills import HubMachine, hub_machine, make_setup


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubMachine]:
    with hub_machine(tmp_path / "hub-machine") as machine:
        yield machine


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return make_setup(tmp_path / "till-machine")
