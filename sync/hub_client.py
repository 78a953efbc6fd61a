"""How a till speaks HTTP to its hub: one POST, a bounded answer, and why it failed if it did.

The HTTP library is loaded at first use: a counter is on the screen before it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sync.rules.hub_address import is_hub_address
from sync.rules.refusal import N_, Refused

if TYPE_CHECKING:
    import httpx2

SEGMENT_TYPE = "application/vnd.xuanpin.segment"
_TRANSIENT = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; its meaning is not checked yet."""

    status: int
    body: bytes


class _Problem(msgspec.Struct, frozen=True):
    """What we read of an RFC 9457 problem."""

    title: str = ""
    detail: str = ""


def make_client(url: str, timeout_s: float) -> httpx2.Client | Refused:
    """Make a client for the hub at `url`; the environment's proxies do not apply."""
    import httpx2

    if not is_hub_address(url):
        return _bad_address(url)
    try:
        base = httpx2.URL(url)
    except httpx2.InvalidURL:
        return _bad_address(url)
    return httpx2.Client(base_url=base, timeout=timeout_s, trust_env=False)


def post(
    client: httpx2.Client, path: str, data: bytes, *, content_type: str, most_bytes: int
) -> Answer | Refused:
    """Send `data`; return an answer of status 200 or 409, or say why there is none.

    `hub.unreachable` passes by itself; every other refusal needs a person.
    """
    import httpx2

    try:
        with client.stream(
            "POST", path, content=data, headers={"content-type": content_type}
        ) as response:
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > most_bytes:
                    return _refused_by_hub(client, response.status_code, "too long an answer")
            status = response.status_code
    except httpx2.HTTPError as error:
        return _unreachable(client, error)
    if status in (200, 409):
        return Answer(status, bytes(body))
    if status >= 500 or status in _TRANSIENT:
        return _unreachable(client, f"HTTP {status}")
    return _refused_by_hub(client, status, _problem(bytes(body)))


def is_transient(refused: Refused) -> bool:
    """Tell whether a failure passes by itself, so that trying again is all there is to do."""
    return refused.reason == "hub.unreachable"


def _problem(body: bytes) -> str:
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except ValueError:
        return ""
    return problem.detail or problem.title


def _unreachable(client: httpx2.Client, problem: object) -> Refused:
    return Refused(
        "hub.unreachable",
        N_("The hub at {url} does not answer ({problem})."),
        N_("Nothing is lost: what is sold stays here and is sent later."),
        {"url": client.base_url, "problem": str(problem) or type(problem).__name__},
    )


def _refused_by_hub(client: httpx2.Client, status: int, problem: str) -> Refused:
    return Refused(
        "hub.refused",
        N_("The hub at {url} refused ({status} {problem})."),
        N_("Check the hub's address and this till's enrolment; what is sold stays here."),
        {"url": client.base_url, "status": status, "problem": problem},
    )


def _bad_address(url: str) -> Refused:
    return Refused(
        "hub.bad_address",
        N_("“{url}” is not the address of a hub."),
        N_("Write it like http://192.0.2.10:8000 ([hub] url, or enrol --hub)."),
        {"url": url},
    )
