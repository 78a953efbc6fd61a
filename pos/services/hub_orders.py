"""Orders read out of the hub: by till behind a cursor, one by its id, and sums of a day."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, RowMapping

from pos.rules.order import METHODS
from pos.stores import hub_order_pages as pages
from sync.database import hub_snapshot
from sync.package import Reader
from sync.rules.refusal import N_, Refused
from sync.rules.totals import bad_day, is_day
from sync.stores.hub_epoch import epoch

MOST_ORDERS = 500
_SUMS = ("retail_fen", "total_fen", "rounding_fen", "paid_fen")


@dataclass(frozen=True, slots=True)
class TillArrivals:
    """A till and the arrival of its newest order here, 0 if there is none."""

    till: str
    number: int
    name: str
    center: str
    arrival: int


@dataclass(frozen=True, slots=True)
class Tills:
    """The tills that may be read; in another `epoch` all arrivals have begun again."""

    epoch: int
    tills: list[TillArrivals]


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """An order as it was booked; `order` is what the till journalled, byte for byte."""

    till: str
    arrival: int
    order_id: str
    receipt_no: str
    day: str
    at_ms: int
    center: str
    retail_fen: int
    total_fen: int
    rounding_fen: int
    paid_fen: int
    payments_fen: dict[str, int]
    body_sha256: str
    order: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders of a till in the order of arrival; while there is `more`, go on behind `next`."""

    epoch: int
    till: str
    orders: list[ReadOrder]
    next: int
    more: bool


@dataclass(frozen=True, slots=True)
class SameOrder:
    """All that is booked under one id: more than one order if contents contradict each other."""

    orders: list[ReadOrder]


@dataclass(frozen=True, slots=True)
class DaySum:
    """What a till's orders of a day come to."""

    till: str
    number: int
    name: str
    center: str
    orders: int
    retail_fen: int
    total_fen: int
    rounding_fen: int
    paid_fen: int
    payments_fen: dict[str, int]


@dataclass(frozen=True, slots=True)
class DaySums:
    """The sums of a business day, per till that sold and over all of them."""

    day: str
    tills: list[DaySum]
    orders: int
    retail_fen: int
    total_fen: int
    rounding_fen: int
    paid_fen: int
    payments_fen: dict[str, int]


class HubOrders:
    """Reads the orders of a hub, for readers of one center or of all."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def tills(self, reader: Reader) -> Tills:
        """Return the tills of the reader's center, and how many orders each has here."""
        with hub_snapshot(self._engine) as connection:
            found = pages.arrivals(connection, reader.center)
            now = epoch(connection)
        return Tills(now, [TillArrivals(*row.values()) for row in found])

    def page(
        self,
        reader: Reader,
        till: str,
        *,
        after: int = 0,
        limit: int = MOST_ORDERS,
        day: str = "",
        known_epoch: int | None = None,
    ) -> OrderPage | Refused:
        """Return up to `limit` orders of a till behind the arrival `after`, or one day's of them.

        Refused if `known_epoch` is not the hub's: it was put back to an older state, its
        arrivals may be others, and whoever reads begins again and drops what it knows by id.
        """
        if day and not is_day(day):
            return bad_day(day)
        with hub_snapshot(self._engine) as connection:
            now = epoch(connection)
            if known_epoch not in (None, now):
                return _other_epoch(now)
            if not pages.is_readable(connection, till, reader.center):
                return _unknown_till()
            rows = pages.page(connection, till, after, limit + 1, day)
            orders = _orders(connection, till, rows[:limit])
        last = orders[-1].arrival if orders else after
        return OrderPage(now, till, orders, last, len(rows) > limit)

    def order(self, reader: Reader, till: str, order_id: str) -> SameOrder | Refused:
        """Return what is booked under one id of a till."""
        with hub_snapshot(self._engine) as connection:
            if not pages.is_readable(connection, till, reader.center):
                return _unknown_till()
            orders = _orders(connection, till, pages.by_id(connection, till, order_id))
        return SameOrder(orders) if orders else _unknown_order()

    def sums(self, reader: Reader, day: str, till: str = "") -> DaySums | Refused:
        """Return the sums of a business day (ISO date), of all the reader's tills or of one."""
        if not is_day(day):
            return bad_day(day)
        with hub_snapshot(self._engine) as connection:
            if till and not pages.is_readable(connection, till, reader.center):
                return _unknown_till()
            rows = pages.sums_of_day(connection, day, reader.center, till)
        tills = [
            DaySum(
                till=row["till"],
                number=row["number"],
                name=row["name"],
                center=row["center_name"],
                orders=row["orders"],
                payments_fen=_payments(row),
                **{name: int(row[name]) for name in _SUMS},
            )
            for row in rows
        ]
        return _all(day, tills)


def _all(day: str, tills: list[DaySum]) -> DaySums:
    payments = {m: sum(till.payments_fen.get(m, 0) for till in tills) for m in METHODS}
    return DaySums(
        day=day,
        tills=tills,
        orders=sum(till.orders for till in tills),
        payments_fen={method: fen for method, fen in payments.items() if fen},
        **{name: sum(getattr(till, name) for till in tills) for name in _SUMS},
    )


def _orders(connection: Connection, till: str, rows: Sequence[RowMapping]) -> list[ReadOrder]:
    bodies = pages.bodies(connection, till, rows)
    return [
        ReadOrder(
            till=till,
            arrival=row["arrival"],
            order_id=row["order_id"],
            receipt_no=row["receipt_no"],
            day=row["day"],
            at_ms=row["at_ms"],
            center=row["center"],
            payments_fen=_payments(row),
            body_sha256=row["body_sha256"].hex(),
            order=_body(bodies[row["run"], row["seq"]], row["body_sha256"]),
            **{name: row[name] for name in _SUMS},
        )
        for row in rows
    ]


def _body(bodies: Iterable[bytes], digest: bytes) -> Any:
    """Return what was journalled with this digest, to be sent as it is."""
    return msgspec.Raw(next(body for body in bodies if hashlib.sha256(body).digest() == digest))


def _payments(row: RowMapping) -> dict[str, int]:
    paid = {method: int(row[f"{method}_fen"]) for method in METHODS}
    return {method: fen for method, fen in paid.items() if fen}


def _other_epoch(now: int) -> Refused:
    return Refused(
        "orders.other_epoch",
        N_("The hub was put back to an older state: it is in epoch {epoch}."),
        N_("Read again from the beginning (after=0), and drop what you have by till and id."),
        {"epoch": now},
    )


def _unknown_till() -> Refused:
    return Refused(
        "orders.unknown_till",
        N_("There is no such till that this reader may read."),
        N_("Ask /v1/orders/tills which there are."),
    )


def _unknown_order() -> Refused:
    return Refused(
        "orders.unknown",
        N_("There is no order of this id at that till."),
        N_("It may not have reached the hub yet."),
    )
