"""Granting: the card a till makes, when it is provisional, and the entry it becomes."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from membership.rules.card import Trust
from membership.rules.grant import Grant, Issuer, grant_draft, make_grant, read_granted
from membership.rules.plan import PLUS
from sync.rules.entry import Private
from sync.rules.refusal import Refused

from .certified import HUB, TILL, TODAY, issuer_of, public_of, read_card

SERIAL = "0badc0ffee01"
CERTIFIED = issuer_of(TILL)
UNENROLLED = Issuer(TILL.sign, 1, None)


def granted(issuer: Issuer, counter: int = 1000, day: date = TODAY, years: int = 1) -> Grant:
    grant = make_grant(issuer, counter, SERIAL, day, years)
    assert isinstance(grant, Grant)
    return grant


def test_a_card_sold_today_is_good_today_and_through_its_last_day() -> None:
    grant = granted(CERTIFIED)
    assert not grant.provisional
    assert (grant.card.from_day, grant.card.until) == (TODAY, date(2027, 11, 22))
    for day, state in [
        (TODAY, "active"),
        (date(2027, 11, 22), "active"),
        (date(2027, 11, 23), "expired"),
    ]:
        trust = Trust(public_of(HUB), None, frozenset(), day)
        assert read_card(grant.text, trust).state == state


def test_before_enrolment_cards_are_provisional_and_count_from_one() -> None:
    grant = granted(UNENROLLED, UNENROLLED.first_counter)
    assert grant.provisional
    assert grant.card.counter == 1
    trust = Trust(None, public_of(TILL), frozenset(), TODAY)
    assert read_card(grant.text, trust).state == "provisional"


def test_enrolled_cards_count_from_the_granted_range() -> None:
    assert CERTIFIED.first_counter == 1000


@pytest.mark.parametrize(
    ("counter", "day", "provisional"),
    [
        (1000, date(2026, 12, 31), False),
        (1000, date(2027, 1, 1), True),
        (1000, date(2025, 12, 31), True),
        (1049, TODAY, False),
        (1050, TODAY, True),
    ],
)
def test_outside_its_certificate_a_till_sells_provisional_cards(
    counter: int, day: date, provisional: bool
) -> None:
    assert granted(CERTIFIED, counter, day).provisional == provisional


@given(
    counter=st.integers(0, 2**32 - 1),
    day=st.dates(date(2020, 1, 1), date(2180, 1, 1)),
    years=st.integers(1, 10),
)
def test_whatever_a_till_sells_it_accepts_itself_at_once(
    counter: int, day: date, years: int
) -> None:
    grant = granted(CERTIFIED, counter, day, years)
    trust = Trust(public_of(HUB), public_of(TILL), frozenset(), day)
    standing = read_card(grant.text, trust)
    assert standing.accepted
    assert standing.card == grant.card
    assert (standing.state == "provisional") == grant.provisional


@pytest.mark.parametrize("day", [date(1970, 1, 1), date(2019, 12, 31), date(2198, 6, 1)])
def test_a_till_whose_date_no_card_can_say_sells_none(day: date) -> None:
    refused = make_grant(CERTIFIED, 1000, SERIAL, day, 1)
    assert isinstance(refused, Refused)
    assert refused.reason == "card.till_date"


def test_the_entry_says_what_was_granted_and_nothing_about_the_person() -> None:
    grant = granted(CERTIFIED)
    private = Private(b"s" * 16, b"sealed")
    draft = grant_draft(grant, "order", "grant", "2026-11-22", private)
    assert (draft.kind, draft.id, draft.day, draft.amount_fen) == (
        "membership_granted",
        "grant",
        "2026-11-22",
        0,
    )
    assert draft.private == private
    assert msgspec.json.decode(draft.body) == {
        "schema": "xuanpin.grant.1",
        "order_id": "order",
        "serial": SERIAL,
        "plan": PLUS,
        "center": 1,
        "from_day": "2026-11-22",
        "until": "2027-11-22",
        "counter": 1000,
        "provisional": False,
    }


def test_a_grants_body_is_read_back_and_anything_else_is_not() -> None:
    body = grant_draft(granted(CERTIFIED), "order", "grant", "2026-11-22", None).body
    read = read_granted(body)
    assert read is not None
    assert read.serial == SERIAL
    bent = body.replace(b'"order"', b'"\xff\xfe"')
    assert bent != body
    for other in (b"", b"{}", b"\xff", bent, body.replace(b"grant.1", b"grant.2"), body[:-1]):
        assert read_granted(other) is None
