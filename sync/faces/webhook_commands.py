"""What the hub's people do about its webhooks: whom to tell of new orders, and how each stands."""

from __future__ import annotations

import base64

import click

from sync.faces.answers import accepted, answer, json_option, pass_setup, refuse
from sync.faces.hub_commands import database_option
from sync.faces.hub_desk import opened_hub
from sync.rules.refusal import N_, Refused
from sync.rules.webhook import SECRET_PREFIX
from sync.setup import Setup


@click.command("webhook")
@click.argument("name")
@click.argument("url", required=False, default="")
@click.option(
    "--of-center", "only", is_flag=True, help="Only what is of --center; else all centers."
)
@click.option("--remove", is_flag=True, help="Tell it no more.")
@database_option
@json_option
@pass_setup
def webhook_command(
    setup: Setup, name: str, url: str, only: bool, remove: bool, database: str, as_json: bool
) -> None:
    """Tell an address of new orders; its signing secret is shown once."""
    from sync.services.webhooks import Webhooks

    if bool(url) == remove:
        refuse(setup, _what(), as_json=as_json)
    center = accepted(setup, setup.center(), as_json=as_json).number if only else 0
    with opened_hub(setup, database, as_json=as_json) as opened:
        webhooks = Webhooks(opened.engine, setup.clock)
        if remove:
            accepted(setup, webhooks.remove(name), as_json=as_json)
            text = setup.say("{name} is told no more.", name=name)
            answer(text, {"name": name, "removed": True}, as_json=as_json)
            return
        made = accepted(setup, webhooks.add(name, url, center), as_json=as_json)
    secret = SECRET_PREFIX + base64.b64encode(made).decode()
    text = setup.say("Secret of {name}, shown only now: {secret}", name=name, secret=secret)
    answer(text, {"name": name, "url": url, "center": center, "secret": secret}, as_json=as_json)


@click.command("webhooks")
@database_option
@json_option
@pass_setup
def webhooks_command(setup: Setup, database: str, as_json: bool) -> None:
    """List who is told of new orders, and how each stands."""
    from sync.services.webhooks import Webhooks

    with opened_hub(setup, database, as_json=as_json) as opened:
        found = Webhooks(opened.engine, setup.clock).all()
    fine = setup.say("in order")
    lines = [
        f"{webhook.name}  {webhook.url}  {setup.say(webhook.problem) or fine}" for webhook in found
    ]
    values = [
        {
            "name": webhook.name,
            "url": webhook.url,
            "center": webhook.center,
            "failures": webhook.failures,
            "problem": webhook.problem,
        }
        for webhook in found
    ]
    text = "\n".join(lines) or setup.say("Nobody is told of new orders.")
    answer(text, {"webhooks": values}, as_json=as_json)


def _what() -> Refused:
    return Refused(
        "webhook.what",
        N_("Give the address to tell, or --remove."),
        N_("For example: xuanpin sync webhook shop https://shop.example.com/xuanpin"),
    )
