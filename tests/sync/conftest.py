"""Two machines of a test's own: a hub, and a till that nobody has opened yet; a stick between."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.services.till import OpenTill
from sync.setup import Setup
from tests.hub_databases import NewDatabase

from .tills import HubMachine, hub_machine, make_setup, opened


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[HubMachine]:
    with hub_machine(tmp_path / "hub-machine", new_database()) as machine:
        yield machine


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return make_setup(tmp_path / "till-machine")


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    path = tmp_path / "stick"
    path.mkdir()
    return path


@pytest.fixture
def till(setup: Setup, hub: HubMachine) -> Iterator[OpenTill]:
    """A till that was enrolled once and has pushed nothing since."""
    with opened(setup) as till:
        hub.enrol(till)
    with opened(setup, "sell") as till:
        yield till
