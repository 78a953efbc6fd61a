"""The read API for the online store: orders of every till, for readers with a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from pos.services.hub_orders import (
    MOST_ORDERS,
    DaySums,
    HubOrders,
    OrderPage,
    SameOrder,
    Tills,
)
from sync.faces.hub_http import PROBLEM, RequestRefusedError, json_answer
from sync.package import HubWeb, Reader
from sync.rules.refusal import Refused

MOST_PLACE = 2**63 - 1
_TILL = r"^[0-9a-f]{32}$"
_DAY = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
_ORDER = r"^[0-9A-Za-z_.:-]{1,64}$"

Till = Annotated[str, Query(pattern=_TILL, description="Install id of a till")]
_DATE = {"format": "date"}
Day = Annotated[
    str, Query(pattern=_DAY, description="Business day, ISO date", json_schema_extra=_DATE)
]
_PROBLEMS = {
    401: "No token of a reader that the hub knows",
    422: "A parameter is missing or malformed",
    503: "The database does not answer: ask again",
}
_NO_TILL = {404: "No such till that this reader may read"}


Answer = Callable[[object], Response]


def order_routes(web: HubWeb) -> APIRouter:
    """Let readers read orders; all answers are JSON, refusals problems (RFC 9457)."""
    router = APIRouter(prefix="/v1/orders", tags=["orders"])
    orders = HubOrders(web.engine)

    def reader(
        authorization: Annotated[str, Header(description="`Bearer` and a reader's token")] = "",
    ) -> Reader:
        found = web.reader(authorization)
        if isinstance(found, Refused):
            raise RequestRefusedError(found)
        return found

    def answer(value: object) -> Response:
        return web.refusal(value) if isinstance(value, Refused) else json_answer(value)

    _add_overviews(router, orders, Depends(reader), answer)
    _add_orders(router, orders, Depends(reader), answer)
    return router


def _add_overviews(router: APIRouter, orders: HubOrders, known: Any, answer: Answer) -> None:
    @router.get(
        "/tills",
        summary="The tills, and how many orders of each are here",
        response_model=Tills,
        responses=_problems(),
    )
    def tills(reader: Reader = known) -> Response:
        return answer(orders.tills(reader))

    @router.get(
        "/sums",
        summary="Count and sums of a business day, per till and over all",
        response_model=DaySums,
        responses=_problems(_NO_TILL),
    )
    def sums(day: Day, till: Till | None = None, reader: Reader = known) -> Response:
        return answer(orders.sums(reader, day, till or ""))


def _add_orders(router: APIRouter, orders: HubOrders, known: Any, answer: Answer) -> None:
    @router.get(
        "",
        summary="Orders of a till behind a cursor, in the order of arrival",
        response_model=OrderPage,
        responses=_problems(_NO_TILL, {409: "The hub is in another epoch: begin again"}),
    )
    def page(
        till: Till,
        after: Annotated[int, Query(ge=0, le=MOST_PLACE, description="`next` of before")] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_ORDERS)] = 100,
        day: Day | None = None,
        epoch: Annotated[int | None, Query(ge=0, le=MOST_PLACE, description="As known")] = None,
        reader: Reader = known,
    ) -> Response:
        return answer(
            orders.page(reader, till, after=after, limit=limit, day=day or "", known_epoch=epoch)
        )

    @router.get(
        "/{till}/{order_id}",
        summary="What is booked under one id of a till",
        response_model=SameOrder,
        responses=_problems({404: "No such till or order"}),
    )
    def order(
        till: Annotated[str, Path(pattern=_TILL)],
        order_id: Annotated[str, Path(pattern=_ORDER)],
        reader: Reader = known,
    ) -> Response:
        return answer(orders.order(reader, till, order_id))


def _problems(*more: dict[int, str]) -> dict[int | str, dict[str, object]]:
    said = dict(_PROBLEMS)
    for each in more:
        said |= each
    return {
        status: {"description": meaning, "content": {PROBLEM: {}}}
        for status, meaning in sorted(said.items())
    }
