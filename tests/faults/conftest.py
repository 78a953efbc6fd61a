"""One laboratory for all histories of a test process, and room for what is recorded."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .history import MEMORY, Laboratory, laboratory, silent


@pytest.fixture(scope="session")
def lab() -> Iterator[Laboratory]:
    with laboratory() as opened:
        yield opened


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with silent():
        yield


@pytest.fixture(scope="module")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    base = MEMORY if MEMORY.is_dir() else tmp_path_factory.getbasetemp()
    directory = base / f"power-{os.getpid()}"
    directory.mkdir()
    yield directory
    shutil.rmtree(directory)
