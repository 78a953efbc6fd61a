"""What the hub's people do about its readers: give tokens, withdraw them, list who reads."""

from __future__ import annotations

import click

from sync.faces.answers import accepted, answer, json_option, pass_setup
from sync.faces.hub_commands import database_option
from sync.faces.hub_desk import opened_hub
from sync.rules.days import china_time
from sync.setup import CenterSettings, Setup


@click.command("token")
@click.argument("name")
@click.option(
    "--of-center", "only", is_flag=True, help="Only what is of --center; else all centers."
)
@click.option("--withdraw", is_flag=True, help="Take the reader's token back.")
@database_option
@json_option
@pass_setup
def token_command(
    setup: Setup, name: str, only: bool, withdraw: bool, database: str, as_json: bool
) -> None:
    """Make a token with which a program reads orders at this hub; it is shown once."""
    from sync.services.reading import Readers

    center = accepted(setup, setup.center(), as_json=as_json).number if only else 0
    with opened_hub(setup, database, as_json=as_json) as opened:
        readers = Readers(opened.engine, setup.clock)
        if withdraw:
            accepted(setup, readers.dismiss(name, opened.register), as_json=as_json)
            text = setup.say("{name} reads here no more.", name=name)
            answer(text, {"name": name, "withdrawn": True}, as_json=as_json)
        else:
            token = accepted(setup, readers.admit(name, center), as_json=as_json)
            text = setup.say("Token of {name}, shown only now: {token}", name=name, token=token)
            answer(text, {"name": name, "center": center, "token": token}, as_json=as_json)


@click.command("tokens")
@database_option
@json_option
@pass_setup
def tokens_command(setup: Setup, database: str, as_json: bool) -> None:
    """List who reads at this hub."""
    from sync.services.reading import Readers

    centers = setup.settings.named(CenterSettings)
    names = {0: setup.say("all centers")} | {each.number: name for name, each in centers.items()}
    with opened_hub(setup, database, as_json=as_json) as opened:
        readers = Readers(opened.engine, setup.clock).readers()
    lines = [
        f"{reader.name}  {names.get(reader.center, reader.center)}  {china_time(ms):%Y-%m-%d %H:%M}"
        for reader, ms in readers
    ]
    values = [
        {"name": reader.name, "center": reader.center, "created_ms": ms} for reader, ms in readers
    ]
    text = "\n".join(lines) or setup.say("Nobody reads at this hub.")
    answer(text, {"tokens": values}, as_json=as_json)
