"""A member as the hub feeds one to the tills of the center: a card signed by the hub, no names."""

from collections.abc import Iterable
from datetime import date

import msgspec

from membership.rules.card import Card, sign_card
from membership.rules.grant import Granted
from membership.rules.plan import MOST_YEARS, PLUS, until_of
from sync.rules.certificate import DAY_ZERO, Certificate, Sign, day_of
from sync.rules.decoding import from_json

FEED = "members"
_LAST_DAY = day_of(2**16 - 1)  # that a card can say


class FedMember(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the tills of a center are told of a member; the key of its row is the serial.

    `card` is the same membership as sold, signed by the hub: a provisional one is thereby
    confirmed. `phone_hash` is keyed with the center's key, `last4` its last digits; empty where
    no number was given. `sold_by` is the public key (hex) of the till that signed a provisional
    card, so that every till can check the card that the visitor has; empty for others. `seller` is
    the install id of the till whose certificate grants the counter, so that the card is no better
    by phone, or as the hub signed it, than the till's own once that till is revoked; empty where
    no certificate does.
    """

    card: str
    phone_hash: str = ""
    last4: str = ""
    sold_by: str = ""
    seller: str = ""


def confirmed(granted: Granted, certificates: Iterable[Certificate], sign: Sign) -> str | None:
    """Return the card of a membership signed by the hub; None if its till could not sell it so.

    That is the case unless the days are those of some whole years of a plan, and one of the till's
    own `certificates` is of the card's center and, where the card is not provisional, grants its
    counter and covers its first day: a card signed by the hub is good wherever it is shown, so
    nobody's word is taken for more than the hub gave them leave to sell.
    """
    try:
        first, until = date.fromisoformat(granted.from_day), date.fromisoformat(granted.until)
    except ValueError:
        return None
    if granted.plan != PLUS or not DAY_ZERO <= first <= until <= _LAST_DAY:
        return None
    if until not in (until_of(first, years) for years in range(1, MOST_YEARS + 1)):
        return None
    if not any(_gives_leave(certificate, granted, first) for certificate in certificates):
        return None
    card = Card(granted.plan, granted.center, granted.serial, first, until, granted.counter)
    return sign_card(card, sign)


def _gives_leave(certificate: Certificate, granted: Granted, first: date) -> bool:
    if certificate.center != granted.center:
        return False
    return granted.provisional or (
        certificate.grants(granted.counter) and certificate.covers(first)
    )


def fed(member: FedMember) -> bytes:
    """Return what the feed says of a member."""
    return msgspec.json.encode(member)


def read_fed(data: bytes) -> FedMember:
    """Read what the feed says of a member; raises `ValueError` for anything else."""
    member = from_json(data, FedMember)
    bytes.fromhex(member.sold_by)
    return member
