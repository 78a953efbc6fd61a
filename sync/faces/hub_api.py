"""The hub over HTTP: segments in, signed replies out, enrolment; refusals as RFC 9457 problems."""

import logging
from collections.abc import Callable

import msgspec
from fastapi import FastAPI, Request, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from sync.faces.api_page import render
from sync.hub_client import SEGMENT_TYPE
from sync.language import Language
from sync.rules.enrolling import MOST_MESSAGE_BYTES
from sync.rules.refusal import Fault, Refused
from sync.rules.segment import MOST_PACKED_BYTES
from sync.services.hub import Hub, Received
from sync.services.inviting import Inviting

JSON = "application/json"
PROBLEM = "application/problem+json"
REPLY_TYPE = "application/vnd.xuanpin.reply"
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_LOG = logging.getLogger("xuanpin.hub")

_STATUS = {
    "segment.too_large": 413,
    "segment.malformed": 400,
    "segment.count": 400,
    "segment.inconsistent": 400,
    "enrol.unreadable": 400,
    "enrol.unknown_code": 404,
    "enrol.name_taken": 422,
    "enrol.full": 422,
}
_FORBIDDEN = 403


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An RFC 9457 problem; `type` ends in the refusal's stable reason."""

    type: str
    title: str
    status: int
    detail: str = ""


def make_app(hub: Hub, inviting: Inviting, say: Language) -> FastAPI:
    """Build the hub's web application; `say` speaks the details of refusals."""
    app = FastAPI(
        title="Xuanpin hub",
        description="Takes signed journal segments from tills and says how far it has each run.",
        docs_url=None,
        redoc_url=None,
    )
    _add_problems(app, say)
    _add_tills(app, hub, inviting, say)
    _add_views(app, hub)
    return app


def _add_tills(app: FastAPI, hub: Hub, inviting: Inviting, say: Language) -> None:
    @app.post(
        "/v1/segments",
        summary="Push one segment of a till's journal",
        response_class=Response,
        responses=_documented(REPLY_TYPE, "Stored: the signed reply", _SEGMENT_PROBLEMS),
        openapi_extra=_binary(SEGMENT_TYPE, "One zstd frame of at most 1 MiB: 1 to 500 entries"),
    )
    async def push(request: Request) -> Response:
        return await _answered(request, MOST_PACKED_BYTES, "segment.too_large", received)

    def received(data: bytes) -> Response:
        result = hub.receive(data)
        if isinstance(result, Received):
            return Response(result.reply, 409 if result.gap else 200, media_type=REPLY_TYPE)
        return _refusal(say, result)

    @app.post(
        "/v1/enrol",
        summary="Enrol a till with a one-time code",
        response_class=Response,
        responses=_documented(JSON, "Enrolled: the hub's answer", _ENROL_PROBLEMS),
        openapi_extra=_binary(JSON, "The till's request, authenticated by the code"),
    )
    async def enrol(request: Request) -> Response:
        return await _answered(request, MOST_MESSAGE_BYTES, "enrol.too_large", enrolled)

    def enrolled(data: bytes) -> Response:
        result = inviting.enrol(data)
        if isinstance(result, Refused):
            return _refusal(say, result)
        return Response(result, media_type=JSON)


def _add_views(app: FastAPI, hub: Hub) -> None:
    @app.get("/healthz", summary="Tell whether the hub and its database answer")
    def healthz() -> Response:
        hub.check()
        return _json({"status": "ok", "hub_id": hub.hub_id})

    @app.get("/v1/summary", summary="Counts and sums per till, and alarms; loopback only")
    def summary(request: Request) -> Response:
        forwarded = {"forwarded", "x-forwarded-for"} & set(request.headers)
        if forwarded or request.client is None or request.client.host not in _LOOPBACK:
            raise HTTPException(_FORBIDDEN, "Only from the hub's own machine.")
        return _json(hub.summary())

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        return Response(render(app.openapi()), media_type="text/html; charset=utf-8")


def _add_problems(app: FastAPI, say: Language) -> None:
    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        return _problem("about:blank", error.detail, error.status_code)

    @app.exception_handler(SQLAlchemyError)
    async def unavailable(_request: Request, error: SQLAlchemyError) -> Response:
        _LOG.error("the database failed: %s", error)
        return _busy("The hub's database does not answer.")

    @app.exception_handler(Fault)
    async def faulty(_request: Request, fault: Fault) -> Response:
        _LOG.error("%s", say.refusal(fault.refused))
        return _busy("The hub cannot use its key files.")

    @app.exception_handler(ClientDisconnect)
    async def gone(_request: Request, _error: ClientDisconnect) -> Response:
        return _problem("about:blank", "The request was cut short.", 400)


async def _answered(
    request: Request, most_bytes: int, reason: str, handle: Callable[[bytes], Response]
) -> Response:
    """Read a bounded body and let a worker thread answer it."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > most_bytes:
            return _problem(_type(reason), f"More than {most_bytes} bytes.", 413)
    return await run_in_threadpool(handle, bytes(data))


def _refusal(say: Language, refused: Refused) -> Response:
    status = _STATUS.get(refused.reason, _FORBIDDEN)
    title = refused.message.format(**refused.values)
    return _problem(_type(refused.reason), title, status, say.refusal(refused))


def _busy(title: str) -> Response:
    response = _problem("about:blank", title, 503)
    response.headers["retry-after"] = "5"
    return response


def _problem(kind: str, title: str, status: int, detail: str = "") -> Response:
    problem = Problem(type=kind, title=title, status=status, detail=detail)
    return Response(msgspec.json.encode(problem), status, media_type=PROBLEM)


def _type(reason: str) -> str:
    return f"urn:xuanpin:{reason}"


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type=JSON)


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


def _documented(
    media_type: str, meaning: str, problems: dict[int, str]
) -> dict[int | str, dict[str, object]]:
    responses: dict[int | str, dict[str, object]] = {
        200: {"description": meaning, "content": {media_type: {}}}
    }
    for status, description in problems.items():
        kind = REPLY_TYPE if status == 409 else PROBLEM
        responses[status] = {"description": description, "content": {kind: {}}}
    return responses


def _binary(media_type: str, description: str) -> dict[str, object]:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "description": description, "content": content}}
