"""Prices that are known before they hold: what an item costs at a moment, by the till's own clock.

A price holds from its moment on, until the next one's; before the first, an item costs what the
catalogue says. It replaces retail, PLUS and quantity prices all together.

>>> from pos.rules.items import Item, Tier
>>> tea = Item(sku="TEA", name_zh="毛尖", unit="盒", retail_fen=3900, plus_fen=3500)
>>> midnight_ms = 1_796_054_400_000  # 2026-12-01 00:00 in China
>>> schedule = [(midnight_ms, Price(retail_fen=3600, tiers=(Tier(10, 2500),)))]
>>> def cost(at_ms):
...     item = price_at(tea, schedule, at_ms)
...     return item.retail_fen, item.plus_fen, item.tiers
>>> cost(midnight_ms - 1)
(3900, 3500, ())
>>> cost(midnight_ms)
(3600, None, (Tier(start=10, price_fen=2500),))
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import structs

from pos.rules.codes import half_width
from pos.rules.items import Item, Tier
from sync.rules.days import CHINA, china_time
from sync.rules.refusal import N_, Refused

FEED = "prices"
FIRST_YEAR, LAST_YEAR = 2020, 2099
_EXAMPLE = "2026-12-01 08:30"


class Price(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What an item costs from a moment on: fen a piece, or a kilogram where `weighed`.

    `plus_fen` is None when members pay retail; tiers start at pieces, or at grams where `weighed`.
    """

    retail_fen: int
    plus_fen: int | None = None
    tiers: tuple[Tier, ...] = ()
    weighed: bool = False


def price_at(item: Item, schedule: Sequence[tuple[int, Price]], at_ms: int) -> Item:
    """Return an item at what it costs at a moment; `schedule` holds (valid from, price)."""
    begun = [entry for entry in schedule if entry[0] <= at_ms]
    return costing(item, max(begun, key=lambda entry: entry[0])[1]) if begun else item


def costing(item: Item, price: Price) -> Item:
    """Return an item at a price; at its own where the price is for another unit.

    A price per kilogram means nothing for goods that have become pieces, nor one the other way.
    """
    if price.weighed != item.weighed:
        return item
    return structs.replace(
        item, retail_fen=price.retail_fen, plus_fen=price.plus_fen, tiers=price.tiers
    )


def read_moment(text: str) -> int | Refused:
    """Read a day or a minute in China (+08:00) as Unix milliseconds; a day is its first minute.

    >>> read_moment("2026-12-01") == read_moment("2026-12-01T00:00+08:00")
    True
    """
    try:
        moment = datetime.fromisoformat(half_width(text).strip())
    except ValueError:
        return _no_moment(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=CHINA)
    if moment.utcoffset() != CHINA.utcoffset(None) or moment.second or moment.microsecond:
        return _no_moment(text)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return Refused(
            "prices.year",
            N_("“{text}” is not between {first} and {last}."),
            N_("Check the year."),
            {"text": text, "first": FIRST_YEAR, "last": LAST_YEAR},
        )
    return int(moment.timestamp()) * 1000


def price_key(sku: str, from_ms: int) -> str:
    """Return the key of a price in its feed: the sku and its first minute in China.

    >>> price_key("TEA", 1_796_054_400_000)
    'TEA|2026-12-01T00:00'
    """
    return f"{sku}|{china_time(from_ms).strftime('%Y-%m-%dT%H:%M')}"


def read_price_key(key: str) -> tuple[str, int]:
    """Return the sku and first moment that a key names; raises `ValueError` if it is none."""
    sku, _, minute = key.rpartition("|")
    moment = datetime.strptime(minute, "%Y-%m-%dT%H:%M").replace(tzinfo=CHINA)
    return sku, int(moment.timestamp()) * 1000


def _no_moment(text: str) -> Refused:
    return Refused(
        "prices.valid_from",
        N_("“{text}” is neither a day nor a minute in China."),
        N_("Write it like 2026-12-01 or {example}."),
        {"text": text, "example": _EXAMPLE},
    )
