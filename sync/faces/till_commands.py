"""What a till's people ask of sync: enrol, push, status, verify."""

from __future__ import annotations

from contextlib import ExitStack

import click
import msgspec

from sync.faces.ages import age
from sync.faces.answers import accepted, answer, feed_titles, json_option, pass_setup, refuse
from sync.hub_client import STRANGER, is_transient
from sync.reference_damage import DAMAGED
from sync.rules.certificate import Certificate, day_of
from sync.rules.days import china_time
from sync.rules.enrolling import not_enrolled
from sync.rules.refusal import N_, Refused
from sync.services.courier import Courier, hub_client
from sync.services.enrolment import Enroller
from sync.services.status import CLOCK_DOUBTFUL, SyncStatus, no_status, read_status
from sync.services.till import open_till
from sync.services.verifying import verify_journal
from sync.setup import Setup
from sync.till_files import NOT_BEGUN

HUB_WORDS = {
    "not_enrolled": N_("not enrolled"),
    "unknown": N_("never reached"),
    "reachable": N_("reachable"),
    "unreachable": N_("unreachable"),
    "alarm": N_("alarm"),
}

ALARM_WORDS = {
    "branch": N_("two continuations of this till's data: copied, cloned or put back?"),
    "fork": N_("two entries in one place: was this till's data copied while it sold?"),
}
_HELD = N_("this till is revoked: what it sends is held for a manager at the hub")
_REASON_WORDS = {
    **ALARM_WORDS,
    "held": _HELD,
    "hub.held": _HELD,
    "hub.unreachable": "",
    STRANGER: N_("what answers there is no hub; is it a sign-in page of the network?"),
    "hub.refused": N_("it refuses what this till sends; `xuanpin sync push` says why"),
    "hub.untrusted": N_("what answers there has no certificate of [hub] ca"),
    CLOCK_DOUBTFUL: N_("its time and this machine's are days apart; see `xuanpin sync clock`"),
    "reply.forged": N_("what answers there is not the hub at which this till is enrolled"),
}
_OTHER_REASON = N_("`xuanpin sync push` says what is wrong")

_STAYS = N_(
    "The alarm stays until it is settled with `xuanpin sync settle` or in the end-of-day screen."
)
PARTED = N_(
    "The hub knows another continuation of {runs}: closed, carried on in a new run."
    " Was this till's data copied or put back?"
)


@click.command("enrol")
@click.argument("code")
@click.option("--hub", "url", default="", help="Address of the hub; else [hub] url.")
@json_option
@pass_setup
def enrol_command(setup: Setup, code: str, url: str, as_json: bool) -> None:
    """Enrol this till at its hub with a one-time code."""
    with ExitStack() as held:
        opened = open_till(setup, "enrol")
        till = held.enter_context(accepted(setup, opened, as_json=as_json))
        client = held.enter_context(accepted(setup, hub_client(till, url), as_json=as_json))
        enrolment = accepted(setup, Enroller(till, client).enrol(code), as_json=as_json)
    answer(
        setup.say(
            "Enrolled as till {number} “{name}” at {url}.",
            number=f"{enrolment.number:03d}",
            name=enrolment.name,
            url=enrolment.hub_url,
        ),
        {
            "hub_id": enrolment.hub_id,
            "number": enrolment.number,
            "name": enrolment.name,
            "center": enrolment.center,
            "url": enrolment.hub_url,
        },
        as_json=as_json,
    )


@click.command("push")
@json_option
@pass_setup
def push_command(setup: Setup, as_json: bool) -> None:
    """Send everything that the hub does not have yet."""
    with ExitStack() as held:
        opened = open_till(setup, "push")
        till = held.enter_context(accepted(setup, opened, as_json=as_json))
        if till.enrolment is None:
            refuse(setup, not_enrolled(), as_json=as_json)
        client = held.enter_context(accepted(setup, hub_client(till), as_json=as_json))
        courier = Courier(till, client)
        report = courier.push()
        if report.refused is not None:
            refuse(setup, report.refused, as_json=as_json)
        renewed = courier.renew()
    text = setup.say(
        "Entries acknowledged by the hub: {acknowledged}, pending: {pending}.",
        acknowledged=report.acknowledged,
        pending=report.pending,
    )
    if report.closed_runs:
        text += "\n" + setup.say(PARTED, runs=", ".join(report.closed_runs))
    alarms = [setup.say(ALARM_WORDS[flag]) for flag in report.flags if flag in ALARM_WORDS]
    if alarms:
        text += "\n" + "\n".join([*alarms, setup.say(_STAYS)])
    if isinstance(renewed, Certificate):
        day = day_of(renewed.until_day).isoformat()
        text += "\n" + setup.say("The certificate was renewed; it is good until {day}.", day=day)
    elif renewed is not None and not is_transient(renewed):
        text += "\n" + setup.say.refusal(renewed)
    values = {
        "acknowledged": report.acknowledged,
        "segments": report.segments,
        "pending": report.pending,
        "closed_runs": report.closed_runs,
        "flags": report.flags,
        "certificate_renewed": isinstance(renewed, Certificate),
    }
    answer(text, values, as_json=as_json)


@click.command("status")
@json_option
@pass_setup
def status_command(setup: Setup, as_json: bool) -> None:
    """Show what still has to reach the hub, and how the hub last answered."""
    opened = open_till(setup, "read")
    if isinstance(opened, Refused) and opened.reason == NOT_BEGUN:
        # A machine on which nothing was ever sold has a status too: nothing is pending.
        nothing = msgspec.to_builtins(no_status(opened.reason))
        answer(setup.say.refusal(opened), nothing, as_json=as_json)
        return
    with accepted(setup, opened, as_json=as_json) as till:
        status = read_status(till)
    answer(_status_text(setup, status), msgspec.to_builtins(status), as_json=as_json)


def _status_text(setup: Setup, status: SyncStatus) -> str:
    say = setup.say
    lines = [say("entries pending: {count}", count=status.pending)]
    if status.oldest_pending_s is not None:
        lines.append(say("oldest pending: {age}", age=age(say, status.oldest_pending_s * 1000)))
    hub = say(HUB_WORDS[status.hub])
    reasons = (_REASON_WORDS.get(each, _OTHER_REASON) for each in status.reason.split())
    why = ", ".join(say(each) for each in dict.fromkeys(reasons) if each)
    lines.append(say("hub: {state}", state=f"{hub} ({why})" if why else hub))
    if not ALARM_WORDS.keys().isdisjoint(status.reason.split()):
        lines.append(say(_STAYS))
    if status.last_contact_ms is not None:
        moment = china_time(status.last_contact_ms).strftime("%Y-%m-%d %H:%M:%S")
        lines.append(say("last contact: {moment}", moment=moment))
    titles = feed_titles(setup)
    for feed, fed in status.feeds.items():
        lines.append(
            say(
                "{feed}: version {version}, {age} ago",
                feed=titles.get(feed, feed),
                version=fed.version,
                age=age(say, fed.age_s * 1000),
            )
        )
    if status.feeds_reason == DAMAGED:
        lines.append(say("the reference data is damaged: `xuanpin sync pull` fetches it anew"))
    elif status.feeds_reason:
        lines.append(say("the last pull came to nothing: `xuanpin sync pull` says why"))
    closed = [run.run for run in status.runs if run.closed]
    if closed:
        lines.append(say("runs closed because they diverged: {runs}", runs=", ".join(closed)))
    return "\n".join(lines)


@click.command("verify")
@json_option
@pass_setup
def verify_command(setup: Setup, as_json: bool) -> None:
    """Verify the whole journal of this till."""
    with accepted(setup, open_till(setup, "read"), as_json=as_json) as till:
        verified = verify_journal(till)
    if isinstance(verified, Refused):
        refuse(setup, verified, as_json=as_json)
    text = setup.say(
        "The journal is whole (runs: {runs}, entries: {entries}).",
        runs=verified.runs,
        entries=verified.entries,
    )
    answer(text, msgspec.to_builtins(verified), as_json=as_json)
