"""Orders of ten lines over 20,000 goods, journalled without the counter: what a hub is to book."""

from functools import cache

import msgspec

from bench.goods import make_goods, scattered
from pos.rules.items import Item
from pos.rules.order import SALE, Order, OrderLine, Payment
from sync.rules.entry import Draft
from sync.services.till import OpenTill
from sync.stores import journal as journals

LINES = 10
GOODS = 20_000


def sell(till: OpenTill, count: int) -> None:
    """Journal so many orders in one transaction."""
    day = till.today().isoformat()
    with till.journal.transaction() as db:
        for number in range(count):
            order = _order(till, number, day)
            draft = Draft(SALE, order.order_id, day, order.paid_fen, msgspec.json.encode(order))
            journals.append(db, till.run, till.stamp(), draft)


def _order(till: OpenTill, number: int, day: str) -> Order:
    goods = _goods()
    first = number * LINES
    lines = tuple(
        _line(goods[scattered(place) % GOODS], 1 + place % 3)
        for place in range(first, first + LINES)
    )
    total = sum(line.amount_fen for line in lines)
    return Order(
        order_id=till.new_id(),
        receipt_no=f"261122{number:07d}{scattered(number) % 10**7:07d}",
        day=day,
        at_ms=till.now_ms(),
        center=till.setup.till.center,
        till="ZZ-01",
        till_number=1,
        cashier="01",
        lines=lines,
        payments=(Payment(method="cash", amount_fen=total, handed_fen=total),),
        retail_fen=total,
        total_fen=total,
        saved_fen=0,
        plus_saved_fen=0,
        rounding_fen=0,
        paid_fen=total,
        change_fen=0,
    )


@cache
def _goods() -> list[Item]:
    return list(make_goods(GOODS))


def _line(item: Item, quantity: int) -> OrderLine:
    amount = item.retail_fen * quantity
    return OrderLine(
        sku=item.sku,
        name_zh=item.name_zh,
        name_en=item.name_en,
        unit=item.unit,
        kind=item.kind,
        delivery="carried",
        quantity=quantity,
        weight_g=None,
        retail_fen=amount,
        unit_price_fen=item.retail_fen,
        amount_fen=amount,
        price="retail",
        tier_start=None,
        allocated_fen=amount,
        code=item.barcodes[0],
    )
