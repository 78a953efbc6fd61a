"""The hub's web application: what tills push and ask for, and what people look at."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.exceptions import HTTPException

from sync.faces.api_page import render
from sync.faces.hub_http import (
    JSON,
    REPLY_TYPE,
    add_problems,
    answered,
    binary,
    documented,
    from_own_machine,
    json_answer,
    refusal,
)
from sync.faces.hub_watch import Seen, Watch, Watched, seen_by
from sync.hub_client import SEGMENT_TYPE
from sync.language import Language
from sync.rules.enrolling import MOST_MESSAGE_BYTES
from sync.rules.refusal import Refused
from sync.rules.segment import MOST_PACKED_BYTES
from sync.services.hub import Hub, Received
from sync.services.inviting import Inviting

SummaryFor = Literal["loopback", "nobody"]


def make_app(routers: Sequence[APIRouter], say: Language, watch: Watch | None = None) -> FastAPI:
    """Build the hub's web application of its parts; `say` speaks the details of refusals.

    With a `watch`, every request is counted and logged.
    """
    app = FastAPI(
        title="Xuanpin hub",
        description="Takes signed journal segments from tills and says how far it has each run.",
        docs_url=None,
        redoc_url=None,
    )
    add_problems(app, say)
    if watch is not None:
        app.add_middleware(Watched, metrics=watch.metrics)
    for router in routers:
        app.include_router(router)

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        return Response(render(app.openapi()), media_type="text/html; charset=utf-8")

    return app


def till_routes(hub: Hub, inviting: Inviting, say: Language) -> APIRouter:
    """What tills do that needs no challenge: push segments, enrol with a code."""
    router = APIRouter()

    @router.post(
        "/v1/segments",
        summary="Push one segment of a till's journal",
        response_class=Response,
        responses=documented(REPLY_TYPE, "Stored: the signed reply", _SEGMENT_PROBLEMS),
        openapi_extra=binary(SEGMENT_TYPE, "One zstd frame of at most 1 MiB: 1 to 500 entries"),
    )
    async def push(request: Request) -> Response:
        seen = seen_by(request)
        handle = partial(received, seen)
        return await answered(request, MOST_PACKED_BYTES, "segment.too_large", handle)

    def received(seen: Seen, data: bytes) -> Response:
        seen.size = len(data)
        seen.pushed = result = hub.receive(data)
        if isinstance(result, Received):
            return Response(result.reply, 409 if result.gap else 200, media_type=REPLY_TYPE)
        return refusal(say, result)

    @router.post(
        "/v1/enrol",
        summary="Enrol a till with a one-time code",
        response_class=Response,
        responses=documented(JSON, "Enrolled: the hub's answer", _ENROL_PROBLEMS),
        openapi_extra=binary(JSON, "The till's request, authenticated by the code"),
    )
    async def enrol(request: Request) -> Response:
        handle = partial(enrolled, seen_by(request))
        return await answered(request, MOST_MESSAGE_BYTES, "enrol.too_large", handle)

    def enrolled(seen: Seen, data: bytes) -> Response:
        result = inviting.enrol(data)
        if isinstance(result, Refused):
            seen.reason = result.reason
            return refusal(say, result)
        return Response(result, media_type=JSON)

    return router


def view_routes(hub: Hub, summary_for: SummaryFor) -> APIRouter:
    """What the hub's own people look at, if the settings let them."""
    router = APIRouter()

    @router.get(
        "/v1/summary",
        summary="Counts and sums per till, and alarms; loopback only",
        response_class=Response,
        responses=documented(JSON, "What the hub has", _OWN_MACHINE),
    )
    def summary(request: Request) -> Response:
        if summary_for == "nobody":
            raise HTTPException(404, "No summary here.")
        from_own_machine(request)
        return json_answer(hub.summary())

    return router


_OWN_MACHINE = {
    403: "Only from the hub's own machine",
    404: "Switched off",
    503: "The database does not answer",
}
_SEGMENT_PROBLEMS = {
    400: "Not a well-formed segment: nothing stored",
    403: "Not signed by a till of this hub: nothing stored",
    409: "Something before it is missing: nothing stored; the signed reply holds the marks",
    413: "Too large, packed or unpacked: nothing stored",
    503: "The database does not answer: nothing stored; send it again",
}
_ENROL_PROBLEMS = {
    400: "Not a well-formed request",
    403: "The till does not know the code, or does not hold its key",
    404: "The code is unknown, used, or older than ten minutes",
    413: "Too large",
    422: "The till's name is taken, or the hub is full",
}
