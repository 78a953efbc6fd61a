"""`xuanpin sync publish`: at the hub, a file becomes what tills are fed."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from sync.faces.answers import accepted, answer, json_option, pass_setup
from sync.faces.bad_rows import refuse_rows
from sync.faces.hub_commands import database_option
from sync.faces.hub_desk import opened_hub
from sync.faces.progress import Tell, progress_bars
from sync.rules.bad_rows import BadRows
from sync.services.hub_opening import OpenHub
from sync.services.publishing import Progress, Publishing
from sync.setup import CenterSettings, Setup


@click.command("publish")
@click.argument("feed")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--remove", is_flag=True, help="Take rows out: FILE has one key on each line.")
@database_option
@json_option
@pass_setup
def publish_command(
    setup: Setup, feed: str, path: Path, remove: bool, database: str, as_json: bool
) -> None:
    """Feed a file to the tills: all of it, or nothing."""
    center = accepted(setup, setup.center(), as_json=as_json)
    with opened_hub(setup, database, as_json=as_json) as opened, progress_bars() as tell:
        desk = _desk(setup, opened, center.number)
        act = desk.remove if remove else desk.publish
        done = act(feed, path, _told(setup, tell))
    if isinstance(done, BadRows):
        refuse_rows(setup, done, as_json=as_json)
    published = accepted(setup, done, as_json=as_json)
    text = setup.say(
        "Feed {feed}: {rows} rows given, {changed} changed; version {version}.",
        feed=published.feed,
        rows=published.rows,
        changed=published.changed,
        version=max(published.versions.values(), default=0),
    )
    answer(text, msgspec.to_builtins(published, str_keys=True), as_json=as_json)


def _desk(setup: Setup, opened: OpenHub, center: int) -> Publishing:
    feeds = [feed for package in setup.packages for feed in package.feeds()]
    named = setup.settings.named(CenterSettings)
    numbers = {name: settings.number for name, settings in named.items()}
    return Publishing(opened.engine, feeds, numbers, center)


def _told(setup: Setup, tell: Tell) -> Progress:
    reading, writing = setup.say("Reading"), setup.say("Publishing")
    return Progress(
        lambda done, size: tell(reading, done, size), lambda done, size: tell(writing, done, size)
    )
