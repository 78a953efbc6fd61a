"""`xuanpin membership show` and `verify`: text, JSON, exit status, one line when refused."""

from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from membership.faces.member_commands import show_command, verify_command
from membership.rules.card import sign_card
from membership.rules.grant import Grant, Issuer, make_grant
from membership.rules.phone import PhoneToken
from membership.services.desk import Desk
from membership.stores import members
from sync.rules.feed_cursor import Cursor
from sync.services.till import OpenTill, open_till
from sync.setup import Setup
from sync.stores import feeds

from .certified import CARD, DAY_MS, HUB, NOON_MS, SetClock, enrol, key_of

PHONE = "13800131234"


@pytest.fixture
def card(till: OpenTill) -> str:
    """Return the text of a card sold to `PHONE` at this enrolled till."""
    enrol(till)
    desk = Desk(till)
    token = desk.token(PHONE)
    assert isinstance(token, PhoneToken)
    issuer = desk.issuer()
    assert isinstance(issuer, Issuer)
    with till.journal.transaction() as db:
        grant = make_grant(issuer, 1000, "0badc0ffee01", till.today(), 1)
        assert isinstance(grant, Grant)
        members.add(db, grant, "order", token)
    return grant.text


def run(setup: Setup, command: Any, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, obj=setup)


def answered(result: Result) -> dict[str, Any]:
    (line,) = result.stdout.splitlines()
    answer: dict[str, Any] = msgspec.json.decode(line)
    return answer


def test_a_good_card_is_verified_beside_the_open_counter(setup: Setup, card: str) -> None:
    result = run(setup, verify_command, card, "--json")
    assert result.exit_code == 0
    assert answered(result) == {
        "state": "active",
        "reason": None,
        "serial": "0badc0ffee01",
        "from": "2026-11-22",
        "until": "2027-11-22",
        "revocations_age_s": None,
    }


def test_a_forged_card_is_refused_in_one_line(setup: Setup, card: str) -> None:
    forged = sign_card(CARD, key_of(7).sign)
    result = run(setup, verify_command, forged, "--json")
    assert result.exit_code == 2
    assert answered(result) == {
        "state": "invalid",
        "reason": "card.forged",
        "serial": None,
        "from": None,
        "until": None,
        "revocations_age_s": None,
    }
    assert len(result.stderr.splitlines()) == 1
    plain = run(setup, verify_command, forged)
    assert (plain.exit_code, plain.stdout) == (2, "")
    assert plain.stderr == result.stderr


def test_a_mistyped_till_says_nothing_about_a_card(setup: Setup, card: str) -> None:
    mistyped = structs.replace(setup.till, id="ZZ-09")
    elsewhere = structs.replace(setup, settings=setup.settings.having(mistyped))
    result = run(elsewhere, verify_command, card, "--json")
    assert (result.exit_code, answered(result)["refused"]) == (2, "till.unknown")


def test_an_expired_card_is_not_accepted_but_shown(
    setup: Setup, card: str, clock: SetClock
) -> None:
    clock.at_ms = NOON_MS + 366 * DAY_MS
    verified = run(setup, verify_command, card, "--json")
    assert (verified.exit_code, answered(verified)["state"]) == (2, "expired")
    shown = run(setup, show_command, card, "--json")
    assert (shown.exit_code, answered(shown)["reason"]) == (0, "card.expired")


@pytest.mark.parametrize("by", [PHONE, "0badc0ffee01", "card"])
def test_a_member_is_shown_by_phone_serial_or_card(setup: Setup, card: str, by: str) -> None:
    result = run(setup, show_command, card if by == "card" else by)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "PLUS membership 0badc0ffee01: active",
        "Valid from 2026-11-22 through 2027-11-22",
        "Phone ****1234",
        "Revoked cards: never heard of at this till",
    ]


def test_the_age_of_the_revoked_cards_is_told(
    setup: Setup, till: OpenTill, card: str, clock: SetClock
) -> None:
    def age_s() -> object:
        return answered(run(setup, verify_command, card, "--json"))["revocations_age_s"]

    with till.reference.transaction() as db:
        feeds.note_pull(db, (), NOON_MS, "")
    clock.at_ms = NOON_MS + 90_000
    assert age_s() == 90, "nothing was ever revoked: as old as the pull"
    with till.reference.transaction() as db:
        cursor = Cursor("f" * 32, "revocations", 0, 1, 7)
        feeds.keep_cursor(db, cursor, b"", NOON_MS + 60_000)
        feeds.note_pull(db, (), NOON_MS + 80_000, "hub.unreachable")
    assert age_s() == 30, "a pull that failed makes it no younger"
    text = run(setup, verify_command, card).stdout
    assert text.splitlines()[-1] == "Revoked cards: as of 30 s ago"


def test_nobody_found_is_one_line_and_status_2(setup: Setup, card: str) -> None:
    result = run(setup, show_command, "13900001234", "--json")
    assert result.exit_code == 2
    assert answered(result)["refused"] == "member.unknown_phone"
    assert len(result.stderr.splitlines()) == 1


def test_on_a_fresh_machine_a_card_is_refused_with_what_to_do(setup: Setup) -> None:
    untouched = run(setup, verify_command, sign_card(CARD, HUB.sign), "--json")
    assert (untouched.exit_code, answered(untouched)["state"]) == (2, "invalid")
    assert answered(untouched)["reason"] == "till.not_begun"
    assert list(setup.root.iterdir()) == []
    begun = open_till(setup, "import")
    assert isinstance(begun, OpenTill)
    begun.close()
    result = run(setup, verify_command, sign_card(CARD, HUB.sign), "--json")
    assert (result.exit_code, answered(result)["reason"]) == (2, "card.no_hub_key")
    assert "xuanpin sync enrol" in result.stderr
