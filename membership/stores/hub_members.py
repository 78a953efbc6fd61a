"""Memberships at the hub: what `membership_granted` entries say, booked as rows and fed on.

The till is in every unique key; no personal data is here, it stays sealed in the private part.
What the tills of the center are fed is the card, signed by the hub, and the phone's keyed hash.
A till numbers its cards, so two cards under one number say that its data was put back from an old
copy, or that somebody else has its key: both are booked, and a manager is told.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from msgspec import structs
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    func,
    select,
)

from membership.rules.card import SignedCard, decode_card
from membership.rules.fed_member import FEED, FedMember, fed, read_fed
from membership.rules.grant import KIND, read_granted
from membership.stores.hub_fed_members import feed
from sync.package import Arrived, FeedRow, HubSecrets, HubStep, Noticed, Projection
from sync.stores import hub_feeds
from sync.stores.hub_feeds import FEED_ROW
from sync.stores.hub_rows import add_all
from sync.stores.hub_tables import BY_TILL

METADATA = MetaData()

HUB_MEMBER = Table(
    "hub_member",
    METADATA,
    Column("till", String(32), primary_key=True),
    Column("grant_id", String(64), primary_key=True),
    Column("body_sha256", LargeBinary, primary_key=True),
    Column("run", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("order_id", String(64), nullable=False),
    Column("serial", String(12), nullable=False),
    Column("plan", SmallInteger, nullable=False),
    Column("center", SmallInteger, nullable=False),
    Column("from_day", String(10), nullable=False),
    Column("until", String(10), nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Index("hub_member_by_serial", "serial"),
    Index("hub_member_by_counter", "till", "counter"),
    postgresql_partition_by=BY_TILL,
)


def _name_sellers(connection: Connection) -> None:
    """Feed anew, with the till that sold it, every card that was fed without."""
    fed_to = select(FEED_ROW.c.center).where(FEED_ROW.c.feed == FEED).distinct()
    for center in connection.execute(fed_to).scalars().all():
        rows = hub_feeds.all_fed(connection, FEED, center)
        while some := {row.key: read_fed(row.data) for row in islice(rows, _FED_AT_ONCE)}:
            _name_sellers_of(connection, center, some)


def _name_sellers_of(connection: Connection, center: int, some: Mapping[str, FedMember]) -> None:
    named = []
    for till, serial, counter in connection.execute(
        select(HUB_MEMBER.c.till, HUB_MEMBER.c.serial, HUB_MEMBER.c.counter).where(
            HUB_MEMBER.c.serial.in_(some), HUB_MEMBER.c.center == center, ~HUB_MEMBER.c.provisional
        )
    ):
        signed = decode_card(some[serial].card)
        if isinstance(signed, SignedCard) and signed.card.counter == counter:
            named.append(FeedRow(serial, fed(structs.replace(some[serial], seller=till))))
    hub_feeds.put(connection, FEED, [(center, row) for row in named])


def name_seller(connection: Connection, till: str) -> None:
    """Feed anew, with their seller, the cards of one till that were fed without.

    A process of an older version, which serves beside newer ones for a while, feeds cards so; who
    sold them counts from when their till is revoked.
    """
    places = connection.execute(
        select(HUB_MEMBER.c.center, HUB_MEMBER.c.serial).where(
            HUB_MEMBER.c.till == till, ~HUB_MEMBER.c.provisional
        )
    )
    while batch := [(row.center, row.serial) for row in islice(places, _FED_AT_ONCE)]:
        unnamed: dict[int, dict[str, FedMember]] = {}
        for (center, serial), data in hub_feeds.fed(connection, FEED, batch).items():
            member = read_fed(data)
            if not member.seller and not member.sold_by:
                unnamed.setdefault(center, {})[serial] = member
        for center, some in unnamed.items():
            _name_sellers_of(connection, center, some)


STEPS = (
    HubStep("memberships", tables=(HUB_MEMBER,)),
    HubStep("who sold the cards that are fed", run=_name_sellers),
)

_FED_AT_ONCE = 1000
_HEX = frozenset("0123456789abcdef")


def _row(arrived: Arrived) -> dict[str, Any] | None:
    """Return the row of a grant; None if the body is none or says what no card can."""
    header = arrived.header
    granted = read_granted(arrived.body)
    if granted is None:
        return None
    numbers = ((granted.plan, 8), (granted.center, 8), (granted.counter, 32))
    if any(not 0 <= number < 2**bits for number, bits in numbers):
        return None
    serial_fits = len(granted.serial) == 12 and set(granted.serial) <= _HEX
    if not serial_fits or not 1 <= len(granted.order_id) <= 64 or "\0" in granted.order_id:
        return None
    try:
        from_day = date.fromisoformat(granted.from_day)
        until = date.fromisoformat(granted.until)
    except ValueError:
        return None
    return {
        "till": header.till,
        "grant_id": header.id,
        "body_sha256": header.body_sha256,
        "run": header.run,
        "seq": header.seq,
        "order_id": granted.order_id,
        "serial": granted.serial,
        "plan": granted.plan,
        "center": granted.center,
        "from_day": from_day.isoformat(),
        "until": until.isoformat(),
        "counter": granted.counter,
        "provisional": granted.provisional,
    }


def book(connection: Connection, arrived: Sequence[Arrived], keys: HubSecrets) -> Noticed:
    """Book grants of one till and feed them to their centers.

    Notices unreadable bodies, counters granted to two cards, serials of two memberships, and cards
    that the till had no leave to sell: they are booked, for somebody may have paid, and not fed.
    """
    rows = [_row(one) for one in arrived]
    readable = [row for row in rows if row is not None]
    contradicted = [f"card counter {n}" for n in _granted_twice(connection, readable)]
    add_all(connection, HUB_MEMBER, readable)
    unread = tuple(index for index, row in enumerate(rows) if row is None)
    good = [one for one, row in zip(arrived, rows, strict=True) if row is not None]
    contradicted += feed(connection, good, keys)
    return Noticed(unread, tuple(contradicted))


def _granted_twice(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the counters of new rows under which the same till granted another card as well."""
    if not rows:
        return []
    counters = {row["counter"] for row in rows}
    granted: dict[int, set[str]] = {}
    for counter, serial in connection.execute(
        select(HUB_MEMBER.c.counter, HUB_MEMBER.c.serial).where(
            HUB_MEMBER.c.till == rows[0]["till"], HUB_MEMBER.c.counter.in_(counters)
        )
    ):
        granted.setdefault(counter, set()).add(serial)
    for row in rows:
        granted.setdefault(row["counter"], set()).add(row["serial"])
    return sorted(counter for counter, serials in granted.items() if len(serials) > 1)


def last_counter(
    connection: Connection, till: str, first: int, last: int, upto: Mapping[str, int] | None
) -> int | None:
    """Return the highest counter from `first` to `last` under which a till granted a card."""
    own = (
        HUB_MEMBER.c.till == till,
        HUB_MEMBER.c.counter.between(first, last),
        ~HUB_MEMBER.c.provisional,
    )
    if upto is None:
        return connection.execute(select(func.max(HUB_MEMBER.c.counter)).where(*own)).scalar()
    found = connection.execute(
        select(HUB_MEMBER.c.counter, HUB_MEMBER.c.run, HUB_MEMBER.c.seq).where(*own)
    )
    return max((counter for counter, run, seq in found if seq <= upto.get(run, 0)), default=None)


PROJECTIONS = (Projection(KIND, book, last_counter, name_seller),)
