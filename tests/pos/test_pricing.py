"""The price of a basket: worked examples, the shared vectors, and what always holds."""

import doctest
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pos.rules import pricing
from pos.rules.basket import Benefits, Line, PricedBasket
from pos.rules.items import Item, Kind, Tier
from pos.rules.pricing import goods_fen, price_basket

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "pricing.json").read_text("utf-8"))
ITEMS = {
    sku: msgspec.convert({"sku": sku, **fields}, Item) for sku, fields in VECTORS["items"].items()
}


def test_the_docstring_is_true() -> None:
    result = doctest.testmod(pricing)
    assert result.attempted > 5
    assert result.failed == 0


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    expected = {"amount_fen", "unit_price_fen", "price", "tier_start"}
    lines = [
        msgspec.convert(
            {key: value for key, value in given_line.items() if key not in {*expected, "sku"}}
            | {"number": number, "item": ITEMS[given_line["sku"]]},
            Line,
        )
        for number, given_line in enumerate(vector["lines"], 1)
    ]
    basket = price_basket(lines, Benefits(plus=vector["plus"]))
    assert [{key: getattr(line, key) for key in expected} for line in basket.lines] == [
        {key: line[key] for key in expected} for line in vector["lines"]
    ]
    sums = ("retail_fen", "total_fen", "saved_fen", "plus_saved_fen")
    assert {key: getattr(basket, key) for key in sums} == {key: vector[key] for key in sums}


prices = st.integers(0, 100_000)


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    """Draw a small catalogue in which prices collide, groups mix and tiers may be odd."""
    catalogue = []
    for index in range(draw(st.integers(1, 5))):
        kind: Kind = draw(st.sampled_from(["goods", "goods", "goods", "bag", "plan"]))
        starts = draw(st.lists(st.integers(1, 40), max_size=3, unique=True))
        weighed = kind == "goods" and draw(st.booleans())
        catalogue.append(
            Item(
                sku=f"S{index}",
                kind=kind,
                name_zh="货",
                unit="件",
                retail_fen=draw(prices),
                plus_fen=draw(st.none() | prices),
                tiers=tuple(
                    Tier(start * (1000 if weighed else 1), draw(prices)) for start in sorted(starts)
                ),
                mix_group=draw(st.sampled_from(["", "", "A", "S0"])),
                weighed=weighed,
            )
        )
    return catalogue


@st.composite
def baskets(draw: st.DrawFn) -> list[Line]:
    catalogue = draw(items())
    lines = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        item = draw(st.sampled_from(catalogue))
        if item.weighed:
            weight_g = draw(st.none() | st.integers(1, 60_000))
            needs_label = weight_g is None
            label_fen = draw(prices if needs_label else st.none() | prices)
            lines.append(Line(number=number, item=item, weight_g=weight_g, label_fen=label_fen))
        else:
            quantity = draw(st.integers(1, 50))
            lines.append(Line(number=number, item=item, quantity=quantity))
    return lines


def by_number(basket: PricedBasket) -> dict[int, tuple[object, ...]]:
    return {
        line.line.number: (line.amount_fen, line.price, line.unit_price_fen, line.tier_start)
        for line in basket.lines
    }


@given(baskets(), st.booleans(), st.randoms())
def test_the_order_of_scans_is_irrelevant(lines: list[Line], plus: bool, random: Any) -> None:
    shuffled = random.sample(lines, len(lines))
    assert by_number(price_basket(lines, Benefits(plus))) == by_number(
        price_basket(shuffled, Benefits(plus))
    )


@given(baskets(), st.booleans())
def test_the_sums_are_the_sums_of_the_lines(lines: list[Line], plus: bool) -> None:
    basket = price_basket(lines, Benefits(plus))
    assert [line.line for line in basket.lines] == lines
    assert basket.total_fen == sum(line.amount_fen for line in basket.lines)
    assert basket.retail_fen == sum(line.retail_fen for line in basket.lines)
    assert basket.saved_fen == basket.retail_fen - basket.total_fen
    assert 0 <= goods_fen(basket) <= basket.total_fen


@given(baskets())
def test_plus_is_never_dearer_and_claims_exactly_the_difference(lines: list[Line]) -> None:
    visitor = price_basket(lines, Benefits(plus=False))
    member = price_basket(lines, Benefits(plus=True))
    for for_all, for_member in zip(visitor.lines, member.lines, strict=True):
        assert for_member.amount_fen <= for_all.amount_fen
        assert (for_member.price == "plus") == (for_member.amount_fen < for_all.amount_fen)
    assert member.plus_saved_fen == visitor.total_fen - member.total_fen
    assert visitor.plus_saved_fen == 0


@given(baskets(), st.booleans())
def test_nobody_pays_more_than_retail_or_than_the_label(lines: list[Line], plus: bool) -> None:
    for line in price_basket(lines, Benefits(plus)).lines:
        assert 0 <= line.amount_fen <= line.retail_fen
        label_fen = line.line.label_fen
        assert label_fen is None or line.amount_fen <= label_fen
        assert line.price == "retail" or line.price == "fixed" or line.amount_fen < line.retail_fen


@given(baskets(), st.booleans())
def test_bags_and_the_plan_cost_their_price(lines: list[Line], plus: bool) -> None:
    for line in price_basket(lines, Benefits(plus)).lines:
        if line.line.item.kind != "goods":
            assert line.amount_fen == line.line.item.retail_fen * line.line.quantity
            assert line.price == ("fixed" if line.line.item.kind == "plan" else "retail")


@given(baskets(), st.booleans(), st.integers(1, 20))
def test_splitting_a_line_changes_nothing(lines: list[Line], plus: bool, part: int) -> None:
    whole = price_basket(lines, Benefits(plus))
    split = [
        piece
        for line in lines
        for piece in (
            (
                structs.replace(line, quantity=part),
                structs.replace(line, quantity=line.quantity - part, number=0),
            )
            if line.quantity > part
            else (line,)
        )
    ]
    assert price_basket(split, Benefits(plus)).total_fen == whole.total_fen


@given(baskets(), baskets(), st.booleans())
def test_more_in_the_basket_never_makes_a_line_dearer(
    lines: list[Line], more: list[Line], plus: bool
) -> None:
    alone = price_basket(lines, Benefits(plus))
    together = price_basket([*lines, *more], Benefits(plus))
    for before, after in zip(alone.lines, together.lines, strict=False):
        assert after.amount_fen <= before.amount_fen
