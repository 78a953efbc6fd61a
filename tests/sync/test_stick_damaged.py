"""A stick that is damaged, full, foreign or old: named file by file, and the rest is taken in."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sync.faces.export_command import export_command
from sync.faces.import_command import import_command
from sync.rules.refusal import Fault
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.stick_files import Stick

from .sticks import altered, at, export, hear, run, segments, sell_many, take_in, wall_ahead
from .tills import (
    HubMachine,
    assert_booked_once,
    hub_machine,
    opened,
    sell,
)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (altered, "segment."),
        (lambda data: data[: len(data) // 2], "segment.malformed"),
        (lambda _data: b"", "segment.malformed"),
        (lambda data: data * 2, "segment.malformed"),
        (lambda _data: b"\x00" * (2 << 20), "segment.too_large"),
    ],
    ids=["a byte altered", "cut", "empty", "twice in one file", "too large"],
)
def test_a_damaged_file_is_named_and_the_others_are_taken(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path, damage: Any, reason: str
) -> None:
    sell(till, 3)
    export(setup, stick)
    good, bad = segments(stick)
    sound = bad.read_bytes()
    bad.write_bytes(damage(sound))
    done = run(hub.setup, import_command, stick, *at(hub), status=2)
    assert done.stdout.splitlines()[0].startswith(good.name)
    assert done.stderr.count("\n") == 1
    assert bad.name in done.stderr
    found = take_in(hub, stick, status=2)
    assert found["taken"] == 1
    assert found["refused"][0]["reason"].startswith(reason)
    export(setup, stick)
    assert bad.read_bytes() != damage(sound), "a file that is not sound is written again"
    assert take_in(hub, stick)["taken"] == 2


def test_a_stick_of_another_hub_is_refused_file_by_file(
    tmp_path: Path, setup: Setup, till: OpenTill, stick: Path
) -> None:
    sell(till, 1)
    export(setup, stick)
    with hub_machine(tmp_path / "other-hub") as other:
        found = take_in(other, stick, status=2)
        assert (found["segments"], found["taken"]) == (2, 0)
        assert len(found["refused"]) == 2
        assert other.booked() == []
    assert list(stick.glob("*.reply")) == []


def test_what_else_lies_on_a_stick_is_left_alone(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path, tmp_path: Path
) -> None:
    for name in ("photo.jpg", "._005.segment", ".Trash", "notes.segment.txt"):
        (stick / name).write_bytes(b"not ours")
    (stick / "folder.segment").mkdir()
    (tmp_path / "elsewhere").write_bytes(b"secret")
    (stick / "link.segment").symlink_to(tmp_path / "elsewhere")
    sell(till, 1)
    export(setup, stick)
    assert take_in(hub, stick) == {"segments": 2, "taken": 2, "refused": []}
    assert (stick / "photo.jpg").read_bytes() == b"not ours"


class FullStick:
    """Lets so many files be made durable; then the medium is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, files: int) -> None:
        self._files, self._fsync = files, os.fsync
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, descriptor: int) -> None:
        if {".segment", ".reply"} & set(Path(f"/proc/self/fd/{descriptor}").readlink().suffixes):
            self._files -= 1
            if self._files < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
        self._fsync(descriptor)


def test_a_full_stick_is_one_line_and_keeps_what_is_whole(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sell_many(till, 620)
    with monkeypatch.context() as patched:
        FullStick(patched, files=2)
        with pytest.raises(Fault) as caught:
            CliRunner().invoke(export_command, [str(stick)], obj=setup, catch_exceptions=False)
    assert caught.value.refused.reason == "stick.full"
    assert [path.suffix for path in stick.iterdir()] == [".segment"] * 2
    assert take_in(hub, stick)["taken"] == 2
    export(setup, stick)
    take_in(hub, stick)
    assert_booked_once(hub, ids)


def test_a_stick_that_takes_no_replies_still_brings_the_sales(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sell(till, 2)
    export(setup, stick)
    with monkeypatch.context() as patched:
        FullStick(patched, files=0)
        found = take_in(hub, stick, status=2)
    assert found["taken"] == 2
    assert [each["reason"] for each in found["refused"]] == ["stick.full"]
    assert_booked_once(hub, ids)
    assert list(stick.glob("*.reply")) == []


def test_a_power_cut_while_writing_leaves_no_half_segment(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    sell(till, 1)
    name = export(setup, stick)["files"][1]
    (stick / f".{name}.part").write_bytes((stick / name).read_bytes()[:10])
    (stick / name).unlink()
    assert take_in(hub, stick) == {"segments": 1, "taken": 1, "refused": []}
    assert export(setup, stick)["already"] == 1
    assert take_in(hub, stick)["taken"] == 2
    assert list(stick.glob(".*")) == []


def test_a_forged_or_misplaced_reply_changes_nothing(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    sell(till, 2)
    export(setup, stick)
    take_in(hub, stick)
    first, second = sorted(stick.glob("*.reply"))
    sound = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(altered(sound))
    till.close()
    found = hear(setup, stick, status=2)
    assert (found["replies"], found["pending"]) == (0, 4)
    assert [each["reason"] for each in found["refused"]] == ["stick.other_segment", "reply.forged"]


def test_a_reply_without_its_segment_is_named(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path
) -> None:
    sell(till, 1)
    export(setup, stick)
    take_in(hub, stick)
    lost = segments(stick)[0]
    lost.unlink()
    till.close()
    done = run(setup, import_command, stick, "--replies", status=2)
    assert lost.name.removesuffix(".segment") in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_stick_from_last_week_takes_no_mark_back(
    setup: Setup, till: OpenTill, hub: HubMachine, stick: Path, tmp_path: Path
) -> None:
    sell(till, 1)
    export(setup, stick)
    take_in(hub, stick)
    wall_ahead(hub)
    sell(till, 2)
    hub.push(till)
    till.close()
    heard = hear(setup, stick)
    assert (heard["replies"], heard["older"], heard["pending"]) == (0, 2, 0)


def test_each_mistake_is_one_line(
    tmp_path: Path, setup: Setup, hub: HubMachine, stick: Path
) -> None:
    with opened(setup) as till:
        assert run(setup, export_command, stick, status=2).stderr.count("\n") == 1
        hub.enrol(till)
    for machine, arguments in (
        (hub.setup, [stick, *at(hub)]),
        (setup, [stick, "--replies"]),
    ):
        assert run(machine, import_command, *arguments, status=2).stderr.count("\n") == 1
    export(setup, stick)
    here = run(setup, import_command, stick, status=2).stderr
    assert "--replies" in here
    for place in (tmp_path / "no" / "stick", segments(stick)[0]):
        for command in (export_command, import_command):
            with pytest.raises(Fault) as caught:
                CliRunner().invoke(command, [str(place)], obj=setup, catch_exceptions=False)
            assert caught.value.refused.reason == "stick.unusable"


def test_a_directory_with_too_many_files_is_refused(
    stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.stick_files.MOST_FILES", 2)
    for place in range(3):
        (stick / f"{place}.segment").touch()
    refused = Stick(stick).names(".segment")
    assert getattr(refused, "reason", None) == "stick.crowded"
