"""`xuanpin sync import`: a stick at the hub, and back at the till with the hub's replies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sync.faces.answers import accepted, json_option, pass_setup, refuse
from sync.faces.hub_commands import database_option
from sync.faces.hub_desk import opened_hub
from sync.faces.stick_answers import Problems, names_on
from sync.faces.till_commands import PARTED
from sync.keys import has_hub_keys
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.stick import REPLY, SEGMENT
from sync.services.hearing import hear_replies
from sync.services.hub import Hub
from sync.services.hub_opening import OpenHub
from sync.services.taking_in import StickAtHub, TakenIn
from sync.services.till import open_till
from sync.setup import CenterSettings, Setup
from sync.stick_files import Stick


@click.command("import")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--replies", is_flag=True, help="At a till: take in the replies that the hub wrote.")
@database_option
@json_option
@pass_setup
def import_command(
    setup: Setup, directory: Path, replies: bool, database: str, as_json: bool
) -> None:
    """At the hub: take in what tills exported, and write its replies beside it."""
    if replies:
        _hear(setup, Stick(directory), as_json=as_json)
    else:
        _take_in(setup, Stick(directory), database, as_json=as_json)


def _take_in(setup: Setup, stick: Stick, database: str, *, as_json: bool) -> None:
    """Take in every segment, a line for each, and say in the end how many."""
    names = names_on(setup, stick, SEGMENT, as_json=as_json)
    if not has_hub_keys(setup.hub_directory):
        refuse(setup, _no_hub(setup), as_json=as_json)
    taken, problems = 0, Problems(setup)
    with opened_hub(setup, database, as_json=as_json) as opened, _database(opened):
        centers = setup.settings.named(CenterSettings)
        numbers = {center.number: name for name, center in centers.items()}
        hub = Hub(opened.engine, opened.keys, setup.packages, setup.clock, numbers)
        at_hub = StickAtHub(stick, hub.receive, opened.keys.public)
        for name, outcome in at_hub.take_in(names):
            if isinstance(outcome, Refused):
                problems.add(name, outcome)
            elif outcome.gap:
                problems.add(name, _gap(outcome))
            else:
                taken += 1
                if not as_json:
                    said = N_("{file}: the hub has run {run} up to {seq}")
                    click.echo(setup.say(said, file=name, run=outcome.run, seq=outcome.seq))
    if at_hub.unanswered is not None:
        problems.add("", at_hub.unanswered)
    text = setup.say("Segments taken in: {taken} of {count}.", taken=taken, count=len(names))
    problems.end(text, {"segments": len(names), "taken": taken}, as_json=as_json)


@contextmanager
def _database(opened: OpenHub) -> Iterator[None]:
    """Say in one line that the hub's database fails; what was taken in before stays."""
    try:
        yield
    except SQLAlchemyError as error:
        problem = error.orig if isinstance(error, DBAPIError) else error
        raise Fault(
            Refused(
                "hub.database",
                N_("The hub's database at {place} cannot be used: {problem}."),
                N_("What was taken in stays; repair it and import the same stick again."),
                {
                    "place": opened.engine.url.render_as_string(),
                    "problem": " ".join(str(problem).split()),
                },
            )
        ) from error


def _no_hub(setup: Setup) -> Refused:
    return Refused(
        "hub.none_here",
        N_("There is no hub in {path}."),
        N_("Import at the hub's machine; at a till, take in its replies with --replies."),
        {"path": setup.hub_directory},
    )


def _gap(taken: TakenIn) -> Refused:
    return Refused(
        "segment.gap",
        N_("Something before it is missing: the hub has run {run} up to {seq}."),
        N_("Bring the segments before it too, or let the till export again with --all."),
        {"run": taken.run, "seq": taken.seq},
    )


def _hear(setup: Setup, stick: Stick, *, as_json: bool) -> None:
    """Follow the replies that came back, and say what is still pending."""
    names = names_on(setup, stick, REPLY, as_json=as_json)
    opened = open_till(setup, "replies")
    with accepted(setup, opened, as_json=as_json) as till:
        heard = accepted(setup, hear_replies(till, stick, names), as_json=as_json)
    problems = Problems(setup)
    for name, refused in heard.refused:
        problems.add(name, refused)
    text = setup.say(
        "Entries acknowledged by the hub: {acknowledged}, pending: {pending}.",
        acknowledged=heard.acknowledged,
        pending=heard.pending,
    )
    if heard.parted:
        text += "\n" + setup.say(PARTED, runs=", ".join(heard.parted))
    values = {
        "replies": heard.replies,
        "older": heard.older,
        "acknowledged": heard.acknowledged,
        "pending": heard.pending,
        "closed_runs": heard.parted,
    }
    problems.end(text, values, as_json=as_json)
