"""`xuanpin membership show | verify`: a membership's state and dates, as this till knows them."""

import click

from membership.rules.card import CardStanding, State
from membership.rules.member import Member
from membership.services.desk import Desk
from sync.faces.ages import age
from sync.faces.answers import accepted, answer, json_option, pass_setup, refuse
from sync.language import Language
from sync.rules.refusal import N_, Refused
from sync.services.till import open_till
from sync.setup import Setup
from sync.till_files import NOT_BEGUN

STATE_NAMES: dict[State, str] = {
    "active": N_("active"),
    "expired": N_("expired"),
    "provisional": N_("provisional, good at this till only"),
    "revoked": N_("revoked"),
    "invalid": N_("not valid"),
}


@click.command("show", help="Show a membership by card, phone number or serial.")
@click.argument("text", metavar="CARD|PHONE|SERIAL")
@json_option
@pass_setup
def show_command(setup: Setup, text: str, as_json: bool) -> None:
    """Show a member in whatever state; exit status 2 if nobody is found."""
    with accepted(setup, open_till(setup, "read"), as_json=as_json) as till:
        desk = Desk(till)
        found, age_s = desk.look_up(text), desk.revocations_age_s()
    member = accepted(setup, found, as_json=as_json)
    standing = CardStanding(member.state, member.card, member.refused)
    text = _described(setup.say, standing, member, age_s)
    answer(text, _values(standing, age_s), as_json=as_json)


@click.command("verify", help="Verify a PLUS card; exit status 0 if this till accepts it.")
@click.argument("card")
@json_option
@pass_setup
def verify_command(setup: Setup, card: str, as_json: bool) -> None:
    """Verify a card; exit status 2 and the reason on stderr if it is not accepted."""
    opened = open_till(setup, "read")
    age_s = None
    if isinstance(opened, Refused) and opened.reason == NOT_BEGUN:
        standing = CardStanding("invalid", None, opened)
    else:
        with accepted(setup, opened, as_json=as_json) as till:
            desk = Desk(till)
            standing, age_s = desk.standing(card), desk.revocations_age_s()
    if standing.refused is None:
        text = _described(setup.say, standing, None, age_s)
        answer(text, _values(standing, age_s), as_json=as_json)
        return
    if as_json:
        answer("", _values(standing, age_s), as_json=True)
    refuse(setup, standing.refused)


def _values(standing: CardStanding, age_s: int | None) -> dict[str, object]:
    card = standing.card
    return {
        "state": standing.state,
        "reason": standing.refused.reason if standing.refused else None,
        "serial": card.serial if card else None,
        "from": card.from_day.isoformat() if card else None,
        "until": card.until.isoformat() if card else None,
        "revocations_age_s": age_s,
    }


def _described(
    say: Language, standing: CardStanding, member: Member | None, age_s: int | None
) -> str:
    card = standing.card
    assert card is not None
    lines = [
        say(
            "PLUS membership {serial}: {state}",
            serial=card.serial,
            state=say(STATE_NAMES[standing.state]),
        ),
        say("Valid from {first} through {last}", first=card.from_day, last=card.until),
    ]
    if member and member.last4:
        lines.append(say("Phone {phone}", phone=member.label))
    lines.append(
        say("Revoked cards: never heard of at this till")
        if age_s is None
        else say("Revoked cards: as of {age} ago", age=age(say, age_s * 1000))
    )
    if standing.refused:
        lines.append(say.refusal(standing.refused))
    return "\n".join(lines)
