"""Booking memberships at the hub: one row a grant; what no card can say is not booked."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import Connection, select

from membership.rules import fed_member
from membership.rules.card import Card, SignedCard, Trust, decode_card, standing_of
from membership.rules.fed_member import FEED, FedMember, read_fed
from membership.rules.grant import KIND, Granted
from membership.rules.phone import ENTROPY_BYTES, PhoneToken, phone_hash, phone_token
from membership.stores import hub_members
from membership.stores.hub_members import HUB_MEMBER
from sync.database import hub_transaction, open_hub
from sync.keys import write_phone_key
from sync.package import Arrived, FeedRow, Noticed
from sync.rules.certificate import Certificate, day_number, install_of, issue
from sync.rules.entry import Header, Private
from sync.stores import hub_feeds
from sync.stores.hub_tables import CERTIFICATE
from sync.stores.hub_tills import add_certificate
from tests.hub_databases import NewDatabase

from .certified import HUB, HUB_SEAL, OTHER_TILL, PHONE_KEY, TILL, hub_keys, public_of

Book = Callable[[Sequence[Arrived]], Noticed]
INSTALL, OTHER = install_of(public_of(TILL)), install_of(public_of(OTHER_TILL))

GRANTED = Granted(
    order_id="01aab8e1-0000-7000-8000-000000000001",
    serial="00a1b2c3d4e5",
    plan=1,
    center=1,
    from_day="2026-11-22",
    until="2027-11-22",
    counter=70_001,
    provisional=False,
)


SERIAL = GRANTED.serial


def arrived(
    granted: Granted = GRANTED,
    body: bytes | None = None,
    private: Private | None = None,
    **changed: Any,
) -> Arrived:
    body = msgspec.json.encode(granted) if body is None else body
    header = Header(
        version=1,
        till=INSTALL,
        run="1-0a0b0c0d",
        seq=6,
        kind=KIND,
        id="01aab8e1-0000-7000-8000-000000000002",
        at_ms=1_795_320_000_000,
        mono_ms=5,
        boot="boot",
        day="2026-11-22",
        amount_fen=0,
        body_bytes=len(body),
        body_sha256=hashlib.sha256(body).digest(),
        private_sha256=private.digest() if private else b"",
    )
    return Arrived(structs.replace(header, **changed), body, private, "ZZ-01", "zhengzhou")


def certify(hub: Connection, till: bytes, first: int, **values: int) -> None:
    """Remember that a till was certified for 2026 and ten cards, unless told otherwise."""
    start, end = day_number(date(2026, 1, 1)), day_number(date(2026, 12, 31))
    certificate = structs.replace(Certificate(7, 1, start, end, first, 10, till), **values)
    add_certificate(hub, certificate, issue(certificate, HUB.sign))


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[Connection]:
    engine = open_hub(new_database().url or f"sqlite:///{tmp_path / 'hub.db'}")
    with hub_transaction(engine) as connection:
        for table in (HUB_MEMBER, hub_feeds.FEED_ROW, CERTIFICATE):
            table.create(connection, checkfirst=True)
        certify(connection, public_of(TILL), 70_001)
        certify(connection, public_of(OTHER_TILL), 80_001)
        yield connection
    engine.dispose()


@pytest.fixture
def book(hub: Connection, tmp_path: Path) -> Book:
    return lambda arrived: hub_members.book(hub, arrived, hub_keys(tmp_path))


def rows(hub: Connection) -> list[dict[str, object]]:
    return [dict(row) for row in hub.execute(select(HUB_MEMBER)).mappings()]


def test_a_grant_becomes_one_row(hub: Connection, book: Book) -> None:
    assert book([arrived()]) == Noticed()
    (row,) = rows(hub)
    assert row["serial"] == GRANTED.serial
    assert (row["from_day"], row["until"]) == ("2026-11-22", "2027-11-22")
    assert (row["order_id"], row["counter"]) == (GRANTED.order_id, 70_001)
    assert row["provisional"] is False


def changed(**values: Any) -> Arrived:
    return arrived(structs.replace(GRANTED, **values))


@pytest.mark.parametrize(
    "odd",
    [
        arrived(body=b""),
        arrived(body=b"\xff\xfe"),
        arrived(body=b'{"schema":"xuanpin.grant.2"}'),
        changed(serial="xyz"),
        changed(serial="00A1B2C3D4E5"),
        changed(plan=256),
        changed(center=-1),
        changed(counter=2**32),
        changed(until="2027-02-29"),
        changed(order_id=""),
        changed(order_id="a\0b"),
    ],
)
def test_what_no_card_can_say_is_not_booked(hub: Connection, book: Book, odd: Arrived) -> None:
    assert book([odd, arrived()]) == Noticed(unread=(0,))
    assert len(rows(hub)) == 1


GRANT_ID = "01aab8e1-0000-7000-8000-00000000000"


def granted(number: int, *, till: str = INSTALL, **values: Any) -> Arrived:
    """Return one of several grants, each with an id and a serial of its own."""
    serial = f"00a1b2c3d4{number:02x}"
    body = structs.replace(GRANTED, **{"serial": serial, **values})
    return arrived(body, id=f"{GRANT_ID}{number}", till=till)


@pytest.mark.parametrize("together", [True, False])
def test_two_cards_under_one_counter_are_both_booked_and_noticed(
    hub: Connection, book: Book, together: bool
) -> None:
    first, second = granted(1), granted(2)
    twice = Noticed(contradicted=("card counter 70001",))
    if together:
        assert book([first, second]) == twice
    else:
        assert book([first]) == Noticed()
        assert book([second]) == twice
    assert {row["serial"] for row in rows(hub)} == {"00a1b2c3d401", "00a1b2c3d402"}


def test_other_counters_and_other_tills_contradict_nothing(hub: Connection, book: Book) -> None:
    assert book([granted(1), granted(2, counter=70_002)]) == Noticed()
    assert book([granted(3, till=OTHER, counter=80_001)]) == Noticed()
    assert len(rows(hub)) == 3


def test_one_card_that_came_with_two_contents_is_not_a_second_card(
    hub: Connection, book: Book
) -> None:
    assert book([granted(1)]) == Noticed()
    other = book([granted(1, until="2028-11-22")])
    assert other == Noticed(contradicted=("card serial 00a1b2c3d401",))
    assert len(rows(hub)) == 2


def fed(hub: Connection, center: int = 1) -> dict[str, FedMember]:
    """Return what a center's tills are fed, by serial."""
    return {row.key: read_fed(row.data) for row in hub_feeds.all_fed(hub, FEED, center)}


def numbered(phone: str) -> Private:
    """Seal a phone number to the hub, as a till does."""
    token = phone_token(
        phone, PHONE_KEY, HUB_SEAL.public_key().public_bytes_raw(), bytes(ENTROPY_BYTES)
    )
    assert isinstance(token, PhoneToken)
    return token.private


def test_a_grant_is_fed_to_its_center_as_a_card_of_the_hub(hub: Connection, book: Book) -> None:
    assert book([arrived()]) == Noticed()
    member = fed(hub)[GRANTED.serial]
    signed = decode_card(member.card)
    assert isinstance(signed, SignedCard)
    assert signed.card == Card(
        1, 1, GRANTED.serial, date(2026, 11, 22), date(2027, 11, 22), GRANTED.counter
    )
    trust = Trust(public_of(HUB), None, frozenset(), date(2027, 1, 1))
    assert standing_of(signed, trust).state == "active"
    assert (member.phone_hash, member.last4, member.sold_by) == ("", "", "")
    assert member.seller == INSTALL
    assert fed(hub, center=2) == {}


def test_a_sealed_number_is_fed_as_the_hash_by_which_the_center_knows_it(
    hub: Connection, book: Book, tmp_path: Path
) -> None:
    write_phone_key(tmp_path / "centers" / "1", PHONE_KEY)
    book([arrived(private=numbered("13800138000"))])
    member = fed(hub)[GRANTED.serial]
    assert (member.phone_hash, member.last4) == (phone_hash("13800138000", PHONE_KEY), "8000")


@pytest.mark.parametrize("sealed", [b"", b"\0" * 64, b"x" * 31])
def test_a_number_that_cannot_be_opened_costs_the_member_nothing_else(
    hub: Connection, book: Book, tmp_path: Path, sealed: bytes
) -> None:
    write_phone_key(tmp_path / "centers" / "1", PHONE_KEY)
    assert book([arrived(private=Private(bytes(16), sealed))]) == Noticed()
    assert fed(hub)[GRANTED.serial].phone_hash == ""


def test_a_provisional_card_is_fed_with_the_key_of_the_till_that_signed_it(
    hub: Connection, book: Book
) -> None:
    book([changed(provisional=True)])
    member = fed(hub)[GRANTED.serial]
    assert (member.sold_by, member.seller) == (public_of(TILL).hex(), "")


def test_cards_that_were_fed_without_their_sellers_are_fed_anew_with_them(
    hub: Connection, book: Book
) -> None:
    paper = granted(2, provisional=True, counter=70_002)
    twice = granted(3, counter=70_003), granted(3, counter=80_003, till=OTHER)
    book([granted(1), paper, twice[0]])
    book([twice[1]])
    as_before = dict(fed(hub))
    for serial, member in as_before.items():
        row = FeedRow(serial, fed_member.fed(structs.replace(member, seller="")))
        hub_feeds.put(hub, FEED, [(1, row)])
    (step,) = [step.run for step in hub_members.STEPS if step.run is not None]
    for _ in range(2):
        step(hub)
        assert fed(hub) == as_before
    sellers = [member.seller for _, member in sorted(as_before.items())]
    assert sellers == [INSTALL, "", INSTALL]


def test_of_two_memberships_under_one_serial_the_first_is_fed_and_the_other_noticed(
    hub: Connection, book: Book
) -> None:
    book([arrived()])
    first = fed(hub)
    thief = arrived(structs.replace(GRANTED, until="2036-11-22", counter=80_009), till=OTHER)
    assert book([thief]).contradicted == (f"card serial {GRANTED.serial}",)
    assert fed(hub) == first


@pytest.mark.parametrize(
    "values",
    [
        {"until": "2037-11-22"},
        {"until": "2028-11-21"},
        {"from_day": "2019-12-31", "until": "2020-12-31"},
        {"from_day": "2027-11-23"},
        {"from_day": "9990-01-01", "until": "9991-01-01"},
        {"plan": 2},
        {"center": 2},
        {"center": 2, "provisional": True},
        {"counter": 70_000},
        {"counter": 70_011},
        {"counter": 80_001},
        {"from_day": "2025-12-31", "until": "2026-12-31"},
        {"from_day": "2027-01-01", "until": "2028-01-01"},
    ],
)
def test_a_card_that_the_till_had_no_leave_to_sell_is_booked_and_not_confirmed(
    hub: Connection, book: Book, values: dict[str, Any]
) -> None:
    """The hub's signature is believed wherever it is shown; the till's only for what it may."""
    assert book([changed(**values)]) == Noticed(contradicted=(f"card unconfirmed {SERIAL}",))
    assert len(rows(hub)) == 1
    assert fed(hub, GRANTED.center) == fed(hub, 2) == {}


@pytest.mark.parametrize(
    "values",
    [
        {"from_day": "2028-02-29", "until": "2029-02-28", "provisional": True, "counter": 1},
        {"until": "2036-11-22", "counter": 70_010},
        {"from_day": "2026-12-31", "until": "2027-12-31"},
        {"from_day": "2027-01-01", "until": "2028-01-01", "counter": 90_001},
        {"center": 2, "counter": 90_002, "from_day": "2027-02-01", "until": "2028-02-01"},
    ],
)
def test_whatever_one_of_its_certificates_lets_a_till_sell_is_confirmed(
    hub: Connection, book: Book, values: dict[str, Any]
) -> None:
    """Tills are renewed, come to another center, and sell provisional cards before and after."""
    day = day_number(date(2027, 1, 1))
    for center, first in ((1, 90_001), (2, 90_002)):
        later = {"center": center, "from_day": day, "until_day": day + 60, "counter_count": 1}
        certify(hub, public_of(TILL), first, **later)
    assert book([changed(**values)]) == Noticed()
    assert SERIAL in fed(hub, values.get("center", 1))
