"""Signed requests over HTTP: challenges out, signed answers back, the next challenge with each."""

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from sync.faces.hub_http import JSON, json_answer, problem, problem_type, read_body, refusal
from sync.faces.hub_watch import seen_by
from sync.language import Language
from sync.rules.challenge import CHALLENGE_HEADER
from sync.rules.refusal import Refused
from sync.services.authenticating import Authenticating, Sender

ANSWER_TYPE = "application/vnd.xuanpin.answer"
SIGNED_PROBLEMS = {
    401: "Not signed, or its challenge is unknown, used or has run out: nothing done",
    403: "Not signed by a till of this hub for exactly this request: nothing done",
    413: "Too large: nothing done",
    503: "The database does not answer: nothing done; ask again",
}

Handle = Callable[[Sender, bytes], bytes | Refused]


class SignedDoor:
    """Lets signed requests in: routes give it what to do for a sender, it does the rest."""

    def __init__(self, authenticating: Authenticating, say: Language) -> None:
        self._authenticating = authenticating
        self._say = say

    async def answered(
        self, request: Request, most_bytes: int, handle: Handle, *, even_expired: bool = False
    ) -> Response:
        """Read a bounded body and let a worker thread authenticate and answer it.

        `handle` returns the content of the signed answer, or a refusal to be told.
        """
        body = await read_body(request, most_bytes)
        if body is None:
            reason = problem_type("request.too_large")
            return problem(reason, f"More than {most_bytes} bytes.", 413)
        return await run_in_threadpool(self._answer, request, body, handle, even_expired)

    def challenge(self) -> Response:
        """Answer with a challenge alone."""
        challenge = self._authenticating.challenge()
        response = json_answer({"challenge": challenge})
        response.headers[CHALLENGE_HEADER] = challenge
        return response

    def _answer(
        self, request: Request, body: bytes, handle: Handle, even_expired: bool
    ) -> Response:
        sender = self._authenticating.sender(
            request.method, _target(request), request.headers, body, even_expired=even_expired
        )
        seen = seen_by(request)
        seen.till = "" if isinstance(sender, Refused) else sender.till
        content = sender if isinstance(sender, Refused) else handle(sender, body)
        if isinstance(content, Refused):
            seen.reason = content.reason
            response = refusal(self._say, content)
        else:
            assert isinstance(sender, Sender)
            answer = self._authenticating.answer(sender, content)
            response = Response(answer, media_type=ANSWER_TYPE)
        response.headers[CHALLENGE_HEADER] = self._authenticating.challenge()
        return response


def challenge_routes(door: SignedDoor) -> APIRouter:
    """Where a till gets its first challenge; later ones come with the answers."""
    router = APIRouter()

    @router.post(
        "/v1/challenge",
        summary="Get a one-time challenge for a signed request",
        response_class=Response,
        responses={
            200: {"description": "Good for one request within a minute", "content": {JSON: {}}}
        },
    )
    def challenge() -> Response:
        return door.challenge()

    return router


def _target(request: Request) -> str:
    """Return path and query exactly as they came."""
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope.get("query_string", b"")
    target = path.partition(b"?")[0] + (b"?" + query if query else b"")
    return target.decode("latin-1")
