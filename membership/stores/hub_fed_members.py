"""Feeding memberships to the tills of their center, in the transaction that books them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from membership.rules.fed_member import FEED, FedMember, confirmed, fed, read_fed
from membership.rules.grant import Granted, read_granted
from membership.rules.phone import normalise, phone_hash
from sync.package import Arrived, FeedRow, HubSecrets
from sync.rules.certificate import Certificate, read
from sync.rules.entry import Private
from sync.rules.refusal import Refused
from sync.stores import hub_feeds
from sync.stores.hub_tills import certificates_of


def feed(connection: Connection, arrived: Sequence[Arrived], keys: HubSecrets) -> list[str]:
    """Feed the memberships of one till's readable grants; name what is odd about the others.

    A card that the till's certificates do not let it sell is not confirmed. Of two memberships
    under one serial the first stays: whoever knows a serial, which stands on receipts, could else
    put a card or a phone number of their own in its place.
    """
    granted = [(one, grant) for one in arrived if (grant := read_granted(one.body)) is not None]
    if not granted:
        return []
    certificates = _certificates(connection, arrived[0].header.till, keys)
    told: dict[tuple[int, str], FedMember] = {}
    odd = set()
    before = hub_feeds.fed(connection, FEED, [(grant.center, grant.serial) for _, grant in granted])
    for one, grant in granted:
        card = confirmed(grant, certificates, keys.sign)
        if card is None:
            odd.add(f"card unconfirmed {grant.serial}")
            continue
        member = _member(card, one, grant, certificates, keys)
        place = (grant.center, grant.serial)
        known = told.get(place) or (read_fed(before[place]) if place in before else None)
        if known is not None and (known.card, known.sold_by) != (member.card, member.sold_by):
            odd.add(f"card serial {grant.serial}")
        elif known is None or not known.phone_hash:
            told[place] = member
    rows = [(center, FeedRow(serial, fed(member))) for (center, serial), member in told.items()]
    hub_feeds.put(connection, FEED, rows)
    return sorted(odd)


def _member(
    card: str,
    one: Arrived,
    granted: Granted,
    certificates: Sequence[Certificate],
    keys: HubSecrets,
) -> FedMember:
    number = _number(one.private, keys)
    hashed = phone_hash(number, keys.phone_key(granted.center)) if number else ""
    if granted.provisional:
        return FedMember(card, hashed, number[-4:], sold_by=certificates[0].public_key.hex())
    return FedMember(card, hashed, number[-4:], seller=one.header.till)


def _certificates(connection: Connection, till: str, keys: HubSecrets) -> list[Certificate]:
    """Return what a till was certified for; every one of them names its key."""
    found = (read(data, keys.public) for data in certificates_of(connection, till))
    return [each for each in found if isinstance(each, Certificate)]


def _number(private: Private | None, keys: HubSecrets) -> str:
    """Open the phone number that was sealed to the hub; nothing where none can be read."""
    opened = keys.unseal(private.data) if private else b""
    if isinstance(opened, Refused):
        return ""
    number = normalise(opened.decode("utf-8", "replace"))
    return "" if isinstance(number, Refused) else number
