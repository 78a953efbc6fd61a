"""At the desk: joining before and after enrolment, finding by card, phone and serial."""

from collections.abc import Callable

import pytest

from membership.rules.card import Card, sign_card
from membership.rules.grant import Grant, make_grant
from membership.rules.member import Member
from membership.rules.phone import PhoneToken
from membership.services.desk import Desk
from membership.stores import members
from sync.rules.refusal import Refused
from sync.services.till import OpenTill

from .certified import CARD, DAY_MS, HUB, NOON_MS, OTHER_TILL, SetClock, enrol, issuer_of

PHONE = "138 0013 1234"
Join = Callable[..., Grant]


@pytest.fixture
def desk(till: OpenTill) -> Desk:
    return Desk(till)


@pytest.fixture
def join(till: OpenTill, desk: Desk) -> Join:
    """Sell a membership as a sale does: counter, card and row in one transaction."""

    def joined(phone: str | None = None) -> Grant:
        token = desk.token(phone) if phone else None
        assert not isinstance(token, Refused)
        issuer = desk.issuer()
        assert not isinstance(issuer, Refused)
        with till.journal.transaction() as db:
            counter = members.next_counter(db, issuer.first_counter)
            grant = make_grant(issuer, counter, desk.new_serial(), till.today(), 1)
            assert isinstance(grant, Grant)
            members.add(db, grant, till.new_id(), token)
        return grant

    return joined


def reason(value: object) -> str | None:
    return value.reason if isinstance(value, Refused) else None


def test_before_enrolment_a_card_is_provisional_and_a_phone_number_is_not_taken(
    desk: Desk, join: Join
) -> None:
    grant = join()
    member = desk.find(grant.text)
    assert isinstance(member, Member)
    assert (member.state, member.serial, member.label) == (
        "provisional",
        grant.card.serial,
        grant.card.serial,
    )
    assert reason(desk.token(PHONE)) == "phone.not_enrolled"
    assert reason(desk.find(PHONE)) == "phone.not_enrolled"
    assert reason(desk.token("12")) == "phone.not_a_number"


def test_a_provisional_card_altered_where_it_was_sold_is_not_called_foreign(
    till: OpenTill, desk: Desk, join: Join
) -> None:
    text = join().text
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    refused = desk.find(text[:-1] + letters[letters.index(text[-1]) ^ 8])
    assert reason(refused) == "card.provisional_elsewhere"
    assert isinstance(refused, Refused)
    assert "altered" in till.setup.say.refusal(refused)


def test_a_provisional_card_stays_good_here_after_enrolment(
    till: OpenTill, desk: Desk, join: Join
) -> None:
    early = join()
    enrol(till)
    later = join()
    assert desk.standing(early.text).state == "provisional"
    assert desk.standing(later.text).state == "active"
    assert later.card.counter == 1000


def test_a_member_who_joined_by_phone_is_found_by_it(
    till: OpenTill, desk: Desk, join: Join
) -> None:
    enrol(till)
    grant = join(PHONE)
    for text in (PHONE, "＋８６ １３８００１３１２３４", grant.text, grant.text.lower()):
        member = desk.find(text)
        assert isinstance(member, Member)
        assert (member.serial, member.state, member.label) == (
            grant.card.serial,
            "active",
            "****1234",
        )
    assert reason(desk.find("13900001234")) == "member.unknown_phone"


def test_the_phone_number_itself_is_nowhere_on_the_till(
    till: OpenTill, desk: Desk, join: Join
) -> None:
    enrol(till)
    join(PHONE)
    till.journal.checkpoint()
    for path in till.directory.iterdir():
        assert b"13800131234" not in path.read_bytes(), path


def test_of_several_memberships_the_one_that_helps_is_found(
    till: OpenTill, desk: Desk, join: Join, clock: SetClock
) -> None:
    enrol(till)
    join(PHONE)
    clock.at_ms = NOON_MS + 30 * DAY_MS
    second = join(PHONE)
    member = desk.find(PHONE)
    assert isinstance(member, Member)
    assert member.serial == second.card.serial


def test_an_expired_member_is_refused_and_can_still_be_looked_up(
    till: OpenTill, desk: Desk, join: Join, clock: SetClock
) -> None:
    enrol(till)
    grant = join(PHONE)
    clock.at_ms = NOON_MS + 366 * DAY_MS
    assert reason(desk.find(PHONE)) == "card.expired"
    assert reason(desk.find(grant.text)) == "card.expired"
    for text in (PHONE, grant.text, grant.card.serial, f" {grant.card.serial.upper()} "):
        member = desk.look_up(text)
        assert isinstance(member, Member)
        assert (member.state, member.accepted) == ("expired", False)


def test_words_are_not_taken_for_a_phone_number(desk: Desk) -> None:
    assert reason(desk.find("nope")) == reason(desk.look_up("138x0013800")) == "member.unreadable"


def test_a_serial_alone_attaches_nobody(till: OpenTill, desk: Desk, join: Join) -> None:
    enrol(till)
    serial = join().card.serial
    assert reason(desk.find(serial)) == reason(desk.find("0123456789ab")) == "member.serial_only"
    assert reason(desk.find("138001380000")) == "phone.not_a_number"
    assert isinstance(desk.look_up(serial), Member)
    assert reason(desk.look_up("0" * 12)) == "member.unknown_serial"


def test_a_card_sold_elsewhere_is_good_here_at_once(till: OpenTill, desk: Desk) -> None:
    enrol(till)
    sold = make_grant(issuer_of(OTHER_TILL, center=3), 1007, "0badc0ffee01", till.today(), 1)
    assert isinstance(sold, Grant)
    member = desk.find(sold.text)
    assert isinstance(member, Member)
    assert (member.state, member.last4) == ("active", "")


def test_a_revoked_card_is_refused_here(till: OpenTill, desk: Desk, join: Join) -> None:
    enrol(till)
    grant = join(PHONE)
    with till.reference.transaction() as db:
        db.execute("INSERT INTO revocation (serial) VALUES (?)", [grant.card.serial])
    assert reason(desk.find(grant.text)) == "card.revoked"
    assert reason(desk.find(PHONE)) == "card.revoked"


def test_a_member_that_a_feed_brought_is_found_by_phone(till: OpenTill, desk: Desk) -> None:
    enrol(till)
    token = desk.token(PHONE)
    assert isinstance(token, PhoneToken)
    online = sign_card(CARD, HUB.sign)
    with till.reference.transaction() as db:
        db.execute(
            "INSERT INTO membership VALUES (?, ?, ?, ?, '', '')",
            [CARD.serial, online, token.hash, token.last4],
        )
    member = desk.find(PHONE)
    assert isinstance(member, Member)
    assert (member.serial, member.label) == (CARD.serial, "****1234")


def test_a_row_changed_behind_the_tills_back_makes_no_member(
    till: OpenTill, desk: Desk, join: Join
) -> None:
    enrol(till)
    grant = join(PHONE)
    forged = Card(
        1, 1, grant.card.serial, grant.card.from_day, grant.card.until.replace(year=2099), 1
    )
    with till.journal.transaction() as db:
        db.execute("UPDATE membership SET card = ?", [sign_card(forged, OTHER_TILL.sign)])
    assert reason(desk.find(PHONE)) == "member.unknown_phone"


def test_once_its_certificate_has_ended_a_till_sells_provisional_cards(
    till: OpenTill, desk: Desk, join: Join, clock: SetClock
) -> None:
    enrol(till)
    clock.at_ms = NOON_MS + 400 * DAY_MS
    assert join().provisional
