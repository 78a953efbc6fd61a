"""What the hub feeds a till about membership: the center's members, confirmed and revoked cards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database as SqliteUtils

from membership.rules import card as cards
from membership.rules import fed_member, revocation
from membership.rules.card import PROVISIONAL, Confirmation, SignedCard, Trust, sign_card
from membership.rules.fed_member import FedMember
from membership.rules.member import Member
from membership.rules.phone import phone_hash
from membership.rules.revocation import Revoked
from membership.services.desk import Desk
from membership.stores import fed
from membership.stores.members import REFERENCE_MIGRATIONS
from sync.package import FeedRow
from sync.rules.certificate import install_of
from sync.rules.feed_cursor import Cursor
from sync.rules.refusal import Fault, Refused
from sync.rules.revocation import Range, Revocation
from sync.rules.revocation import fed as fed_till
from sync.services.till import OpenTill
from sync.stores import feeds, revoked_tills

from .certified import (
    CARD,
    HUB,
    OTHER_TILL,
    PHONE_KEY,
    TILL,
    TODAY,
    SetClock,
    authority_of,
    card_texts,
    enrol,
    public_of,
    read_card,
)

PHONE = "13800138000"
PAPER = card_texts()["provisional"]  # what the visitor was given at TILL
CONFIRMED = FedMember(sign_card(CARD, HUB.sign), "", "", public_of(TILL).hex())


def member_row(member: FedMember, serial: str = CARD.serial) -> FeedRow:
    return FeedRow(serial, fed_member.fed(member))


def bring_members(till: OpenTill, *rows: FeedRow) -> None:
    with till.reference.transaction() as db:
        fed.apply_members(db, rows)


def bring_revocations(till: OpenTill, *rows: FeedRow) -> None:
    with till.reference.transaction() as db:
        fed.apply_revocations(db, rows)


@pytest.fixture
def desk(till: OpenTill) -> Desk:
    enrol(till)
    return Desk(till)


def reason(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reason


def test_a_member_who_joined_elsewhere_is_found_by_phone_and_forgotten_by_a_tombstone(
    till: OpenTill, desk: Desk
) -> None:
    assert reason(desk.find(PHONE)) == "member.unknown_phone"
    member = FedMember(sign_card(CARD, HUB.sign), phone_hash(PHONE, PHONE_KEY), "8000")
    bring_members(till, member_row(member))
    found = desk.find(PHONE)
    assert isinstance(found, Member)
    assert (found.serial, found.label, found.state) == (CARD.serial, "****8000", "active")
    bring_members(till, FeedRow(CARD.serial, b""))
    assert reason(desk.find(PHONE)) == "member.unknown_phone"


def test_a_provisional_card_is_active_at_every_till_once_the_hub_has_confirmed_it(
    till: OpenTill, desk: Desk
) -> None:
    assert reason(desk.find(PAPER)) == "card.provisional_elsewhere"
    bring_members(till, member_row(CONFIRMED))
    assert desk.standing(PAPER).state == "active"


def test_a_confirmed_card_is_active_where_it_was_sold(till: OpenTill, desk: Desk) -> None:
    paper = sign_card(CARD, till.keys.sign, provisional=True)
    assert desk.standing(paper).state == "provisional"
    bring_members(till, member_row(FedMember(CONFIRMED.card, sold_by=till.keys.public.hex())))
    assert desk.standing(paper).state == "active"


def test_knowing_what_a_confirmed_card_says_makes_no_card(till: OpenTill, desk: Desk) -> None:
    bring_members(till, member_row(CONFIRMED))
    made_up = sign_card(CARD, OTHER_TILL.sign, provisional=True)
    assert reason(desk.find(made_up)) == "card.provisional_elsewhere"


@given(st.sampled_from(["serial", "until", "from_day", "center", "counter"]))
def test_a_confirmation_is_of_one_card_only(field: str) -> None:
    other = {
        "serial": "ffffffffffff",
        "until": TODAY.replace(year=2029),
        "from_day": TODAY.replace(day=1),
        "center": 2,
        "counter": 7,
    }[field]
    altered = cards.Card(**{**_fields(), field: other})  # type: ignore[arg-type]
    by_hub = cards.decode_card(CONFIRMED.card)
    assert isinstance(by_hub, SignedCard)
    trust = Trust(
        public_of(HUB),
        None,
        frozenset(),
        TODAY,
        confirmation=Confirmation(by_hub, public_of(TILL)),
    )
    text = sign_card(altered, TILL.sign, provisional=True)
    assert read_card(PAPER, trust).state == "active"
    assert read_card(text, trust).state == "invalid"


def _fields() -> dict[str, object]:
    return {name: getattr(CARD, name) for name in CARD.__struct_fields__}


@pytest.mark.parametrize(
    "card",
    [
        sign_card(CARD, OTHER_TILL.sign),
        sign_card(CARD, TILL.sign, authority_of(public_of(TILL)).data),
        "PM1:NONSENSE",
    ],
)
def test_only_the_hub_confirms(till: OpenTill, desk: Desk, card: str) -> None:
    bring_members(till, member_row(FedMember(card, sold_by=public_of(TILL).hex())))
    assert reason(desk.find(PAPER)) == "card.provisional_elsewhere"


def test_a_confirmed_card_can_be_revoked_and_reinstated(till: OpenTill, desk: Desk) -> None:
    bring_members(till, member_row(CONFIRMED))
    bring_revocations(till, FeedRow(CARD.serial, revocation.fed(Revoked("refunded"))))
    for text in (PAPER, CONFIRMED.card):
        assert reason(desk.find(text)) == "card.revoked"
    bring_revocations(till, FeedRow(CARD.serial, b""))
    assert desk.standing(PAPER).state == "active"


def revoke_seller(till: OpenTill, *good: Range) -> None:
    """Tell the till that the one that sold the card was revoked, but for these counters."""
    key = authority_of(public_of(TILL)).certificate.install
    revoked = Revocation((), good, 0, "stolen", "Li")
    with till.reference.transaction() as db:
        revoked_tills.apply(db, [FeedRow(key, fed_till(revoked))])


def test_a_card_of_a_revoked_till_is_good_up_to_its_last_good_counter(
    till: OpenTill, desk: Desk
) -> None:
    text = card_texts()["till"]
    assert desk.standing(text).state == "active"
    revoke_seller(till, Range(1001, 1049))
    standing = desk.standing(text)
    assert (standing.state, reason(standing.refused)) == ("revoked", "card.revoked_till")
    revoke_seller(till, Range(1000, 1000))
    assert desk.standing(text).state == "active"


def test_a_card_is_no_better_by_phone_or_as_the_hub_signed_it_than_from_its_revoked_till(
    till: OpenTill, desk: Desk
) -> None:
    hashed, seller = phone_hash(PHONE, PHONE_KEY), install_of(public_of(TILL))
    by_hub = sign_card(CARD, HUB.sign)
    bring_members(till, member_row(FedMember(by_hub, hashed, "8000", seller=seller)))
    for text in (PHONE, by_hub):
        assert isinstance(desk.find(text), Member)
    revoke_seller(till, Range(1001, 1049))
    for text in (PHONE, by_hub):
        assert reason(desk.find(text)) == "card.revoked_till"
    revoke_seller(till, Range(1000, 1000))
    for text in (PHONE, by_hub):
        assert isinstance(desk.find(text), Member)


def test_a_till_that_was_fed_cards_without_their_sellers_is_fed_anew(clock: SetClock) -> None:
    """What came before there was a column for it is pulled again, whoever was updated first."""
    db = SqliteUtils(memory=True)
    feeds.MIGRATIONS.apply(db)
    REFERENCE_MIGRATIONS.apply(db, stop_before="who_sold_a_fed_card")
    for feed in ("members", "revocations"):
        feeds.keep_cursor(db, Cursor("f" * 32, feed, 1, 1, 7), b"signed", clock.now_ms())
    REFERENCE_MIGRATIONS.apply(db)
    assert set(feeds.cursors(db)) == {"revocations"}


def test_a_forged_card_stays_forged_where_its_till_is_revoked(till: OpenTill, desk: Desk) -> None:
    revoke_seller(till)
    forged = sign_card(CARD, OTHER_TILL.sign, authority_of(public_of(TILL)).data)
    assert desk.standing(forged).state == "invalid"


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"card":1,"reason":1}', b"\xff"])
def test_what_this_program_cannot_read_is_a_fault_and_changes_nothing(
    till: OpenTill, data: bytes
) -> None:
    for apply in (fed.apply_members, fed.apply_revocations):
        with pytest.raises(Fault), till.reference.transaction() as db:
            apply(db, [FeedRow("00a1b2c3d4e5", data)])


def test_a_provisional_text_names_its_version() -> None:
    signed = cards.decode_card(PAPER)
    assert isinstance(signed, SignedCard)
    assert (signed.version, signed.seller) == (PROVISIONAL, "")
