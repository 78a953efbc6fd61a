"""Commands about a stick: which of our files it holds, and what is wrong with each of them."""

from __future__ import annotations

from collections.abc import Mapping

import click

from sync.faces.answers import accepted, answer, refuse
from sync.language import one_line
from sync.rules.refusal import N_, Refused
from sync.rules.stick import REPLY
from sync.setup import Setup
from sync.stick_files import Stick


def names_on(setup: Setup, stick: Stick, ending: str, *, as_json: bool) -> list[str]:
    """Return the names of the stick's files with this ending; refused if there are none."""
    names = accepted(setup, stick.names(ending), as_json=as_json)
    if not names:
        refuse(setup, _nothing_there(stick, ending), as_json=as_json)
    return names


class Problems:
    """What is wrong with single files: a line for each at once, and status 2 in the end."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._found: list[dict[str, str]] = []

    def add(self, file: str, refused: Refused) -> None:
        """Say in a line what is wrong with a file; with no file's name, with the stick."""
        line = self._setup.say.refusal(refused)
        self._found.append({"file": file, "reason": refused.reason, "message": line})
        if file:
            line = self._setup.say("{file}: {problem}", file=one_line(file), problem=line)
        click.echo(line, err=True)

    def end(self, text: str, values: Mapping[str, object], *, as_json: bool) -> None:
        """Give the command's answer, with status 2 if anything was wrong."""
        answer(text, {**values, "refused": self._found}, as_json=as_json)
        if self._found:
            raise SystemExit(2)


def _nothing_there(stick: Stick, ending: str) -> Refused:
    values = {"path": stick.directory}
    if ending == REPLY:
        return Refused(
            "stick.no_reply",
            N_("There is no reply of a hub in {path}."),
            N_("At the hub, `xuanpin sync import DIR` writes them beside the segments."),
            values,
        )
    return Refused(
        "stick.no_segment",
        N_("There is no segment in {path}."),
        N_("At a till, `xuanpin sync export DIR` writes them."),
        values,
    )
