"""The command line as the system calls it: any bytes at all, answered in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

FRONT_DOOR = str(Path(__file__).parents[2] / "xuanpin.py")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ([b"pos", b"sell", b"--scan", b"\xff\xfe"], r"\xff\xfe"),
        ([b"--till", b"ZZ\x80", b"pos", b"items", b"x"], r"ZZ\x80"),
        ([b"pos", b"items", b"x", b"--no\x1b[31m\nsuch"], r"--no\x1b[31m\nsuch"),
        ([b"--till", b"\x1b]0;owned\x07", b"pos", b"items", b"x"], r"\x1b]0;owned\x07"),
    ],
)
def test_whatever_is_typed_is_refused_in_one_line(
    tmp_path: Path, arguments: list[bytes], shown: str
) -> None:
    environment = {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, FRONT_DOOR, "--language", "en", *arguments],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    line = done.stderr.decode("utf-8")
    assert done.returncode == 2
    assert done.stdout == b""
    assert shown in line
    assert line.count("\n") == 1
    assert line.removesuffix("\n").isprintable()
    assert list(tmp_path.iterdir()) == []
