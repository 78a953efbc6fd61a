"""Granting a membership at a till: the card it makes and the journal entry it becomes."""

from datetime import date

import msgspec

from membership.rules.card import Card, sign_card
from membership.rules.plan import PLUS, until_of
from sync.rules.certificate import DAY_ZERO, Certificate, Sign, day_of
from sync.rules.decoding import from_json
from sync.rules.entry import Draft, Private
from sync.rules.refusal import N_, Refused

KIND = "membership_granted"
FIRST_PROVISIONAL_COUNTER = 1
_LAST_YEAR = day_of(2**16 - 1).year - 1  # the last that a card's 16 bits hold whole


class Authority(msgspec.Struct, frozen=True):
    """The hub's leave to sell cards: the certificate as bytes, and as read from them."""

    data: bytes
    certificate: Certificate


class Issuer(msgspec.Struct, frozen=True):
    """Who signs cards at this till; without `authority` every card is provisional."""

    sign: Sign
    center: int
    authority: Authority | None

    @property
    def first_counter(self) -> int:
        """The counter of the first card sold here."""
        if self.authority is None:
            return FIRST_PROVISIONAL_COUNTER
        return self.authority.certificate.counter_first


class Grant(msgspec.Struct, frozen=True):
    """A membership granted: the card, its text for the QR code, and whether it is provisional."""

    card: Card
    text: str
    provisional: bool


class Granted(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="schema",
    tag="xuanpin.grant.1",
):
    """The body of a `membership_granted` entry; no personal data, and not the card itself.

    Days are ISO dates, `until` inclusive; `order_id` is the sale that paid for it.
    """

    order_id: str
    serial: str
    plan: int
    center: int
    from_day: str
    until: str
    counter: int
    provisional: bool


def make_grant(
    issuer: Issuer, counter: int, serial: str, today: date, years: int, plan: int = PLUS
) -> Grant | Refused:
    """Make and sign the card of a membership that starts today.

    `serial` is 12 random hex digits. The card is provisional unless the till's certificate is
    in force today and grants the counter. Refused when the till's date is beyond what a card
    can say.
    """
    if today < DAY_ZERO or today.year + years > _LAST_YEAR:
        return Refused(
            "card.till_date",
            N_("This till's date is {day}: no PLUS card can be made."),
            N_("Set the date right."),
            {"day": today.isoformat()},
        )
    card = Card(plan, issuer.center, serial, today, until_of(today, years), counter)
    authority = issuer.authority
    if authority and authority.certificate.covers(today) and authority.certificate.grants(counter):
        return Grant(card, sign_card(card, issuer.sign, authority.data), provisional=False)
    return Grant(card, sign_card(card, issuer.sign, provisional=True), provisional=True)


def grant_draft(
    grant: Grant, order_id: str, grant_id: str, day: str, private: Private | None
) -> Draft:
    """Return the journal entry of a grant: amount 0, for the sale itself carries the money.

    `grant_id` is a UUIDv7, `day` the business day; `private` the phone number sealed to the hub.
    """
    card = grant.card
    body = Granted(
        order_id=order_id,
        serial=card.serial,
        plan=card.plan,
        center=card.center,
        from_day=card.from_day.isoformat(),
        until=card.until.isoformat(),
        counter=card.counter,
        provisional=grant.provisional,
    )
    return Draft(KIND, grant_id, day, 0, msgspec.json.encode(body), private)


def read_granted(body: bytes) -> Granted | None:
    """Read a `membership_granted` body; None when it is not one that this version knows."""
    try:
        return from_json(body, Granted)
    except ValueError:
        return None
