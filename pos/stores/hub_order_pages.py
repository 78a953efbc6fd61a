"""Reading orders at the hub: pages of a till in the order of arrival, sums per day, and bodies."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select, tuple_

from pos.rules.order import METHODS
from pos.stores.hub_orders import HUB_ORDER
from sync.stores.hub_tables import ENTRY, FORK, TILL

_AMOUNTS = ("retail_fen", "total_fen", "rounding_fen", "paid_fen")
_SUMMED = (*_AMOUNTS, *(f"{method}_fen" for method in METHODS))


def arrivals(connection: Connection, center: int) -> Sequence[RowMapping]:
    """Return the tills of a center (0: of all), each with its newest order's `arrival`."""
    return (
        connection.execute(
            _of_center(select(TILL.c.till, TILL.c.number, TILL.c.name, TILL.c.center_name), center)
            .add_columns(_newest().label("arrival"))
            .order_by(TILL.c.number)
        )
        .mappings()
        .all()
    )


def news(connection: Connection) -> list[tuple[str, int, int]]:
    """Return every till that has orders, its center, and its newest order's arrival."""
    found = connection.execute(select(TILL.c.till, TILL.c.center, _newest()).order_by(TILL.c.till))
    return [(till, center, arrival) for till, center, arrival in found if arrival]


def _newest() -> ColumnElement[int]:
    newest = select(func.max(HUB_ORDER.c.arrival)).where(HUB_ORDER.c.till == TILL.c.till)
    return func.coalesce(newest.scalar_subquery(), 0)


def is_readable(connection: Connection, till: str, center: int) -> bool:
    """Tell whether there is such a till in this center (0: in any)."""
    found = connection.execute(_of_center(select(TILL.c.till), center).where(TILL.c.till == till))
    return found.first() is not None


def page(
    connection: Connection, till: str, after: int, limit: int, day: str = ""
) -> Sequence[RowMapping]:
    """Return up to `limit` orders of a till behind the arrival `after`; only of `day`, if given."""
    statement = select(HUB_ORDER).where(HUB_ORDER.c.till == till, HUB_ORDER.c.arrival > after)
    if day:
        statement = statement.where(HUB_ORDER.c.day == day)
    return connection.execute(statement.order_by(HUB_ORDER.c.arrival).limit(limit)).mappings().all()


def by_id(connection: Connection, till: str, order_id: str) -> Sequence[RowMapping]:
    """Return the orders of this id: one, or more where contents contradict each other."""
    found = connection.execute(
        select(HUB_ORDER)
        .where(HUB_ORDER.c.till == till, HUB_ORDER.c.order_id == order_id)
        .order_by(HUB_ORDER.c.arrival)
    )
    return found.mappings().all()


def sums_of_day(
    connection: Connection, day: str, center: int, till: str = ""
) -> Sequence[RowMapping]:
    """Return count and sums of a day per till, of a center (0: of all) or of one till."""
    sums = [func.sum(HUB_ORDER.c[name]).label(name) for name in _SUMMED]
    statement = (
        _of_center(select(TILL.c.till, TILL.c.number, TILL.c.name, TILL.c.center_name), center)
        .add_columns(func.count().label("orders"), *sums)
        .join(HUB_ORDER, HUB_ORDER.c.till == TILL.c.till)
        .where(HUB_ORDER.c.day == day)
        .group_by(TILL.c.till, TILL.c.number, TILL.c.name, TILL.c.center_name)
        .order_by(TILL.c.number)
    )
    if till:
        statement = statement.where(TILL.c.till == till)
    return connection.execute(statement).mappings().all()


def bodies(
    connection: Connection, till: str, orders: Iterable[RowMapping]
) -> dict[tuple[str, int], list[bytes]]:
    """Return what was journalled at the places of a till's orders: several where it forked."""
    places = [(order["run"], order["seq"]) for order in orders]
    found: dict[tuple[str, int], list[bytes]] = {}
    for table in (ENTRY, FORK):
        rows = connection.execute(
            select(table.c.run, table.c.seq, table.c.body).where(
                table.c.till == till, tuple_(table.c.run, table.c.seq).in_(places)
            )
        )
        for run, seq, body in rows:
            found.setdefault((run, seq), []).append(body)
    return found


def _of_center(statement: Select[*tuple[object, ...]], center: int) -> Select[*tuple[object, ...]]:
    return statement.where(TILL.c.center == center) if center else statement
