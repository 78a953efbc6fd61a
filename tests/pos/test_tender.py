"""Money handed over against what is due: rounding, change, and every wrong amount."""

import doctest

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pos.rules import tender as tendering
from pos.rules.order import METHODS, Payment
from pos.rules.settings import ROUNDING_STEP_FEN, Rounding
from pos.rules.tender import MOST_TENDERS, Due, Settlement, Tender, due, parse_tender, settle
from sync.rules.refusal import Refused


def cash(amount_fen: int) -> Tender:
    return Tender("cash", amount_fen)


def wechat(amount_fen: int, reference: str = "") -> Tender:
    return Tender("wechat", amount_fen, reference)


def paid(total_fen: int, *tenders: Tender, rounding: Rounding = "jiao") -> Settlement:
    settlement = settle(total_fen, tenders, rounding, goods_fen=total_fen)
    assert isinstance(settlement, Settlement), settlement
    return settlement


def refused(total_fen: int, *tenders: Tender, rounding: Rounding = "jiao") -> Refused:
    answer = settle(total_fen, tenders, rounding, goods_fen=total_fen)
    assert isinstance(answer, Refused), answer
    return answer


def test_the_docstring_is_true() -> None:
    result = doctest.testmod(tendering)
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize(
    ("rounding", "handed", "rounding_fen", "change_fen"),
    [
        ("jiao", 2000, 4, 770),
        ("off", 2000, 0, 766),
        ("yuan", 2000, 34, 800),
        ("jiao", 1230, 4, 0),
        ("jiao", 1234, 0, 0),
        ("yuan", 1234, 0, 0),
        ("jiao", 1232, 4, 2),
        ("jiao", 1235, 4, 5),
    ],
)
def test_cash_for_12_34(
    rounding: Rounding, handed: int, rounding_fen: int, change_fen: int
) -> None:
    settlement = paid(1234, cash(handed), rounding=rounding)
    assert settlement.rounding_fen == rounding_fen
    assert settlement.change_fen == change_fen
    assert settlement.paid_fen == 1234 - rounding_fen
    kept = Payment(method="cash", amount_fen=settlement.paid_fen, handed_fen=handed)
    assert settlement.payments == (kept,)


def test_a_wallet_pays_exactly() -> None:
    settlement = paid(1234, wechat(1234, "4200001"))
    assert settlement == Settlement(
        (Payment(method="wechat", amount_fen=1234, handed_fen=1234, reference="4200001"),),
        0,
        1234,
        0,
    )


def test_only_the_cash_part_is_rounded() -> None:
    settlement = paid(5678, wechat(5000), cash(1000))
    assert settlement.rounding_fen == 8
    assert settlement.paid_fen == 5670
    assert settlement.change_fen == 330


def test_the_exact_rest_in_cash_is_taken_whole() -> None:
    settlement = paid(5678, wechat(5000), cash(678))
    assert (settlement.rounding_fen, settlement.change_fen) == (0, 0)


def test_cash_in_two_heaps_is_one_payment_and_wallets_keep_their_references() -> None:
    settlement = paid(3000, cash(1000), wechat(500, "A"), wechat(400, "B"), cash(1200))
    assert [(p.method, p.amount_fen, p.handed_fen, p.reference) for p in settlement.payments] == [
        ("wechat", 500, 500, "A"),
        ("wechat", 400, 400, "B"),
        ("cash", 2100, 2200, ""),
    ]
    assert settlement.change_fen == 100


def test_a_total_of_zero_needs_no_tender() -> None:
    assert paid(0) == paid(0, cash(0)) == Settlement((), 0, 0, 0)
    assert refused(0, cash(100)).reason == "tender.nothing_due"


def test_only_cash_that_was_handed_over_is_given_back() -> None:
    assert refused(1234, wechat(1234), cash(100)).hint == "Give the cash back and leave it out."
    assert refused(1234, wechat(1234), cash(0)).hint == "Leave it out."


def test_what_rounds_down_to_nothing_is_paid_with_no_coin() -> None:
    settlement = paid(7, cash(0))
    assert (settlement.rounding_fen, settlement.paid_fen) == (7, 0)
    assert refused(7).reason == "tender.too_little"


def test_bags_are_never_given_away_by_rounding() -> None:
    settlement = settle(80, [cash(100)], "yuan", goods_fen=30)
    assert isinstance(settlement, Settlement)
    assert (settlement.rounding_fen, settlement.paid_fen, settlement.change_fen) == (30, 50, 50)
    bags_alone = settle(50, [cash(100)], "yuan", goods_fen=0)
    assert isinstance(bags_alone, Settlement)
    assert (bags_alone.rounding_fen, bags_alone.change_fen) == (0, 50)


@pytest.mark.parametrize(
    ("tenders", "why", "values"),
    [
        ((), "tender.too_little", {"missing": "12.34"}),
        ((cash(1229),), "tender.too_little", {"missing": "0.01"}),
        ((cash(0),), "tender.too_little", {"missing": "12.30"}),
        ((wechat(1233),), "tender.too_little", {"missing": "0.01"}),
        ((wechat(1000), cash(229)), "tender.too_little", {"missing": "0.01"}),
        (
            (wechat(1235),),
            "tender.wallet_too_much",
            {"amount": "12.35", "over": "0.01", "total": "12.34"},
        ),
        (
            (wechat(1000), Tender("alipay", 235)),
            "tender.wallet_too_much",
            {"amount": "2.35", "over": "0.01", "total": "2.34"},
        ),
        (
            (cash(500), wechat(1000)),
            "tender.wallet_too_much",
            {"amount": "10.00", "over": "2.66", "total": "7.34"},
        ),
        (
            (cash(2000), wechat(100)),
            "tender.wallet_too_much",
            {"amount": "1.00", "over": "1.00", "total": "0.00"},
        ),
        ((wechat(1234), cash(100)), "tender.nothing_due", {}),
        ((wechat(1234), cash(0)), "tender.nothing_due", {}),
        ((cash(0), cash(1234)), "tender.not_positive", {}),
        ((wechat(0), cash(1234)), "tender.not_positive", {}),
        ((wechat(1235), wechat(-1)), "tender.not_positive", {}),
        ((cash(2000), cash(-5)), "tender.not_positive", {}),
        ((wechat(1234, "134567890123456789"),), "tender.payment_code", {}),
    ],
)
def test_wrong_amounts_for_12_34(
    tenders: tuple[Tender, ...], why: str, values: dict[str, str]
) -> None:
    answer = refused(1234, *tenders)
    assert answer.reason == why
    assert answer.values == values


def test_what_is_still_due() -> None:
    def left(*tenders: Tender) -> Due | Refused:
        return due(5678, tenders, "jiao", goods_fen=5678)

    assert left() == Due(5678, 5670)
    assert left(wechat(5000)) == Due(678, 670)
    assert left(cash(5000)) == Due(678, 670)
    assert left(cash(5670)) == Due(8, 0)
    assert left(cash(10000)) == Due(0, 0)
    assert isinstance(left(wechat(5679)), Refused)


methods = st.sampled_from(METHODS)
heaps = st.lists(st.builds(Tender, methods, st.integers(0, 3000)), max_size=5)
roundings = st.sampled_from(list(ROUNDING_STEP_FEN))


@given(heaps, st.integers(0, 100), st.integers(0, 5000), roundings)
def test_money_neither_appears_nor_vanishes(
    heap: list[Tender], change: int, bags_fen: int, rounding: Rounding
) -> None:
    tenders = sorted(heap, key=lambda tender: tender.method == "cash")  # which alone gives change
    wallets_fen = sum(t.amount_fen for t in tenders if t.method != "cash")
    cash_fen = sum(t.amount_fen for t in tenders if t.method == "cash")
    total_fen = wallets_fen + max(0, cash_fen - change)
    goods_fen = max(0, total_fen - bags_fen)
    settlement = settle(total_fen, tenders, rounding, goods_fen=goods_fen)
    if isinstance(settlement, Refused):
        assert settlement.reason in ("tender.nothing_due", "tender.not_positive")
        return
    handed = sum(tender.amount_fen for tender in tenders)
    assert settlement.paid_fen + settlement.rounding_fen == total_fen
    assert sum(payment.amount_fen for payment in settlement.payments) == settlement.paid_fen
    assert sum(payment.handed_fen for payment in settlement.payments) == handed
    assert handed - settlement.change_fen == settlement.paid_fen
    assert settlement.change_fen >= 0
    assert 0 <= settlement.rounding_fen <= min(goods_fen, ROUNDING_STEP_FEN[rounding] - 1)
    if all(tender.method != "cash" for tender in tenders):
        assert settlement.rounding_fen == settlement.change_fen == 0
    for payment in settlement.payments:
        assert payment.method == "cash" or payment.amount_fen == payment.handed_fen


@given(
    st.integers(1, 5000), st.lists(st.builds(wechat, st.integers(1, 900)), max_size=3), roundings
)
def test_paying_what_is_due_settles(
    total_fen: int, wallets: list[Tender], rounding: Rounding
) -> None:
    rest = due(total_fen, wallets, rounding, goods_fen=total_fen)
    assume(isinstance(rest, Due) and rest.wallet_fen > 0)
    assert isinstance(rest, Due)
    by_cash = settle(total_fen, [*wallets, cash(rest.cash_fen)], rounding, goods_fen=total_fen)
    by_wallet = settle(
        total_fen, [*wallets, wechat(rest.wallet_fen)], rounding, goods_fen=total_fen
    )
    assert isinstance(by_cash, Settlement)
    assert isinstance(by_wallet, Settlement)
    assert by_cash.change_fen == 0
    assert by_wallet.paid_fen == total_fen
    if rest.cash_fen > 0:
        short = [*wallets, cash(rest.cash_fen - 1)]
        assert isinstance(settle(total_fen, short, rounding, goods_fen=total_fen), Refused)


def test_a_sale_is_paid_in_a_bounded_number_of_parts() -> None:
    parts = [wechat(1)] * MOST_TENDERS
    assert len(paid(MOST_TENDERS, *parts).payments) == MOST_TENDERS
    assert refused(MOST_TENDERS + 1, *parts, wechat(1)).reason == "tender.too_many"
    kept = due(MOST_TENDERS + 1, parts, "jiao", goods_fen=MOST_TENDERS + 1)
    assert kept == Due(wallet_fen=1, cash_fen=0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cash=100.00", Tender("cash", 10000)),
        ("cash=100", Tender("cash", 10000)),
        (" CASH = 0.5 ", Tender("cash", 50)),
        ("wechat=12.30", Tender("wechat", 1230)),
        ("wechat=12.30:4200002511", Tender("wechat", 1230, "4200002511")),
        ("alipay=1:2026-11/22:A", Tender("alipay", 100, "2026-11/22:A")),
        ("ｃａｓｈ＝１２．３０", Tender("cash", 1230)),
        ("wechat＝１２．３０：４２", Tender("wechat", 1230, "42")),
    ],
)
def test_tenders_as_typed(text: str, expected: Tender) -> None:
    assert parse_tender(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("100", "tender.unreadable"),
        ("", "tender.unreadable"),
        ("cheque=10", "tender.unknown_method"),
        ("=10", "tender.unknown_method"),
        ("cash=10:4200001", "tender.unreadable"),
        ("cash=", "money.not_an_amount"),
        ("cash=ten", "money.not_an_amount"),
        ("cash=-5", "money.not_an_amount"),
        ("cash=1.234", "money.not_an_amount"),
        ("cash=1e3", "money.not_an_amount"),
        ("cash=999999999999", "money.too_much"),
        ("wechat=1:134567890123456789", "tender.payment_code"),
        ("wechat=1:two words", "tender.bad_reference"),
        (f"wechat=1:{'4' * 65}", "tender.bad_reference"),
    ],
)
def test_tenders_typed_wrong(text: str, why: str) -> None:
    answer = parse_tender(text)
    assert isinstance(answer, Refused)
    assert answer.reason == why
    assert answer.message.format(**answer.values)


def test_a_refused_payment_code_is_not_repeated() -> None:
    answer = parse_tender("wechat=1:134567890123456789")
    assert isinstance(answer, Refused)
    assert not answer.values
