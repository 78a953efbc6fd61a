"""A day's sales in figures: by hour, cluster, price, payment, till and item, to the last fen.

Every breakdown of money sums to what was paid: lines by what was allocated to them, payments by
what was kept.
"""

from collections.abc import Iterable, Sequence

import msgspec

from pos.rules.basket import PriceName
from pos.rules.order import Method, Order, OrderLine
from sync.rules.days import china_time

HOURS = 24
BAGS = "bag"
PLAN = "plan"
PRICES: tuple[PriceName, ...] = ("retail", "tier", "plus", "promotion", "fixed")


class Figure(msgspec.Struct):
    """How often something was, and what was paid for it."""

    count: int = 0
    paid_fen: int = 0

    def add(self, paid_fen: int, count: int = 1) -> None:
        """Count it once more."""
        self.count += count
        self.paid_fen += paid_fen


class ItemFigure(msgspec.Struct):
    """One item: names, pieces (weighed: labels), what was paid."""

    name_zh: str
    name_en: str
    pieces: int = 0
    paid_fen: int = 0


class DayFigures(msgspec.Struct):
    """All figures of a day. `hours` has 24 places; clusters are named as on the goods.

    `clusters` has `bag` and `plan` for what belongs to none, and "" for goods without one.
    `members` are orders at PLUS prices, those included that joined in them.
    """

    orders: Figure = msgspec.field(default_factory=Figure)
    hours: list[Figure] = msgspec.field(default_factory=lambda: [Figure() for _ in range(HOURS)])
    clusters: dict[str, Figure] = msgspec.field(default_factory=dict)
    prices: dict[PriceName, Figure] = msgspec.field(default_factory=dict)
    payments: dict[Method, Figure] = msgspec.field(default_factory=dict)
    tills: dict[str, Figure] = msgspec.field(default_factory=dict)
    cashiers: dict[str, Figure] = msgspec.field(default_factory=dict)
    items: dict[str, ItemFigure] = msgspec.field(default_factory=dict)
    members: Figure = msgspec.field(default_factory=Figure)
    joined: Figure = msgspec.field(default_factory=Figure)
    retail_fen: int = 0
    saved_fen: int = 0
    plus_saved_fen: int = 0
    rounding_fen: int = 0

    @property
    def average_fen(self) -> int:
        """What an order paid on average, rounded down to the fen; 0 without orders."""
        return self.orders.paid_fen // self.orders.count if self.orders.count else 0


def figures(sales: Iterable[tuple[str, Order]]) -> DayFigures:
    """Return the figures of orders, each with the name of its till."""
    day = DayFigures()
    for till, order in sales:
        paid_fen = order.paid_fen
        day.orders.add(paid_fen)
        day.hours[china_time(order.at_ms).hour].add(paid_fen)
        day.tills.setdefault(till, Figure()).add(paid_fen)
        day.cashiers.setdefault(order.cashier, Figure()).add(paid_fen)
        for payment in order.payments:
            day.payments.setdefault(payment.method, Figure()).add(payment.amount_fen)
        if order.member is not None or order.card is not None:
            day.members.add(paid_fen)
        if order.card is not None:
            day.joined.add(sum(line.allocated_fen for line in order.lines if line.kind == PLAN))
        day.retail_fen += order.retail_fen
        day.saved_fen += order.saved_fen
        day.plus_saved_fen += order.plus_saved_fen
        day.rounding_fen += order.rounding_fen
        for line in order.lines:
            _add_line(day, line)
    return day


def _add_line(day: DayFigures, line: OrderLine) -> None:
    cluster = line.cluster if line.kind == "goods" else line.kind
    day.clusters.setdefault(cluster, Figure()).add(line.allocated_fen, line.quantity)
    if line.kind == "goods":
        day.prices.setdefault(line.price, Figure()).add(line.allocated_fen, line.quantity)
    item = day.items.setdefault(line.sku, ItemFigure(line.name_zh, line.name_en))
    item.pieces += line.quantity
    item.paid_fen += line.allocated_fen


def largest(figures_by: dict[str, Figure], most: int) -> tuple[list[tuple[str, Figure]], Figure]:
    """Return the largest by money, at most so many, and all others in one.

    >>> found = {"a": Figure(1, 5), "b": Figure(2, 9), "c": Figure(1, 1)}
    >>> largest(found, 2)
    ([('b', Figure(count=2, paid_fen=9)), ('a', Figure(count=1, paid_fen=5))], \
Figure(count=1, paid_fen=1))
    """
    ranked = sorted(figures_by.items(), key=lambda each: (-each[1].paid_fen, each[0]))
    rest = Figure()
    for _, figure in ranked[most:]:
        rest.add(figure.paid_fen, figure.count)
    return ranked[:most], rest


def best_sellers(day: DayFigures, most: int) -> Sequence[tuple[str, ItemFigure]]:
    """Return the items that brought most money, with their skus; no bags' or plan's exception."""
    ranked = sorted(day.items.items(), key=lambda each: (-each[1].paid_fen, each[0]))
    return ranked[:most]


def permille(part_fen: int, whole_fen: int) -> int:
    """Return a share in thousandths, rounded half up; 0 of nothing.

    >>> permille(1, 3), permille(1, 0), permille(2, 2)
    (333, 0, 1000)
    """
    return (part_fen * 2000 + whole_fen) // (whole_fen * 2) if whole_fen > 0 else 0
