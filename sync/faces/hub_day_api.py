"""A center's business day over HTTP: signed requests of its own tills, signed answers."""

from collections.abc import Callable

import msgspec
from fastapi import APIRouter, Request, Response

from sync.faces.hub_http import JSON, binary, documented
from sync.faces.hub_signed import ANSWER_TYPE, SIGNED_PROBLEMS, SignedDoor
from sync.rules.center_day import Settlement
from sync.rules.day_report import pack_page
from sync.rules.decoding import from_json
from sync.rules.refusal import N_, Refused
from sync.services.authenticating import Sender
from sync.services.center_days import CenterDays

_MOST_SETTLEMENT_BYTES = 4096
_DIGEST_DIGITS = 64
_PROBLEMS = {**SIGNED_PROBLEMS, 422: "Not a day, or no such place"}


def day_routes(door: SignedDoor, days: CenterDays) -> APIRouter:
    """What tills ask about a day of their own center, and how a person settles exceptions."""
    router = APIRouter()
    _add_totals(router, door, days)
    _add_pages(router, door, days)
    _add_settling(router, door, days)
    return router


def _add_totals(router: APIRouter, door: SignedDoor, days: CenterDays) -> None:
    @router.get(
        "/v1/center/day",
        summary="What the hub has of each till of the sender's center for a day",
        response_class=Response,
        responses=documented(ANSWER_TYPE, "Signed; the content is a CenterDay as JSON", _PROBLEMS),
        openapi_extra=_parameters(
            day="The business day, like 2026-11-22",
            run="A run of the sender whose mark it wants as well",
        ),
    )
    async def center_day(request: Request) -> Response:
        asked = request.query_params
        day, run = asked.get("day", ""), asked.get("run", "")
        return await door.answered(
            request, 0, lambda sender, _: _content(days.day(sender.center, day, sender.till, run))
        )


def _add_pages(router: APIRouter, door: SignedDoor, days: CenterDays) -> None:
    @router.get(
        "/v1/center/day/entries",
        summary="What the hub booked of the sender itself for a day, page by page",
        response_class=Response,
        responses=documented(ANSWER_TYPE, "Signed; the content is a Page as JSON", _PROBLEMS),
        openapi_extra=_parameters(
            day="The business day, like 2026-11-22",
            kind="Kind of the last entry seen; empty to begin",
            id="Id of the last entry seen",
            digest="Digest of its body, 64 hex digits",
        ),
    )
    async def entries(request: Request) -> Response:
        return await door.answered(request, 0, _entries(days, request))

    @router.get(
        "/v1/center/day/recorded",
        summary="What the tills of the sender's center recorded for a day, with bodies",
        response_class=Response,
        responses=documented(
            ANSWER_TYPE, "Signed; the content is a RecordedPage: MessagePack in zstd", _PROBLEMS
        ),
        openapi_extra=_parameters(
            day="The business day, like 2026-11-22",
            after="Where the page before ended, as it said; empty to begin",
        ),
    )
    async def recorded(request: Request) -> Response:
        asked = request.query_params
        day, after = asked.get("day", ""), asked.get("after", "")

        def answer(sender: Sender, _body: bytes) -> bytes | Refused:
            page = days.recorded(sender.center, day, after)
            return page if isinstance(page, Refused) else pack_page(page)

        return await door.answered(request, 0, answer)


def _add_settling(router: APIRouter, door: SignedDoor, days: CenterDays) -> None:
    @router.post(
        "/v1/center/settle",
        summary="Settle an exception of a till of the sender's center with a reason",
        response_class=Response,
        responses=documented(
            ANSWER_TYPE,
            "Signed; the content is what is settled now, as JSON",
            {**SIGNED_PROBLEMS, 400: "Not a settlement", 404: "No such exception", 422: "Words"},
        ),
        openapi_extra=binary(JSON, "Till, kind, run, seq, about, reason and who"),
    )
    async def settle(request: Request) -> Response:
        return await door.answered(
            request, _MOST_SETTLEMENT_BYTES, lambda sender, body: _settle(days, sender, body)
        )


def _entries(days: CenterDays, request: Request) -> Callable[[Sender, bytes], bytes | Refused]:
    asked = request.query_params
    after = (asked.get("kind", ""), asked.get("id", ""), asked.get("digest", ""))

    def answer(sender: Sender, _body: bytes) -> bytes | Refused:
        kind, own_id, digits = after
        try:
            digest = bytes.fromhex(digits)
        except ValueError:
            return _bad_place()
        if len(digits) not in (0, _DIGEST_DIGITS):
            return _bad_place()
        return _content(days.entries(sender.till, asked.get("day", ""), (kind, own_id, digest)))

    return answer


def _settle(days: CenterDays, sender: Sender, body: bytes) -> bytes | Refused:
    try:
        said = from_json(body, Settlement)
    except ValueError:
        return Refused(
            "settle.unreadable",
            N_("The request does not say what to settle."),
            N_("Settle exceptions with `xuanpin sync settle` or on the screen `xuanpin sync`."),
        )
    return _content(days.settle(sender.till, sender.center, said))


def _content(answer: object | Refused) -> bytes | Refused:
    return answer if isinstance(answer, Refused) else msgspec.json.encode(answer)


def _bad_place() -> Refused:
    return Refused("day.bad_place", N_("That is no place to go on from."))


def _parameters(**meanings: str) -> dict[str, object]:
    return {
        "parameters": [
            {"name": name, "in": "query", "description": said, "schema": {"type": "string"}}
            for name, said in meanings.items()
        ]
    }
