"""A day in figures: whatever was sold, every breakdown of money sums to what was paid."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pos.faces.day_report.charts import Bar, bars, columns, scale_end, shares
from pos.rules.day_figures import BAGS, PLAN, Figure, best_sellers, figures, largest, permille
from pos.rules.order import METHODS, Order, Payment
from sync.rules.money import allocate

from .printed_orders import BAG, TEA, WALNUTS, everything, line, member_sale, order
from .printed_orders import PLAN as PLAN_LINE

HOUR_MS = 3_600_000
NOON_MS = 1_795_320_000_000  # 2026-11-22 12:00 in China


def paid(plain: Order, method: str = "cash") -> Order:
    """Spread what was paid over the lines, as a sale does, and keep it by one method."""
    weights = [each.amount_fen for each in plain.lines]
    spread = allocate(plain.paid_fen, weights)
    lines = tuple(
        structs.replace(each, allocated_fen=fen)
        for each, fen in zip(plain.lines, spread, strict=True)
    )
    kept = Payment(method=method, amount_fen=plain.paid_fen, handed_fen=plain.paid_fen)  # type: ignore[arg-type]
    return structs.replace(plain, lines=lines, payments=(kept,))


def test_a_day_by_hour_cluster_price_payment_till_and_item() -> None:
    morning = paid(order(line(cluster="浉河"), BAG, at_ms=NOON_MS - 3 * HOUR_MS))
    noon = paid(order(WALNUTS, at_ms=NOON_MS), "wechat")
    joined = paid(order(TEA, PLAN_LINE, at_ms=NOON_MS + 1, card=everything().card), "alipay")
    day = figures([("ZZ-01", morning), ("ZZ-02", noon), ("ZZ-02", joined)])
    assert day.orders == Figure(3, morning.paid_fen + noon.paid_fen + joined.paid_fen)
    assert [(hour, f.count) for hour, f in enumerate(day.hours) if f.count] == [(9, 1), (12, 2)]
    assert day.clusters["浉河"] == Figure(2, 29600)
    assert day.clusters[BAGS] == Figure(2, 100)
    assert day.clusters[PLAN] == Figure(1, 9900)
    assert {price: f.paid_fen for price, f in day.prices.items()} == {
        "plus": 29600 * 2,
        "tier": 27000,
    }
    assert {m: f.paid_fen for m, f in day.payments.items()} == {
        "cash": 29700,
        "wechat": 27000,
        "alipay": 39500,
    }
    assert {name: f.count for name, f in day.tills.items()} == {"ZZ-01": 1, "ZZ-02": 2}
    assert (day.members, day.joined) == (Figure(1, 39500), Figure(1, 9900))
    assert best_sellers(day, 1)[0][0] == "TEA"
    assert day.average_fen == day.orders.paid_fen // 3
    assert figures([]).average_fen == 0


def test_an_order_of_a_moment_in_no_calendar_costs_nobody_the_report() -> None:
    """A till's clock is the till's word: what it took stays in every sum."""
    odd = [structs.replace(everything(), at_ms=at_ms) for at_ms in (10**15, 2**63 - 1, 0)]
    day = figures([("ZZ-01", each) for each in odd])
    assert sum(each.paid_fen for each in day.hours) == day.orders.paid_fen
    assert day.orders.count == 3


def test_members_are_those_at_plus_prices_and_those_who_joined() -> None:
    day = figures([("ZZ-01", paid(member_sale())), ("ZZ-01", paid(order(BAG)))])
    assert (day.members.count, day.orders.count) == (1, 2)


LINES = st.lists(st.sampled_from([TEA, WALNUTS, BAG, PLAN_LINE]), min_size=1, max_size=5)
SALES = st.lists(
    st.tuples(
        LINES,
        st.integers(0, 9),
        st.sampled_from(METHODS),
        st.integers(0, 23),
        st.sampled_from(["ZZ-01", "ZZ-02"]),
    ),
    max_size=12,
)


@given(SALES)
def test_every_breakdown_sums_to_what_was_paid(
    sold: list[tuple[list[object], int, str, int, str]],
) -> None:
    sales = []
    for lines, rounding_fen, method, hour, till in sold:
        plain = order(*lines, at_ms=NOON_MS + (hour - 12) * HOUR_MS)  # type: ignore[arg-type]
        rounded = structs.replace(
            plain, rounding_fen=rounding_fen, paid_fen=plain.total_fen - rounding_fen
        )
        sales.append((till, paid(rounded, method)))
    day = figures(sales)
    whole = sum(each.paid_fen for _, each in sales)
    assert day.orders == Figure(len(sales), whole)
    for parts in (
        day.hours,
        day.clusters.values(),
        day.payments.values(),
        day.tills.values(),
        day.cashiers.values(),
    ):
        assert sum(figure.paid_fen for figure in parts) == whole
    assert sum(item.paid_fen for item in day.items.values()) == whole
    assert day.retail_fen - day.saved_fen - day.rounding_fen == whole


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 10**9), max_size=9), st.integers(0, 9))
def test_the_largest_and_the_rest_are_all(money: dict[str, int], most: int) -> None:
    top, rest = largest({name: Figure(1, fen) for name, fen in money.items()}, most)
    assert len(top) == min(most, len(money))
    assert sum(figure.paid_fen for _, figure in top) + rest.paid_fen == sum(money.values())
    assert rest.count == len(money) - len(top)


@given(st.integers(0, 10**12))
def test_a_scale_ends_at_a_round_number_not_far_above(most: int) -> None:
    end = scale_end(most)
    assert most <= end <= max(most * 2, 1)
    assert set(str(end).rstrip("0")) <= set("123456810")


def test_shares_are_rounded_to_a_tenth_of_a_percent() -> None:
    assert [permille(1, 3), permille(2, 3), permille(0, 0), permille(5, 5)] == [333, 667, 0, 1000]


def test_charts_are_svg_whose_words_cannot_break_out() -> None:
    evil = [Bar('<script>"', 5, "</svg>", "c1", "&"), Bar("none", 0, "0.00")]
    for drawn in (bars(evil), columns(evil, "10", "5", 10), shares(evil), bars([])):
        assert drawn.startswith("<svg ")
        assert drawn.endswith("</svg>")
        assert "<script" not in drawn
        assert drawn.count("<svg") == drawn.count("</svg>") == 1
