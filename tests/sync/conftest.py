"""Two machines of a test's own: a hub, and a till that nobody has opened yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.setup import Setup
from tests.hub_databases import NewDatabase

from .tills import HubMachine, hub_machine, make_setup


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[HubMachine]:
    with hub_machine(tmp_path / "hub-machine", new_database()) as machine:
        yield machine


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return make_setup(tmp_path / "till-machine")
