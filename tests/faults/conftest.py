"""One laboratory for all histories of a test process."""

from collections.abc import Iterator

import pytest

from .history import Laboratory, laboratory, silent


@pytest.fixture(scope="session")
def lab() -> Iterator[Laboratory]:
    with laboratory() as opened:
        yield opened


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with silent():
        yield
