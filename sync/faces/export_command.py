"""`xuanpin sync export`: what a push would send, as files on a stick."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from msgspec import structs

from sync.faces.answers import accepted, answer, json_option, pass_setup
from sync.services.exporting import Progress, export_journal
from sync.services.till import open_till
from sync.setup import Setup
from sync.stick_files import Stick


@click.command("export")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="The whole journal, not what is pending.")
@json_option
@pass_setup
def export_command(setup: Setup, directory: Path, everything: bool, as_json: bool) -> None:
    """At a till: write what the hub does not have yet as files, for a stick."""
    opened = open_till(setup, "read")
    with accepted(setup, opened, as_json=as_json) as till, _progress(setup) as progress:
        done = export_journal(till, Stick(directory), everything=everything, progress=progress)
    exported = accepted(setup, done, as_json=as_json)
    values = {**structs.asdict(exported), "directory": str(directory)}
    if not exported.files:
        answer(setup.say("Nothing is pending: the hub has everything."), values, as_json=as_json)
        return
    text = setup.say(
        "Written to {path}: entries: {entries}, files: {files}. Take them to the hub: xuanpin sync"
        " import DIR; then bring its replies back: xuanpin sync import DIR --replies",
        entries=exported.entries,
        files=len(exported.files),
        path=directory,
    )
    answer(text, values, as_json=as_json)


@contextmanager
def _progress(setup: Setup) -> Iterator[Progress]:
    """Draw a progress bar on stderr, where a person can see it."""
    shown = 0
    hidden = not sys.stderr.isatty()
    label = setup.say("Writing the journal")
    bar = click.progressbar(length=1, label=label, file=sys.stderr, hidden=hidden)

    def progress(done: int, most: int) -> None:
        nonlocal shown
        bar.length = max(most, 1)
        bar.update(done - shown)
        shown = done

    with bar:
        yield progress
