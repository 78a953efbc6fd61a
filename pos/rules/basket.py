"""What is in the basket, before and after pricing."""

from typing import Literal

import msgspec

from pos.rules.items import Delivery, Item

MOST_QUANTITY = 9999

PriceName = Literal["retail", "fixed", "tier", "promotion", "plus"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An item in a basket: so many pieces, or one weighed label.

    `weight_g` is set for a label whose weight is known, `label_fen` for one that carries an
    amount; a weighed line has `quantity` 1. `number` identifies the line within its basket
    and never changes.
    """

    number: int
    item: Item
    quantity: int = 1
    weight_g: int | None = None
    label_fen: int | None = None
    delivery: Delivery = "carried"
    code: str = ""  # what was scanned, for the record


class Benefits(msgspec.Struct, frozen=True):
    """What the attached member brings: PLUS prices, or nothing."""

    plus: bool = False


class PricedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line with its amount and which price won.

    `unit_price_fen` is per piece or per kg, or the label's amount for `fixed`.
    `tier_start` is the threshold that applied (pieces or grams), for "20件价".
    """

    line: Line
    retail_fen: int
    unit_price_fen: int
    amount_fen: int
    price: PriceName
    tier_start: int | None = None


class PricedBasket(msgspec.Struct, frozen=True, kw_only=True):
    """A whole basket, priced: sums in fen."""

    lines: tuple[PricedLine, ...]
    retail_fen: int
    total_fen: int
    saved_fen: int
    plus_saved_fen: int
