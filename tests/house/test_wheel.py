"""The built wheel holds everything the program needs away from its checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = directory.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(directory / "site")
    return directory / "site"


def test_every_tracked_file_of_the_packages_is_in_the_wheel(unpacked: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "kiosk", "pos", "membership", "sync", "xuanpin.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    if not tracked:
        pytest.skip("not a git checkout")
    assert [name for name in tracked if not (unpacked / name).is_file()] == []


def test_the_wheel_runs_from_its_own_files(unpacked: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "XDG_DATA_HOME": str(tmp_path)}
    environment.pop("XUANPIN_CONFIG", None)
    code = "import xuanpin, sync; print(sync.__file__); xuanpin.main()"
    run = subprocess.run(
        [sys.executable, "-c", code, "pos", "import", "--demo"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert str(unpacked) in run.stdout
    assert "62" in run.stdout
