"""How a till asks its hub for something: signed with the hub's challenge, answered signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.hub_client import Answer, exchange, refused_by_hub
from sync.keys import TillKeys
from sync.rules.challenge import (
    CHALLENGE_HEADER,
    is_challenge,
    request_headers,
    request_sha256,
    signed_content,
)
from sync.rules.refusal import N_, Refused
from sync.rules.signed_answer import ENVELOPE_BYTES, read_answer
from sync.stores.enrolment import Enrolment

if TYPE_CHECKING:
    import httpx2

_MOST_CHALLENGE_BYTES = 4096
_UNAUTHENTICATED = 401


class SignedRequests:
    """Asks the hub at which a till is enrolled; used by one thread at a time.

    Each answer brings the next challenge, so a request is one round trip; only the first one,
    and one whose challenge ran out meanwhile, takes another.
    """

    def __init__(self, client: httpx2.Client, keys: TillKeys, enrolment: Enrolment) -> None:
        self._client = client
        self._keys = keys
        self._enrolment = enrolment
        self._challenge = ""

    def ask(
        self, method: str, target: str, body: bytes = b"", *, most_bytes: int
    ) -> Answer | Refused:
        """Ask for `target` (path and query, ASCII); return the content that the hub signed.

        `most_bytes` bounds that content. `hub.unreachable` passes by itself; in `hub.refused`,
        `values["type"]` is the reason that the hub gave.
        """
        fresh = not self._challenge
        if fresh:
            refused = self._fetch()
            if refused is not None:
                return refused
        answer = self._ask(method, target, body, most_bytes)
        if isinstance(answer, Answer) and answer.status == _UNAUTHENTICATED and not fresh:
            answer = self._ask(method, target, body, most_bytes)  # with the one it brought
        if isinstance(answer, Refused) or answer.status == 200:
            return answer
        return refused_by_hub(self._client, answer)

    def _ask(self, method: str, target: str, body: bytes, most_bytes: int) -> Answer | Refused:
        """Ask once, with the challenge at hand; an answer of status 200 is checked."""
        challenge, self._challenge = self._challenge, ""
        enrolment = self._enrolment
        content = signed_content(enrolment.hub_id, challenge, method, target, body)
        headers = request_headers(content, challenge, enrolment.certificate, self._keys.sign)
        answer = exchange(
            self._client, method, target, body, headers, most_bytes=most_bytes + ENVELOPE_BYTES
        )
        if isinstance(answer, Refused):
            return answer
        self._keep_challenge(answer)
        if answer.status != 200:
            return answer
        signed = read_answer(answer.body, enrolment.hub_public, request_sha256(content))
        return signed if isinstance(signed, Refused) else Answer(200, signed, answer.headers)

    def _fetch(self) -> Refused | None:
        answer = exchange(
            self._client, "POST", "/v1/challenge", b"", {}, most_bytes=_MOST_CHALLENGE_BYTES
        )
        if isinstance(answer, Refused):
            return answer
        self._keep_challenge(answer)
        if answer.status == 200 and self._challenge:
            return None
        if answer.status != 200:
            return refused_by_hub(self._client, answer)
        return Refused(
            "hub.no_challenge",
            N_("The hub at {url} gives no challenge."),
            N_("Check that the hub's address leads to a Xuanpin hub of this version."),
            {"url": self._client.base_url},
        )

    def _keep_challenge(self, answer: Answer) -> None:
        challenge = answer.headers.get(CHALLENGE_HEADER, "")
        self._challenge = challenge if is_challenge(challenge) else ""
