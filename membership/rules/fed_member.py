"""A member as the hub feeds one to the tills of the center: a card signed by the hub, no names."""

from datetime import date

import msgspec

from membership.rules.card import Card, sign_card
from membership.rules.grant import Granted
from membership.rules.plan import MOST_YEARS, PLUS, until_of
from sync.rules.certificate import DAY_ZERO, Sign, day_of

FEED = "members"
_LAST_DAY = day_of(2**16 - 1)  # that a card can say


class FedMember(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the tills of a center are told of a member; the key of its row is the serial.

    `card` is the same membership as sold, signed by the hub: a provisional one is thereby
    confirmed. `phone_hash` is keyed with the center's key, `last4` its last digits; empty where
    no number was given. `sold_by` is the public key (hex) of the till that signed a provisional
    card, so that every till can check the card that the visitor has; empty for others.
    """

    card: str
    phone_hash: str = ""
    last4: str = ""
    sold_by: str = ""


def confirmed(granted: Granted, sign: Sign) -> str | None:
    """Return the card of a membership signed by the hub; None for days that no plan ever sold."""
    try:
        first, until = date.fromisoformat(granted.from_day), date.fromisoformat(granted.until)
    except ValueError:
        return None
    sold = DAY_ZERO <= first <= until <= _LAST_DAY and until <= until_of(first, MOST_YEARS)
    if not sold or granted.plan != PLUS:
        return None
    card = Card(granted.plan, granted.center, granted.serial, first, until, granted.counter)
    return sign_card(card, sign)


def fed(member: FedMember) -> bytes:
    """Return what the feed says of a member."""
    return msgspec.json.encode(member)


def read_fed(data: bytes) -> FedMember:
    """Read what the feed says of a member; raises `ValueError` for anything else."""
    member = msgspec.json.decode(data, type=FedMember)
    bytes.fromhex(member.sold_by)
    return member
