"""`xuanpin sync clock`: by which clock memberships are judged, and giving up a wrong one."""

from __future__ import annotations

import click
import msgspec

from sync.faces.answers import accepted, answer, json_option, pass_setup, refuse
from sync.rules.days import china_time
from sync.rules.refusal import Refused
from sync.services.approving import approve, needs_pin
from sync.services.lowering import Clocks, lower, lowerable, read_clocks
from sync.services.till import open_till
from sync.setup import Setup


@click.command("clock")
@click.option("--lower", "lowers", is_flag=True, help="Believe this machine, not the hub.")
@click.option("--who", default="", help="With --lower: the supervisor's or manager's staff number.")
@click.option("--reason", default="", help="With --lower: why the hub's time is wrong.")
@json_option
@pass_setup
def clock_command(setup: Setup, lowers: bool, who: str, reason: str, as_json: bool) -> None:
    """Show by which clock memberships are judged; give up the hub's time if it is wrong."""
    with accepted(setup, open_till(setup, "read"), as_json=as_json) as till:
        clocks = read_clocks(till)
        refused = lowerable(till, reason) if lowers else None
        asks = lowers and needs_pin(till)
    if refused is not None:
        refuse(setup, refused, as_json=as_json)
    if lowers:
        pin = _asked(setup) if asks else ""
        clocks = accepted(setup, _lowered(setup, who.strip(), pin, reason), as_json=as_json)
    answer(_text(setup, clocks), msgspec.to_builtins(clocks), as_json=as_json)


def _lowered(setup: Setup, who: str, pin: str, reason: str) -> Clocks | Refused:
    """Let somebody approve, and only then open a run to journal it in."""
    opened = open_till(setup, "approve")
    if isinstance(opened, Refused):
        return opened
    with opened as till:
        refused = approve(till, who, pin)
    if refused is not None:
        return refused
    opened = open_till(setup, "clock")
    if isinstance(opened, Refused):
        return opened
    with opened as till:
        return lower(till, approved_by=who, reason=reason)


def _asked(setup: Setup) -> str:
    typed: str = click.prompt(
        setup.say("PIN"), hide_input=True, err=True, default="", show_default=False
    )
    return typed


def _text(setup: Setup, clocks: Clocks) -> str:
    say = setup.say
    hub = say("never heard") if clocks.hub_ms is None else _moment(clocks.hub_ms)
    lines = [
        say("this machine's clock: {moment}", moment=_moment(clocks.machine_ms)),
        say("the hub's, as last heard: {moment}", moment=hub),
        say("memberships are judged by: {moment}", moment=_moment(clocks.judged_ms)),
    ]
    if clocks.doubtful:
        lines.append(
            say(
                "One of the clocks is wrong. If it is this machine's, set it right; if it is the"
                " hub's, set that right and then take this machine's word:"
                " xuanpin sync clock --lower --who NUMBER --reason TEXT"
            )
        )
    return "\n".join(lines)


def _moment(at_ms: int) -> str:
    return china_time(at_ms).strftime("%Y-%m-%d %H:%M")
