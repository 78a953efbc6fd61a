"""Feeding memberships to the tills of their center, in the transaction that books them."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from membership.rules.fed_member import FEED, FedMember, confirmed, fed, read_fed
from membership.rules.grant import Granted, read_granted
from membership.rules.phone import normalise, phone_hash
from sync.package import Arrived, FeedRow, HubSecrets
from sync.rules import certificate as certificates
from sync.rules.entry import Private
from sync.rules.refusal import Refused
from sync.stores import hub_feeds
from sync.stores.hub_tables import CERTIFICATE


def feed(connection: Connection, arrived: Sequence[Arrived], keys: HubSecrets) -> list[str]:
    """Feed the memberships of readable grants; return the serials that have another one already.

    Of two memberships under one serial the first stays: whoever knows a serial, which stands on
    receipts, could else put a card or a phone number of their own in its place.
    """
    told: dict[tuple[int, str], FedMember] = {}
    twice = []
    granted = [(one, grant) for one in arrived if (grant := read_granted(one.body)) is not None]
    before = hub_feeds.fed(connection, FEED, [(grant.center, grant.serial) for _, grant in granted])
    for one, grant in granted:
        member = _member(connection, one, grant, keys)
        if member is None:
            continue
        place = (grant.center, grant.serial)
        known = told.get(place) or (read_fed(before[place]) if place in before else None)
        if known is not None and (known.card, known.sold_by) != (member.card, member.sold_by):
            twice.append(grant.serial)
        elif known is None or not known.phone_hash:
            told[place] = member
    rows = [(center, FeedRow(serial, fed(member))) for (center, serial), member in told.items()]
    hub_feeds.put(connection, FEED, rows)
    return sorted(set(twice))


def _member(
    connection: Connection, one: Arrived, granted: Granted, keys: HubSecrets
) -> FedMember | None:
    card = confirmed(granted, keys.sign)
    if card is None:
        return None
    number = _number(one.private, keys)
    sold_by = _public_key(connection, one.header.till, keys) if granted.provisional else ""
    if not number:
        return FedMember(card, sold_by=sold_by)
    hashed = phone_hash(number, keys.phone_key(granted.center))
    return FedMember(card, hashed, number[-4:], sold_by)


def _number(private: Private | None, keys: HubSecrets) -> str:
    """Open the phone number that was sealed to the hub; nothing where none can be read."""
    opened = keys.unseal(private.data) if private else b""
    if isinstance(opened, Refused):
        return ""
    number = normalise(opened.decode("utf-8", "replace"))
    return "" if isinstance(number, Refused) else number


def _public_key(connection: Connection, till: str, keys: HubSecrets) -> str:
    """Return the key with which a till signs, as hex: every certificate it was given names it."""
    data = connection.execute(
        select(CERTIFICATE.c.data).where(CERTIFICATE.c.till == till).limit(1)
    ).scalar()
    certificate = certificates.read(data, keys.public) if data else None
    return certificate.public_key.hex() if isinstance(certificate, certificates.Certificate) else ""
