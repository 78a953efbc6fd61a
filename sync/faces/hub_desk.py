"""What commands at a hub's machine share: the hub's data opened, and who it is that asks."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

import click

from sync.faces.answers import accepted, refuse
from sync.keys import has_hub_keys
from sync.rules.refusal import N_, Refused
from sync.services.hub_opening import OpenHub, open_hub_data
from sync.setup import Setup

reason_option = click.option("--reason", required=True, help="Why, for the register.")


@contextmanager
def opened_hub(
    setup: Setup, database: str, *, as_json: bool, without_medium: bool = False
) -> Iterator[OpenHub]:
    """Open the hub of this machine while the block runs; refused where there is none.

    `without_medium` for what only looks: it works while the second medium is not there.
    """
    if not has_hub_keys(setup.hub_directory):
        refuse(setup, no_hub(setup), as_json=as_json)
    opened = accepted(
        setup, open_hub_data(setup, database, without_medium=without_medium), as_json=as_json
    )
    try:
        yield opened
    finally:
        opened.close()


def no_hub(setup: Setup) -> Refused:
    """Refuse what is done at a hub on a machine that has none."""
    return Refused(
        "hub.none_here",
        N_("There is no hub in {path}."),
        N_("Give this command at the hub's machine; a new hub begins with `xuanpin sync hub`."),
        {"path": setup.hub_directory},
    )


def who_asks() -> str:
    """Return the name of the person at this machine, as the operating system has it."""
    try:
        return getpass.getuser()[:64]
    except (OSError, KeyError, ImportError):
        return "?"
