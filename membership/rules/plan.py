"""The PLUS plan: its price and names as settings, and how long a year of it lasts."""

from calendar import monthrange
from datetime import date
from typing import Annotated

import msgspec

from sync.rules.config_problems import SettingError, check_name
from sync.rules.money import parse_yuan
from sync.rules.refusal import N_, Refused

PLUS = 1  # the plan's number on a card
MOST_YEARS = 10


class PlanSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[plan]: what PLUS costs in yuan, how many years that buys, what it is called.

    The refund rule is shown before a visitor pays and printed on the card's slip.
    """

    price: str = "99.00"
    years: Annotated[int, msgspec.Meta(ge=1, le=MOST_YEARS)] = 1
    name_zh: Annotated[str, msgspec.Meta(min_length=1)] = "PLUS会员 一年"
    name_en: Annotated[str, msgspec.Meta(min_length=1)] = "PLUS membership, one year"
    refund_rule_zh: Annotated[str, msgspec.Meta(min_length=1)] = (
        "付款后七日内可全额退费；之后退费须扣除已享受的会员优惠。"
    )
    refund_rule_en: Annotated[str, msgspec.Meta(min_length=1)] = (
        "The fee is returned in full within 7 days of payment, afterwards less the member savings"
        " already taken."
    )

    def __post_init__(self) -> None:
        """Refuse a price that is not an amount in yuan, and a name of several lines."""
        check_name("name_zh", self.name_zh)
        check_name("name_en", self.name_en)
        if isinstance(parse_yuan(self.price), Refused):
            said = N_("“{price}” is not an amount in yuan such as 99.00")
            raise SettingError("price", said, price=self.price)

    @property
    def price_fen(self) -> int:
        """The price in fen."""
        fen = parse_yuan(self.price)
        assert isinstance(fen, int), "checked when the setting was read"
        return fen


def until_of(from_day: date, years: int) -> date:
    """Return the last valid day, inclusive, of a membership that starts on `from_day`.

    Civil Code art. 201 and 202: the first day is not counted, the last one is the
    corresponding day, or the month's last day where there is no corresponding one.

    >>> until_of(date(2026, 11, 22), 1).isoformat()
    '2027-11-22'
    >>> until_of(date(2028, 2, 29), 1).isoformat()
    '2029-02-28'
    >>> until_of(date(2028, 2, 29), 4).isoformat()
    '2032-02-29'
    >>> until_of(date(2027, 2, 28), 1).isoformat()
    '2028-02-28'
    """
    year = from_day.year + years
    last_of_month = monthrange(year, from_day.month)[1]
    return date(year, from_day.month, min(from_day.day, last_of_month))
