"""`xuanpin sync medium`: how the hub's second medium stands, and beginning on another one."""

from __future__ import annotations

import click
import msgspec

from sync.faces.answers import accepted, answer, json_option, pass_setup, refuse
from sync.faces.hub_commands import database_option
from sync.faces.hub_desk import no_hub, opened_hub
from sync.keys import has_hub_keys
from sync.rules.refusal import N_, Refused
from sync.services.hub_opening import open_hub_data, second_medium
from sync.services.registering import Registering, RegisterState
from sync.setup import Setup


@click.command("medium")
@click.option("--begin", is_flag=True, help="Write the whole register to a new second medium.")
@database_option
@json_option
@pass_setup
def medium_command(setup: Setup, begin: bool, database: str, as_json: bool) -> None:
    """Check the register of enrolments and revocations, and its copy on the second medium."""
    if begin:
        state = _begun(setup, database, as_json=as_json)
    else:
        with opened_hub(setup, database, as_json=as_json) as opened:
            state = Registering(opened.engine, opened.register).state()
    answer(_text(setup, state), msgspec.to_builtins(state), as_json=as_json)


def _begun(setup: Setup, database: str, *, as_json: bool) -> RegisterState:
    medium = second_medium(setup)
    if medium is None:
        refused = Refused(
            "medium.none",
            N_("No second medium is set."),
            N_("Set [hub] second_medium to a directory on another disk."),
        )
        refuse(setup, refused, as_json=as_json)
    if not has_hub_keys(setup.hub_directory):
        refuse(setup, no_hub(setup), as_json=as_json)
    opened = accepted(setup, open_hub_data(setup, database, without_medium=True), as_json=as_json)
    try:
        return Registering(opened.engine, opened.register).begin(medium)
    finally:
        opened.close()


def _text(setup: Setup, state: RegisterState) -> str:
    if not state.medium:
        return setup.say(
            "Records in the register: {count}; there is no second medium.", count=state.records
        )
    return setup.say(
        "Records in the register: {count}, whole and the same in {medium}.",
        count=state.records,
        medium=state.medium,
    )
