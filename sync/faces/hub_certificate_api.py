"""Where a till asks for its newest certificate."""

from fastapi import APIRouter, Request, Response

from sync.faces.hub_http import documented
from sync.faces.hub_signed import ANSWER_TYPE, SIGNED_PROBLEMS, SignedDoor
from sync.rules.refusal import Refused
from sync.services.authenticating import Sender
from sync.services.renewing import Renewing


def certificate_routes(renewing: Renewing, door: SignedDoor) -> APIRouter:
    """What a till asks before its certificate runs out, or after."""
    router = APIRouter()

    @router.post(
        "/v1/certificate",
        summary="Get this till's newest certificate, renewed if it is due",
        response_class=Response,
        responses=documented(ANSWER_TYPE, "110 bytes, signed for this request", _PROBLEMS),
    )
    async def certificate(request: Request) -> Response:
        return await door.answered(request, 0, renewed, even_expired=True)

    def renewed(sender: Sender, _body: bytes) -> bytes | Refused:
        return renewing.renew(sender)

    return router


_PROBLEMS = SIGNED_PROBLEMS | {422: "The hub has given all its card counters"}
