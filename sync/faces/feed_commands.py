"""`xuanpin sync publish` and `pull`: a file becomes what tills are fed, and a till fetches it."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import click
import msgspec

from sync.faces.answers import accepted, answer, feed_titles, json_option, pass_setup, refuse
from sync.faces.bad_rows import refuse_rows
from sync.faces.hub_commands import database_option
from sync.faces.hub_desk import opened_hub
from sync.faces.progress import Tell, progress_bars
from sync.reference import Reference
from sync.rules.bad_rows import BadRows
from sync.rules.refusal import N_
from sync.services.courier import hub_client
from sync.services.hub_opening import OpenHub
from sync.services.publishing import Progress, Publishing
from sync.services.pulling import Puller, PullReport
from sync.services.rebuilding import rebuild
from sync.services.till import open_till
from sync.setup import CenterSettings, Setup

_REBUILT = N_(
    "The reference data was damaged and has been built anew. Goods that were imported at this till"
    " itself are not in it, unless the hub feeds them: import them again."
)


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
        "Feed {feed}: rows given: {rows}, changed: {changed}; version {version}.",
        feed=published.feed,
        rows=published.rows,
        changed=published.changed,
        version=max(published.versions.values(), default=0),
    )
    lines = [text, *(setup.say(each.message, count=each.count) for each in published.remarks)]
    values = msgspec.to_builtins(published, str_keys=True)
    values["remarks"] = [{"reason": it.reason, "count": it.count} for it in published.remarks]
    answer("\n".join(lines), values, as_json=as_json)


def _desk(setup: Setup, opened: OpenHub, center: int) -> Publishing:
    feeds = [feed for package in setup.packages for feed in package.feeds()]
    named = setup.settings.named(CenterSettings)
    numbers = {name: settings.number for name, settings in named.items()}
    return Publishing(opened.engine, feeds, numbers, center, opened.register, setup.clock)


def _told(setup: Setup, tell: Tell) -> Progress:
    reading, writing = setup.say("Reading"), setup.say("Publishing")
    return Progress(
        lambda done, size: tell(reading, done, size), lambda done, size: tell(writing, done, size)
    )


@click.command("pull")
@click.option("--gently", is_flag=True, help="Leave the machine to whatever else it does.")
@json_option
@pass_setup
def pull_command(setup: Setup, gently: bool, as_json: bool) -> None:
    """Fetch what the hub feeds: goods, prices, members, revocations, staff."""
    if gently:
        _yield_to_others()
    with ExitStack() as held:
        till = held.enter_context(accepted(setup, open_till(setup, "read"), as_json=as_json))
        damage = till.reference_damage()
        if damage is not None and till.enrolment is None:
            refuse(setup, damage, as_json=as_json)
        client = held.enter_context(accepted(setup, hub_client(till), as_json=as_json))
        tell = held.enter_context(progress_bars())
        if damage is not None:
            report = rebuild(till, client, tell, gently=gently)
        else:
            reference = held.enter_context(closing(Reference(till.directory)))
            report = Puller(till, reference, client, gently=gently).pull(tell=tell)
    if report.refused is not None:
        refuse(setup, report.refused, as_json=as_json)
    answer(_pulled(setup, report), _values(report), as_json=as_json)


def _pulled(setup: Setup, report: PullReport) -> str:
    say, titles = setup.say, feed_titles(setup)
    versions = [f"{titles.get(feed, feed)} {version}" for feed, version in report.versions.items()]
    text = say(
        "Rows pulled: {rows}; the feeds are at: {versions}.",
        rows=report.rows,
        versions=say(", ").join(versions) or "-",
    )
    if report.anew:
        anew = say(", ").join(titles.get(feed, feed) for feed in report.anew)
        text += "\n" + say("Taken whole: {feeds}.", feeds=anew)
    if report.rebuilt:
        text += "\n" + say(_REBUILT)
    if report.set_aside is not None:
        text += "\n" + say("The damaged file is kept as {path}.", path=report.set_aside)
    return text


def _values(report: PullReport) -> dict[str, object]:
    return {
        "rows": report.rows,
        "feeds": report.versions,
        "anew": report.anew,
        "rebuilt": report.rebuilt,
        "set_aside": None if report.set_aside is None else str(report.set_aside),
    }


def _yield_to_others() -> None:
    """Run at the lowest priority, where the system has such a thing."""
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(19)
