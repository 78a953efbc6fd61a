"""The command line as the system calls it: any bytes at all, answered in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

FRONT_DOOR = str(Path(__file__).parents[2] / "xuanpin.py")


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "XDG_DATA_HOME": str(directory),
        "XDG_CONFIG_HOME": str(directory),
        "LANGUAGE": "en_GB",
        "PYTHONUTF8": "1",
    }
    return subprocess.run(
        [sys.executable, FRONT_DOOR, *arguments],
        env=environment,
        cwd=directory,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "xuanpin：没有“nosuch”这个命令。用法见 xuanpin --help。\n"),
        (
            ["pos", "itms"],
            "xuanpin pos：没有“itms”这个命令（最接近的是 items）。用法见 xuanpin pos --help。\n",
        ),
        (
            ["--language", "en", "sync", "invite", "ZZ-01", "--center", "yiwu"],
            (
                "xuanpin sync invite: --center belongs in front, as in"
                " `xuanpin --center … sync invite`. See xuanpin sync invite --help.\n"
            ),
        ),
        (
            ["--center", "nowhere", "pos", "items", "x"],
            (
                "--center：没有名为“nowhere”的选品中心。"
                "已配置的选品中心：zhengzhou, chenghai, yiwu。\n"
            ),
        ),
        (
            ["pos", "items"],
            "xuanpin pos items：缺少参数 QUERY。用法见 xuanpin pos items --help。\n",
        ),
        (
            ["kiosk", "qr", "x", "--format", "gif"],
            (
                "xuanpin kiosk qr：--format 的值不对：“gif”不在 terminal, png, svg 之中。"
                "用法见 xuanpin kiosk qr --help。\n"
            ),
        ),
        (
            ["--language", "en", "pos", "items"],
            "xuanpin pos items: Missing argument 'QUERY'. See xuanpin pos items --help.\n",
        ),
    ],
)
def test_a_mistyped_command_is_answered_in_one_language(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_help_is_in_one_language(tmp_path: Path) -> None:
    chinese = run(tmp_path, "sync", "verify", "--help").stdout
    assert chinese.startswith("用法: xuanpin sync verify [选项]\n")
    for english in ("Usage", "Options", "Show this"):
        assert english not in chinese
    assert "Options:" in run(tmp_path, "--language", "en", "sync", "verify", "--help").stdout


def test_a_counter_without_a_terminal_is_refused_and_begins_no_till(tmp_path: Path) -> None:
    done = run(tmp_path, "--language", "en", "pos")
    assert done.returncode == 2
    assert done.stderr == "The counter needs a terminal. `xuanpin pos sell` sells without one.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--till", "“” cannot be the name of a till."),
        ("--center", "there is no center “”."),
    ],
)
def test_an_empty_name_is_not_the_configured_one(tmp_path: Path, option: str, said: str) -> None:
    done = run(tmp_path, "--language", "en", option, "", "pos", "items", "x")
    assert done.returncode == 2
    assert said in done.stderr


def test_a_group_alone_shows_its_help_as_lines(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "用法: xuanpin [选项] 命令 [参数]..."


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
