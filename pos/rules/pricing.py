"""What a whole basket costs: every line at its lowest price, whatever the order of scans.

For each line the candidates are retail, the label's own amount (`fixed`), the quantity tier,
a promotion and PLUS. They do not stack: the lowest line amount wins, and on a tie the earlier of
`RANK`, so PLUS never claims a saving the visitor had anyway. Bags and the plan cost their price.

>>> import msgspec
>>> from pos.rules.items import Item, Tier
>>> tea = Item(sku="TEA", name_zh="毛尖小袋", unit="盒", retail_fen=3900, plus_fen=3500,
...            tiers=(Tier(10, 2700),))
>>> def cost(*quantities, plus=False):
...     lines = [Line(number=n, item=tea, quantity=q) for n, q in enumerate(quantities, 1)]
...     basket = price_basket(lines, Benefits(plus=plus))
...     return [(line.amount_fen, line.price) for line in basket.lines]

Retail, and PLUS where it is lower:

>>> cost(2), cost(2, plus=True)
([(7800, 'retail')], [(7000, 'plus')])

One short of the tier, exactly on it, and the tier beating PLUS:

>>> cost(9), cost(10), cost(10, plus=True)
([(35100, 'retail')], [(27000, 'tier')], [(27000, 'tier')])

Quantities of an item add up across its lines:

>>> cost(4, 6)
[(10800, 'tier'), (16200, 'tier')]

A price that saves nothing does not win: at 39.00 for everyone, retail stands.

>>> tea = msgspec.structs.replace(tea, plus_fen=3900, tiers=(Tier(2, 3900),))
>>> cost(2, plus=True)
[(7800, 'retail')]
"""

from collections.abc import Sequence

from pos.rules.basket import Benefits, Line, PricedBasket, PricedLine, PriceName

# On a tie the earlier wins. Promotions have their rank here and, so far, no candidates.
RANK: tuple[PriceName, ...] = ("retail", "fixed", "tier", "promotion", "plus")
_RETAIL, _FIXED, _TIER, _PROMOTION, _PLUS = range(len(RANK))

# amount_fen, rank, unit_price_fen, tier_start (0 for none): the smallest wins.
_Candidate = tuple[int, int, int, int]
# Mix group or sku, which of the two, and whether it is counted in grams.
_TierKey = tuple[str, bool, bool]


def price_basket(lines: Sequence[Line], benefits: Benefits) -> PricedBasket:
    """Price every line of a basket together; lines come back in the order given.

    Pieces and grams that reach a tier are added up over the whole basket, carried and shipped
    alike: per item, or per `mix_group` where items have one. A weighed amount is rounded down
    to the fen, once per label.
    """
    reached = _reached(lines)
    priced: list[PricedLine] = []
    retail_fen = total_fen = without_plus_fen = 0
    for line in lines:
        candidates = _candidates(line, reached)
        best = min(candidates)
        without_plus_fen += best[0]
        plus_fen = line.item.plus_fen
        if benefits.plus and plus_fen is not None and _competes(line):
            best = min(best, (_amount(line, plus_fen), _PLUS, plus_fen, 0))
        amount_fen, rank, unit_price_fen, tier_start = best
        retail_fen += candidates[0][0]
        total_fen += amount_fen
        priced.append(
            PricedLine(
                line=line,
                retail_fen=candidates[0][0],
                unit_price_fen=unit_price_fen,
                amount_fen=amount_fen,
                price=RANK[rank],
                tier_start=tier_start or None,
            )
        )
    return PricedBasket(
        lines=tuple(priced),
        retail_fen=retail_fen,
        total_fen=total_fen,
        saved_fen=retail_fen - total_fen,
        plus_saved_fen=without_plus_fen - total_fen,
    )


def goods_fen(basket: PricedBasket) -> int:
    """Return what the goods cost: all that a discount or cash rounding may ever touch.

    Bags may be neither given away nor discounted (Ministry of Commerce, 2008 no. 8), and the
    plan has a fixed price.
    """
    return sum(line.amount_fen for line in basket.lines if line.line.item.kind == "goods")


def _reached(lines: Sequence[Line]) -> dict[_TierKey, int]:
    """Add up pieces or grams by what shares tiers; an unknown weight adds nothing."""
    reached: dict[_TierKey, int] = {}
    for line in lines:
        if _competes(line):
            key = _tier_key(line)
            count = line.quantity if line.weight_g is None else line.weight_g
            reached[key] = reached.get(key, 0) + count
    return reached


def _candidates(line: Line, reached: dict[_TierKey, int]) -> list[_Candidate]:
    """List a line's candidates for everyone; the first is what it costs at retail."""
    item = line.item
    if not _competes(line):
        if line.label_fen is not None:
            return [(line.label_fen, _FIXED, line.label_fen, 0)]
        rank = _FIXED if item.kind == "plan" else _RETAIL
        return [(_amount(line, item.retail_fen), rank, item.retail_fen, 0)]
    candidates = [(_amount(line, item.retail_fen), _RETAIL, item.retail_fen, 0)]
    if line.label_fen is not None:
        candidates.append((line.label_fen, _FIXED, line.label_fen, 0))
    if item.tiers:
        count = reached[_tier_key(line)]
        candidates += [
            (_amount(line, tier.price_fen), _TIER, tier.price_fen, tier.start)
            for tier in item.tiers
            if tier.start <= count
        ]
    return candidates


def _competes(line: Line) -> bool:
    """Tell whether prices compete for a line: goods whose pieces or weight are known."""
    return line.item.kind == "goods" and (line.label_fen is None or line.weight_g is not None)


def _tier_key(line: Line) -> _TierKey:
    item = line.item
    return (item.mix_group or item.sku, bool(item.mix_group), line.weight_g is not None)


def _amount(line: Line, unit_price_fen: int) -> int:
    """Multiply pieces, or kilograms rounded down to the fen."""
    if line.weight_g is None:
        return unit_price_fen * line.quantity
    return unit_price_fen * line.weight_g // 1000
