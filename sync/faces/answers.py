"""How commands answer: text for people, one JSON object with --json, one line if refused."""

import sys
from collections.abc import Mapping
from typing import NoReturn, TypeVar

import click
import msgspec

from sync.rules.refusal import Refused
from sync.setup import Setup

T = TypeVar("T")

json_option = click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
pass_setup = click.make_pass_decorator(Setup)


def answer(text: str, values: Mapping[str, object], *, as_json: bool) -> None:
    """Print an answer: `values` as one JSON object, or `text` for a person."""
    click.echo(msgspec.json.encode(values).decode() if as_json else text)


def refuse(setup: Setup, refused: Refused, *, as_json: bool = False) -> NoReturn:
    """Say a refusal in one line on stderr (and as JSON on stdout), then exit with status 2."""
    line = setup.say.refusal(refused)
    if as_json:
        click.echo(msgspec.json.encode({"refused": refused.reason, "message": line}).decode())
    click.echo(line, err=True)
    raise SystemExit(2)


def accepted(setup: Setup, value: T | Refused, *, as_json: bool = False) -> T:
    """Return a value that is not a refusal; a refusal is said and ends the command."""
    if isinstance(value, Refused):
        refuse(setup, value, as_json=as_json)
    return value


def feed_titles(setup: Setup) -> dict[str, str]:
    """Return what people call each feed, by its name."""
    say = setup.say
    return {feed.name: say(feed.title) for each in setup.packages for feed in each.feeds()}


def on_terminal() -> bool:
    """Tell whether a screen can be shown: its keys come by stdin, and it is drawn on stderr."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
