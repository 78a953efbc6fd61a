"""Revoking tills: revoke, reinstate, see and release what is held, list the hub's tills."""

from __future__ import annotations

import click
import msgspec

from sync.faces.answers import accepted, answer, json_option, pass_setup
from sync.faces.hub_commands import database_option
from sync.faces.hub_desk import opened_hub, reason_option, who_asks
from sync.rules.days import china_time
from sync.rules.moments import read_moment
from sync.rules.money import format_yuan
from sync.services.hub_opening import OpenHub
from sync.services.listing_tills import HeldRun, ListedTill, TillList
from sync.services.revoking import Revoking
from sync.setup import Setup


@click.command("revoke")
@click.argument("till")
@click.option("--reason", default="", help="Why, for the register.")
@click.option(
    "--since",
    default="",
    help="Last moment at which the till was surely its owner's, like 2026-11-22 14:30; else now.",
)
@click.option(
    "--counter",
    type=click.IntRange(0),
    default=None,
    help="Last good card counter; else the highest that is booked.",
)
@database_option
@json_option
@pass_setup
def revoke_command(
    setup: Setup,
    till: str,
    reason: str,
    since: str,
    counter: int | None,
    database: str,
    as_json: bool,
) -> None:
    """Revoke a till: what it sends from now on is held, and its later cards are refused."""
    since_ms = accepted(setup, read_moment(since), as_json=as_json) if since else None
    with opened_hub(setup, database, as_json=as_json) as opened:
        done = accepted(
            setup,
            _revoking(setup, opened).revoke(
                till, reason=reason, who=who_asks(), since_ms=since_ms, counter=counter
            ),
            as_json=as_json,
        )
    text = setup.say(
        "Till {name} is revoked; entries of it that are good: {count}, cards: up to {counter}.",
        name=done.name,
        count=sum(done.marks.values()),
        counter="–" if done.last_counter is None else done.last_counter,
    )
    if done.booked_later:
        text += "\n" + setup.say(
            "Entries beyond that, booked before: {count}. Look at them.", count=done.booked_later
        )
    answer(text, msgspec.to_builtins(done), as_json=as_json)


@click.command("reinstate")
@click.argument("till")
@reason_option
@database_option
@json_option
@pass_setup
def reinstate_command(setup: Setup, till: str, reason: str, database: str, as_json: bool) -> None:
    """Lift a till's revocation: what it sends from now on is booked."""
    with opened_hub(setup, database, as_json=as_json) as opened:
        desk = _revoking(setup, opened)
        done = accepted(setup, desk.reinstate(till, reason=reason, who=who_asks()), as_json=as_json)
    values = {"till": done.till, "name": done.name, "number": done.number}
    answer(setup.say("Till {name} is re-instated.", name=done.name), values, as_json=as_json)


@click.command("release")
@click.argument("till")
@reason_option
@database_option
@json_option
@pass_setup
def release_command(setup: Setup, till: str, reason: str, database: str, as_json: bool) -> None:
    """Book what is held of a till, in order: somebody found it genuine."""
    with opened_hub(setup, database, as_json=as_json) as opened:
        desk = _revoking(setup, opened)
        done = accepted(setup, desk.release(till, reason=reason, who=who_asks()), as_json=as_json)
    text = setup.say(
        "{booked} held entries of till {name} are booked, {held} are still held.",
        booked=done.booked + done.forks,
        name=done.name,
        held=done.held,
    )
    answer(text, msgspec.to_builtins(done), as_json=as_json)


@click.command("held")
@database_option
@json_option
@pass_setup
def held_command(setup: Setup, database: str, as_json: bool) -> None:
    """Show what the hub holds of revoked tills."""
    with opened_hub(setup, database, as_json=as_json, without_medium=True) as opened:
        runs = TillList(opened.engine, opened.keys.public).held()
    text = "\n".join(_held_line(setup, run) for run in runs) or setup.say("Nothing is held.")
    answer(text, {"held": msgspec.to_builtins(runs)}, as_json=as_json)


@click.command("tills")
@database_option
@json_option
@pass_setup
def tills_command(setup: Setup, database: str, as_json: bool) -> None:
    """List the hub's tills: certificates, revocations, what is held, the last contact."""
    with opened_hub(setup, database, as_json=as_json, without_medium=True) as opened:
        tills = TillList(opened.engine, opened.keys.public).tills()
    medium = str(setup.place(setup.hub.second_medium)) if setup.hub.second_medium else ""
    text = "\n".join(_till_line(setup, till) for till in tills) or setup.say(
        "No till is enrolled at this hub yet."
    )
    values = {"tills": msgspec.to_builtins(tills), "second_medium": medium}
    answer(text, values, as_json=as_json)


def _revoking(setup: Setup, opened: OpenHub) -> Revoking:
    return Revoking(opened.engine, opened.register, setup.packages, setup.clock)


def _moment(at_ms: int) -> str:
    return china_time(at_ms).strftime("%Y-%m-%d %H:%M")


def _held_line(setup: Setup, run: HeldRun) -> str:
    return setup.say(
        "{name}  run {run}  entries {first}–{last}  {amount}  since {moment}",
        name=run.name,
        run=run.run,
        first=run.first_seq,
        last=run.last_seq,
        amount=format_yuan(run.amount_fen),
        moment=_moment(run.received_ms),
    )


def _till_line(setup: Setup, till: ListedTill) -> str:
    say = setup.say
    parts = [
        f"{till.number:03d}  {till.name}  {till.center}",
        say("certificate until {day}", day=till.certificate_until or "–"),
    ]
    if till.last_contact_ms is not None:
        parts.append(say("last entries {moment}", moment=_moment(till.last_contact_ms)))
    if till.revoked_ms is not None:
        parts.append(say("REVOKED since {moment}", moment=_moment(till.revoked_ms)))
        if till.revoked_reason:
            parts.append(till.revoked_reason)
    if till.held:
        parts.append(say("entries held: {count}", count=till.held))
    return "  ".join(parts)
