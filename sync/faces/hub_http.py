"""What every part of the hub's web interface shares: bounded bodies, and RFC 9457 problems."""

import asyncio
from collections.abc import Callable

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from sync.faces.hub_watch import seen_by
from sync.hub_events import database_problem
from sync.language import LANGUAGES, Language
from sync.rules.refusal import Fault, Refused

JSON = "application/json"
PROBLEM = "application/problem+json"
REPLY_TYPE = "application/vnd.xuanpin.reply"
READ_TIMEOUT_S = 30
_MOST_LENGTH_DIGITS = 19
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_OF_PROXIES = frozenset({"forwarded", "via", "x-real-ip"})
_STATUS = {
    "segment.too_large": 413,
    "segment.malformed": 400,
    "segment.inconsistent": 400,
    "enrol.unreadable": 400,
    "enrol.unknown_code": 404,
    "enrol.name_taken": 422,
    "enrol.other_name": 422,
    "enrol.other_center": 422,
    "enrol.full": 422,
    "enrol.hub_date": 422,
    "request.unsigned": 401,
    "request.challenge": 401,
    "request.expired": 401,
    "request.replayed": 401,
    "feed.malformed": 400,
    "feed.forged_cursor": 400,
    "feed.unknown": 404,
    "feed.other_epoch": 410,
    "feed.too_old": 410,
    "day.bad": 422,
    "day.bad_place": 422,
    "settle.unknown": 404,
    "settle.unreadable": 400,
    "settle.words": 422,
    "reader.unknown": 401,
    "orders.unknown_till": 404,
    "orders.unknown": 404,
    "orders.other_epoch": 409,
}
_FORBIDDEN = 403


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An RFC 9457 problem; `type` ends in the refusal's stable reason."""

    type: str
    title: str
    status: int
    detail: str = ""


class RequestRefusedError(Exception):
    """Raised by what a route depends on: a request refused before its parameters are judged."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason)
        self.refused = refused


def add_problems(app: FastAPI, say: Language) -> None:
    """Turn what is raised into problems: a database or key file that fails answers 503."""

    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        return problem("about:blank", error.detail, error.status_code)

    @app.exception_handler(RequestValidationError)
    async def malformed(_request: Request, error: RequestValidationError) -> Response:
        wrong = {str(each["loc"][-1]): str(each["msg"]) for each in error.errors()}
        title = f"Missing or malformed: {', '.join(sorted(wrong))}."
        detail = " ".join(f"{place}: {said}." for place, said in sorted(wrong.items()))
        return problem(problem_type("request.malformed"), title, 422, detail)

    @app.exception_handler(RequestRefusedError)
    async def unwelcome(_request: Request, error: RequestRefusedError) -> Response:
        return refusal(say, error.refused)

    @app.exception_handler(SQLAlchemyError)
    async def unavailable(request: Request, error: SQLAlchemyError) -> Response:
        seen = seen_by(request)
        seen.database_failed, seen.reason = True, database_problem(error)
        return _busy("The hub's database does not answer.")

    @app.exception_handler(Fault)
    async def faulty(request: Request, fault: Fault) -> Response:
        seen_by(request).reason = say.refusal(fault.refused)
        return _busy("The hub cannot use its keys or its second medium.")

    @app.exception_handler(ClientDisconnect)
    async def gone(_request: Request, _error: ClientDisconnect) -> Response:
        return problem("about:blank", "The request was cut short.", 400)


async def answered(
    request: Request, most_bytes: int, reason: str, handle: Callable[[bytes], Response]
) -> Response:
    """Read a bounded body and let a worker thread answer it."""
    data = await read_body(request, most_bytes)
    if data is None:
        return problem(problem_type(reason), f"More than {most_bytes} bytes.", 413)
    return await run_in_threadpool(handle, data)


async def read_body(request: Request, most_bytes: int) -> bytes | None:
    """Read a body; None, and the rest left unread, if it is longer than `most_bytes` or says so.

    Whoever takes longer than `READ_TIMEOUT_S` over it is refused with 408.
    """
    declared = request.headers.get("content-length", "")
    if len(declared) > _MOST_LENGTH_DIGITS or int(declared or 0) > most_bytes:
        return None
    data = bytearray()
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            async for part in request.stream():
                data += part
                if len(data) > most_bytes:
                    return None
    except TimeoutError:
        raise HTTPException(408, "The request took too long to arrive.") from None
    return bytes(data)


def from_own_machine(request: Request) -> None:
    """Let nobody on who asks from another machine, or through a proxy that says so.

    A balancer on this machine that says nothing (any that speaks TCP) looks like this machine.
    """
    forwarded = any(
        name in _OF_PROXIES or name.startswith("x-forwarded") for name in request.headers
    )
    if forwarded or request.client is None or request.client.host not in _LOOPBACK:
        raise HTTPException(_FORBIDDEN, "Only from the hub's own machine.")


class _Refusal(Response):
    """A refusal as a problem; what asks for one of our languages is told its detail in that."""

    def __init__(self, say: Language, refused: Refused) -> None:
        self._say, self._refused = say, refused
        status = _STATUS.get(refused.reason, _FORBIDDEN)
        super().__init__(self._told(say, status), status, media_type=PROBLEM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope).get("accept-language", "")
        say = self._say.speaking(_language(asked) or self._say.name)
        self.body = self._told(say, self.status_code)
        self.headers["content-length"] = str(len(self.body))
        self.headers["content-language"] = say.name
        await super().__call__(scope, receive, send)

    def _told(self, say: Language, status: int) -> bytes:
        refused = self._refused
        title = refused.message.format(**refused.values)
        return _encoded(problem_type(refused.reason), title, status, say.refusal(refused))


def _language(asked: str) -> str:
    """Return the first of our languages in an `Accept-Language`, whatever the weights."""
    ranges = (each.partition(";")[0].partition("-")[0] for each in asked.split(","))
    return next((name for each in ranges if (name := each.strip().lower()) in LANGUAGES), "")


def refusal(say: Language, refused: Refused) -> Response:
    """Answer a refusal: 403 unless `_STATUS` knows better.

    Its detail is in the language that the request asks for, else in that of `say`.
    """
    response = _Refusal(say, refused)
    if refused.reason == "reader.unknown":
        response.headers["www-authenticate"] = "Bearer"
    return response


def _busy(title: str) -> Response:
    response = problem("about:blank", title, 503)
    response.headers["retry-after"] = "5"
    return response


def problem(kind: str, title: str, status: int, detail: str = "") -> Response:
    """Answer an RFC 9457 problem of this type (a URN, or `about:blank`)."""
    return Response(_encoded(kind, title, status, detail), status, media_type=PROBLEM)


def _encoded(kind: str, title: str, status: int, detail: str) -> bytes:
    return msgspec.json.encode(Problem(type=kind, title=title, status=status, detail=detail))


def problem_type(reason: str) -> str:
    """Return the problem type of a refusal's stable reason."""
    return f"urn:xuanpin:{reason}"


def json_answer(value: object, status: int = 200) -> Response:
    """Answer with a value that msgspec can encode."""
    return Response(msgspec.json.encode(value), status, media_type=JSON)


def documented(
    media_type: str, meaning: str, problems: dict[int, str]
) -> dict[int | str, dict[str, object]]:
    """Describe a route's answers for OpenAPI: 200 in `media_type`, and problems by status."""
    responses: dict[int | str, dict[str, object]] = {
        200: {"description": meaning, "content": {media_type: {}}}
    }
    for status, description in problems.items():
        kind = REPLY_TYPE if status == 409 else PROBLEM
        responses[status] = {"description": description, "content": {kind: {}}}
    return responses


def binary(media_type: str, description: str) -> dict[str, object]:
    """Describe a request body of raw bytes for OpenAPI."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "description": description, "content": content}}
