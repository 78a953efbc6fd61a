"""`sell` and `order` as a person types them: one answer, or one line and nothing written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from pos.faces.sale_commands import order_command, sell_command
from sync.setup import Setup
from tests.membership.certified import enrol

from .stocked_till import (
    BAG,
    CAKE,
    DAY_MS,
    NOON_MS,
    TEA,
    TEA_CODE,
    SetClock,
    make_test_setup,
    opened,
    rows,
    stock,
)

SELL_FIELDS = [
    "order_id",
    "receipt_no",
    "day",
    "retail_fen",
    "total_fen",
    "saved_fen",
    "plus_saved_fen",
    "rounding_fen",
    "paid_fen",
    "change_fen",
    "member",
    "card",
    "lines",
]
Sell = Callable[..., dict[str, Any]]


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    setup = make_test_setup(tmp_path)
    with opened(setup) as till:
        stock(till)
    return setup


def run(setup: Setup, *arguments: str) -> Result:
    return CliRunner().invoke(sell_command, arguments, obj=setup)


@pytest.fixture
def sell(setup: Setup) -> Sell:
    def sold(*arguments: str) -> dict[str, Any]:
        result = run(setup, *arguments, "--json")
        assert result.exit_code == 0, result.output
        values = json.loads(result.stdout)
        assert isinstance(values, dict)
        return values

    return sold


def sales(setup: Setup) -> tuple[int, int]:
    with opened(setup, selling=False) as till:
        return rows(till, "sale_order"), rows(till, "entry")


def test_a_sale_answers_exactly_the_documented_fields(sell: Sell) -> None:
    sale = sell("--scan", "2*" + CAKE, "--scan", BAG, "--tender", "cash=50")
    assert list(sale) == [*SELL_FIELDS, "member_refused"]
    assert sale["member_refused"] is None
    assert sale["lines"] == [
        {
            "sku": CAKE,
            "name": "花生糕",
            "quantity": 2,
            "unit_price_fen": 1885,
            "amount_fen": 3770,
            "price": "retail",
        },
        {
            "sku": BAG,
            "name": "购物袋大",
            "quantity": 1,
            "unit_price_fen": 50,
            "amount_fen": 50,
            "price": "retail",
        },
    ]
    sums = ("retail_fen", "total_fen", "saved_fen", "rounding_fen", "paid_fen", "change_fen")
    assert [sale[name] for name in sums] == [3820, 3820, 0, 0, 3820, 1180]
    assert (sale["member"], sale["card"]) == (None, None)


def test_what_was_weighed_is_a_decimal_string_of_kilograms(sell: Sell) -> None:
    sale = sell("--scan", "2200301012346", "--tender", "wechat=24.43")
    assert sale["lines"][0]["quantity"] == "1.234"
    assert (sale["paid_fen"], sale["rounding_fen"]) == (1980 * 1234 // 1000, 0)


def test_a_label_with_its_own_price_shows_no_other(setup: Setup) -> None:
    priced = run(setup, "--scan", "260030100350012346", "--tender", "wechat=3.50")
    weighed = run(setup, "--scan", "2200301012346", "--tender", "wechat=24.43")
    assert "  1.234 kg = 3.50" in priced.stdout
    assert "  1.234 kg × 19.80 = 24.43" in weighed.stdout


def test_a_till_of_another_center_says_so_whatever_is_scanned(setup: Setup) -> None:
    with opened(setup) as till:
        enrol(till, center=3)
    result = run(setup, "--scan", "9529999999996", "--tender", "cash=1", "--json")
    assert json.loads(result.stdout)["refused"] == "till.other_center"


def test_a_new_members_card_gives_member_prices_at_the_next_sale(sell: Sell) -> None:
    joined = sell("--join", "--scan", TEA_CODE, "--tender", "cash=300")
    assert joined["card"].startswith("PM1:")
    assert (joined["paid_fen"], joined["plus_saved_fen"]) == (14800 + 9900, 2000)
    again = sell("--scan", TEA_CODE, "--member", joined["card"], "--tender", "cash=148")
    assert again["lines"][0]["price"] == "plus"
    assert again["member"] == joined["member"]


def altered(card: str) -> str:
    return card[:-1] + ("A" if card[-1] != "A" else "E")


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("PM1:FORGED", "card.damaged"),
        ("13800001234", "phone.not_enrolled"),
        ("1380000", "phone.not_a_number"),
    ],
)
def test_a_member_who_is_refused_refuses_no_sale(setup: Setup, member: str, reason: str) -> None:
    result = run(setup, "--scan", TEA, "--member", member, "--tender", "cash=168", "--json")
    assert result.exit_code == 0
    sale = json.loads(result.stdout)
    assert (sale["paid_fen"], sale["lines"][0]["price"], sale["member"]) == (16800, "retail", None)
    assert sale["member_refused"]["reason"] == reason
    assert result.stderr == (
        f"Sold without the member named: {sale['member_refused']['message']}\n"
    )


def test_an_altered_or_expired_card_sells_at_retail_and_says_why(setup: Setup, sell: Sell) -> None:
    card = sell("--join", "--tender", "cash=99")["card"]
    forged = sell("--scan", TEA, "--member", altered(card), "--tender", "cash=168")
    assert (forged["paid_fen"], forged["member"]) == (16800, None)
    assert forged["member_refused"]["reason"].startswith("card.")
    later = structs.replace(setup, clock=SetClock(NOON_MS + 400 * DAY_MS))
    result = run(later, "--scan", TEA, "--member", card, "--tender", "cash=168", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["member_refused"]["reason"] == "card.expired"
    assert "expired after 2027-11-22" in result.stderr


def test_a_bad_card_that_is_scanned_refuses_no_sale_either(setup: Setup, sell: Sell) -> None:
    result = run(setup, "--scan", "PM1:FORGED", "--scan", TEA, "--tender", "cash=168", "--json")
    sale = json.loads(result.stdout)
    assert (result.exit_code, sale["paid_fen"], sale["member"]) == (0, 16800, None)
    assert sale["member_refused"]["reason"] == "card.damaged"
    assert result.stderr.startswith("Sold without the member named: ")


def test_a_bad_card_and_nothing_else_is_refused_for_the_card(setup: Setup) -> None:
    result = run(setup, "--scan", "PM1:FORGED", "--tender", "cash=168")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "card" in result.stderr.lower()


def test_a_good_card_scanned_after_a_bad_one_is_taken(sell: Sell) -> None:
    card = sell("--join", "--tender", "cash=99")["card"]
    scans = ("--scan", altered(card), "--scan", card, "--scan", TEA)
    sale = sell(*scans, "--tender", "cash=148")
    assert (sale["paid_fen"], sale["member_refused"]) == (14800, None)


def test_when_the_fee_is_returned_is_said_before_money_is_taken(setup: Setup) -> None:
    rule = "PLUS membership, one year: The fee is returned in full within 7 days of payment"
    joined = run(setup, "--join", "--tender", "cash=99", "--json")
    assert joined.stderr.startswith(rule)
    assert rule not in joined.stdout
    refused = run(setup, "--join", "--tender", "cash=9")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert rule not in refused.stderr
    assert rule not in run(setup, "--scan", TEA, "--tender", "cash=168").stderr


def test_whose_old_card_is_refused_can_still_join(sell: Sell) -> None:
    sale = sell("--scan", TEA, "--member", "PM1:FORGED", "--join", "--tender", "cash=247")
    assert sale["card"].startswith("PM1:")
    assert sale["lines"][0]["price"] == "plus"
    assert sale["member_refused"]["reason"] == "card.damaged"


def test_an_order_is_shown_by_its_number_with_its_payments(setup: Setup, sell: Sell) -> None:
    sale = sell("--scan", TEA_CODE, "--tender", "wechat=100:T-1", "--tender", "cash=70")
    result = CliRunner().invoke(order_command, [sale["receipt_no"], "--json"], obj=setup)
    shown = json.loads(result.stdout)
    assert {name: shown[name] for name in SELL_FIELDS} == {name: sale[name] for name in SELL_FIELDS}
    assert shown["payments"] == [
        {"method": "wechat", "amount_fen": 10000, "handed_fen": 10000, "reference": "T-1"},
        {"method": "cash", "amount_fen": 6800, "handed_fen": 7000, "reference": ""},
    ]
    spoken = CliRunner().invoke(order_command, [sale["receipt_no"]], obj=setup).stdout
    assert "168.00" in spoken
    assert "Xinyang Maojian" in spoken


@pytest.mark.parametrize(
    "arguments",
    [
        ["--scan", "9520123456789", "--tender", "cash=500"],
        ["--scan", "9521000000995", "--tender", "cash=500"],
        ["--scan", "hs", "--tender", "cash=500"],
        ["--scan", TEA, "--tender", "cash=1"],
        ["--scan", TEA, "--tender", "cash=a lot"],
        ["--scan", TEA, "--tender", "wechat=168.01"],
        ["--scan", TEA, "--tender", "shells=168"],
        ["--scan", TEA],
        ["--tender", "cash=500"],
        ["--scan", TEA, "--join", "13800001234", "--tender", "cash=500"],
    ],
)
def test_whatever_is_wrong_is_one_line_and_nothing_is_written(
    setup: Setup, arguments: list[str]
) -> None:
    before = sales(setup)
    result = run(setup, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert sales(setup) == before


def test_selling_beside_an_open_counter_is_refused_and_reading_is_not(
    setup: Setup, sell: Sell
) -> None:
    sale = sell("--scan", TEA, "--tender", "cash=168")
    with opened(setup):
        result = run(setup, "--scan", TEA, "--tender", "cash=168")
        assert result.exit_code == 2
        shown = CliRunner().invoke(order_command, [sale["receipt_no"], "--json"], obj=setup)
        assert json.loads(shown.stdout)["order_id"] == sale["order_id"]


@pytest.mark.parametrize("number", ["12", "99999999999999999999", "26112200000010000001"])
def test_an_unknown_number_is_refused(setup: Setup, number: str) -> None:
    result = CliRunner().invoke(order_command, [number], obj=setup)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
