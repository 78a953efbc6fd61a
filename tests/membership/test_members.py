"""What a till keeps of memberships, and which revocations it knows."""

import pytest

from membership.rules.grant import Grant, Issuer, make_grant
from membership.rules.phone import PhoneToken
from membership.stores import members
from sync.rules.entry import Private
from sync.services.till import OpenTill
from sync.sqlite_driver import SqliteError

from .certified import TILL, TODAY, issuer_of

TOKEN = PhoneToken("a" * 64, "1234", Private(b"salt", b"sealed"))
CERTIFIED, UNENROLLED = issuer_of(TILL), Issuer(TILL.sign, 1, None)


def grant_of(counter: int, issuer: Issuer = CERTIFIED) -> Grant:
    grant = make_grant(issuer, counter, f"{counter:012x}", TODAY, 1)
    assert isinstance(grant, Grant)
    return grant


def test_counters_go_on_where_they_were_and_start_where_the_range_starts(till: OpenTill) -> None:
    with till.journal.transaction() as db:
        assert members.next_counter(db, UNENROLLED.first_counter) == 1
        members.add(db, grant_of(1, UNENROLLED), "order-1", None)
        assert members.next_counter(db, UNENROLLED.first_counter) == 2
        assert members.next_counter(db, CERTIFIED.first_counter) == 1000
        members.add(db, grant_of(1000), "order-2", None)
        assert members.next_counter(db, CERTIFIED.first_counter) == 1001


def test_a_membership_is_found_by_serial_and_by_phone(till: OpenTill) -> None:
    grant = grant_of(1000)
    with till.journal.transaction() as db:
        members.add(db, grant, "order", TOKEN)
        members.add(db, grant_of(1001), "other", None)
    db = till.journal.read()
    assert members.by_serial(db, grant.card.serial) == members.Kept(grant.text, "1234")
    assert members.by_phone_hash(db, TOKEN.hash) == [members.Kept(grant.text, "1234")]
    assert members.by_serial(db, "f" * 12) is None
    assert members.by_phone_hash(db, "b" * 64) == []


def test_a_granted_membership_is_gone_when_its_sale_is(till: OpenTill) -> None:
    with pytest.raises(ZeroDivisionError), till.journal.transaction() as db:
        members.add(db, grant_of(1000), "order", TOKEN)
        raise ZeroDivisionError
    assert members.by_serial(till.journal.read(), grant_of(1000).card.serial) is None


def test_an_order_grants_one_membership_and_a_serial_is_used_once(till: OpenTill) -> None:
    with till.journal.transaction() as db:
        members.add(db, grant_of(1000), "order", None)
        for again, order in [(grant_of(1001), "order"), (grant_of(1000), "other")]:
            with pytest.raises(SqliteError, match="UNIQUE"):
                members.add(db, again, order, None)


def test_only_what_a_feed_revoked_is_revoked(till: OpenTill) -> None:
    with till.reference.transaction() as db:
        db.execute("INSERT INTO revocation (serial) VALUES ('00a1b2c3d4e5')")
    asked = ["00a1b2c3d4e5", "00a1b2c3d4e6"]
    found = members.revoked_serials(till.reference.read(), asked)
    assert found == {"00a1b2c3d4e5"}
    assert members.revoked_serials(till.reference.read(), []) == frozenset()
