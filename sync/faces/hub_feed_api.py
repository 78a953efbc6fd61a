"""What tills pull, as signed requests: where every feed stands, and pages of one feed."""

from fastapi import APIRouter, Request, Response

from sync.faces.hub_http import binary, documented
from sync.faces.hub_signed import ANSWER_TYPE, SIGNED_PROBLEMS, SignedDoor
from sync.rules.feed import MOST_REQUEST_BYTES
from sync.services.feeding import Feeding

REQUEST_TYPE = "application/vnd.xuanpin.feed"


def feed_routes(door: SignedDoor, feeding: Feeding) -> APIRouter:
    """Let tills pull."""
    router = APIRouter()

    @router.post(
        "/v1/feeds",
        summary="Tell where all feeds stand for a till's center",
        response_class=Response,
        responses=documented(ANSWER_TYPE, "The signed overview", _PROBLEMS),
        openapi_extra=binary(REQUEST_TYPE, "The cursors that the till has"),
    )
    async def overview(request: Request) -> Response:
        return await door.answered(
            request, MOST_REQUEST_BYTES, lambda sender, body: feeding.overview(sender.center, body)
        )

    @router.post(
        "/v1/feeds/{feed}",
        summary="Give a page of a feed",
        response_class=Response,
        responses=documented(ANSWER_TYPE, "The signed page", _PAGE_PROBLEMS),
        openapi_extra=binary(REQUEST_TYPE, "From where on, and how many rows"),
    )
    async def page(request: Request, feed: str) -> Response:
        return await door.answered(
            request,
            MOST_REQUEST_BYTES,
            lambda sender, body: feeding.page(feed, sender.center, body),
        )

    return router


_PROBLEMS = {**SIGNED_PROBLEMS, 400: "Not a well-formed request"}
_PAGE_PROBLEMS = {
    **_PROBLEMS,
    404: "There is no such feed",
    410: "The feed's epoch is over, or steps no longer lead on: ask for the overview again",
}
