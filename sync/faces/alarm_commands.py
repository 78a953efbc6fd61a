"""Alarms at the hub's machine: `xuanpin sync alarms` lists them, `settle --hub` settles one."""

from __future__ import annotations

import click
import msgspec

from sync.faces.answers import accepted, answer, json_option, pass_setup
from sync.faces.eod.words import clock, matter_place, matter_words
from sync.faces.eod_commands import answer_settled
from sync.faces.hub_commands import database_option
from sync.faces.hub_desk import opened_hub, who_asks
from sync.rules.center_day import Matter, handle
from sync.services.center_days import CenterDays, OpenAlarms
from sync.setup import Setup


@click.command("alarms")
@database_option
@json_option
@pass_setup
def alarms_command(setup: Setup, database: str, as_json: bool) -> None:
    """List what nobody has settled yet, of every center's tills."""
    with opened_hub(setup, database, as_json=as_json, without_medium=True) as opened:
        found = CenterDays(opened.engine, setup.clock).open_alarms()
    lines = [line for till in found for line in _lines(setup, till)]
    text = "\n".join(lines) or setup.say("There is nothing to settle.")
    values = [_values(till, matter) for till in found for matter in till.matters]
    left = sum(till.left for till in found)
    answer(text, {"alarms": values, "alarms_left": left}, as_json=as_json)


def settle_here(
    setup: Setup, exception: str, reason: str, who: str, database: str, *, as_json: bool
) -> None:
    """Settle an exception as a person at the hub."""
    digits = exception.strip().lower()
    with opened_hub(setup, database, as_json=as_json, without_medium=True) as opened:
        days = CenterDays(opened.engine, setup.clock)
        done = days.settle_here(digits, reason.strip(), (who or who_asks()).strip())
    name, settled = accepted(setup, done, as_json=as_json)
    answer_settled(setup, digits, name, settled, as_json=as_json)


def _lines(setup: Setup, till: OpenAlarms) -> list[str]:
    lines = [
        f"{handle(till.till, matter)}  {clock(matter.noticed_ms)}  {till.name}  {till.center}"
        f"  {matter_words(setup.say, matter)}  {matter_place(matter)}".rstrip()
        for matter in till.matters
    ]
    if till.left:
        lines.append(setup.say("{till}: {count} more", till=till.name, count=till.left))
    return lines


def _values(till: OpenAlarms, matter: Matter) -> dict[str, object]:
    named = {"exception": handle(till.till, matter), "till": till.till}
    named |= {"till_name": till.name, "center": till.center}
    return {**named, **msgspec.to_builtins(matter)}
