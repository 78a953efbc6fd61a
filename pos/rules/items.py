"""The catalogue's item as the sale sees it: names, prices in fen, tiers, and how it leaves."""

from typing import Literal

import msgspec

from sync.rules.refusal import N_

PLUS_ABOVE_RETAIL = N_(
    "Rows whose PLUS price is above the retail price, which members pay then: {count}."
)

Kind = Literal["goods", "bag", "plan"]
Delivery = Literal["carried", "shipped"]

SHIPS_NEVER, SHIPS_MAY, SHIPS_ONLY = 0, 1, 2


class Tier(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """From `start` pieces (grams for weighed goods) a piece (a kg) costs `price_fen`."""

    start: int
    price_fen: int


class Item(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One catalogue row. Prices are fen per unit; for weighed goods per kilogram.

    `plus_fen` is None when members pay retail. `barcodes` holds what labels say, a scale's
    PLU as `PLU:00301`. `centers` empty means all. `ships` is 0 never, 1 may, 2 only.
    `attributes` are pairs such as ("ccc", "…") or ("age", "3+").
    """

    sku: str
    name_zh: str
    unit: str
    retail_fen: int
    kind: Kind = "goods"
    name_en: str = ""
    plus_fen: int | None = None
    tiers: tuple[Tier, ...] = ()
    mix_group: str = ""
    source: str = ""
    factory: str = ""
    cluster: str = ""
    centers: tuple[str, ...] = ()
    offer_id: str = ""
    weighed: bool = False
    ships: int = SHIPS_NEVER
    start_quantity: int = 1
    mnemonic: str = ""
    barcodes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


def plan_sku(years: int) -> str:
    """Return the sku under which the plan of so many years is sold."""
    return f"PLUS-{years}Y"


def is_plan_sku(sku: str) -> bool:
    """Tell a sku that only the plan may have, of whatever length it is or will be."""
    return sku[:5].upper() == "PLUS-" and sku[-1:].upper() == "Y" and sku[5:-1].isdecimal()


def is_plus_above_retail(retail_fen: int, plus_fen: int | None) -> bool:
    """Tell whether a PLUS price can never apply, as members pay retail: surely a slip."""
    return plus_fen is not None and plus_fen > retail_fen
