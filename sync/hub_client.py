"""How a till speaks HTTP to its hub: one request, a bounded answer, why it failed if it did.

The HTTP library is loaded at first use: a counter is on the screen before it is needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sync.rules.decoding import from_json
from sync.rules.hub_address import is_hub_address
from sync.rules.refusal import N_, Refused
from sync.rules.system_words import NO_HTTPS, phrase_of

if TYPE_CHECKING:
    import httpx2

SEGMENT_TYPE = "application/vnd.xuanpin.segment"
PROBLEM_PREFIX = "urn:xuanpin:"
MOST_WAITS = 12
_MOST_SAID = 1000
_NO_TYPE = "about:blank"
_NO_TIMEOUT_S = 10
_TRANSIENT = frozenset({408, 425, 429})
UNREACHABLE = "hub.unreachable"
STRANGER = "hub.stranger"
_PAGES = frozenset({"text/html", "application/xhtml+xml"})


class Answer(msgspec.Struct, frozen=True):
    """A complete answer; its meaning is not checked yet. `headers` have lower-case names."""

    status: int
    body: bytes
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)


class _Problem(msgspec.Struct, frozen=True):
    """What we read of an RFC 9457 problem."""

    type: str = ""
    title: str = ""
    detail: str = ""


def make_client(
    url: str, timeout_s: float, ca: Path | None = None, language: str = "en"
) -> httpx2.Client | Refused:
    """Make a client for the hub at `url`; the environment's proxies do not apply.

    With `ca`, only https is spoken, and only that CA's certificates are believed. The hub says in
    `language` why it refuses.
    """
    import httpx2

    if not is_hub_address(url):
        return _bad_address(url)
    try:
        base = httpx2.URL(url)
    except httpx2.InvalidURL:
        return _bad_address(url)
    headers = {"accept-language": language}
    if ca is None:
        return httpx2.Client(base_url=base, timeout=timeout_s, trust_env=False, headers=headers)
    if base.scheme != "https":
        return _not_https(url)
    from sync.tls import trusting_only

    context = trusting_only(ca)
    if isinstance(context, Refused):
        return context
    return httpx2.Client(
        base_url=base, timeout=timeout_s, trust_env=False, headers=headers, verify=context
    )


def post(
    client: httpx2.Client,
    path: str,
    data: bytes,
    *,
    content_type: str,
    most_bytes: int,
    sent: Callable[[], None] | None = None,
) -> Answer | Refused:
    """Send `data`; return an answer of status 200 or 409, or say why there is none.

    `hub.unreachable` passes by itself; every other refusal needs a person. `sent` is called when
    a network has taken everything and only the answer is waited for.
    """
    headers = {"content-type": content_type}
    answer = exchange(client, "POST", path, data, headers, most_bytes=most_bytes, sent=sent)
    if isinstance(answer, Refused) or answer.status in (200, 409):
        return answer
    return refused_by_hub(client, answer)


def exchange(
    client: httpx2.Client,
    method: str,
    target: str,
    data: bytes,
    headers: Mapping[str, str],
    *,
    most_bytes: int,
    sent: Callable[[], None] | None = None,
) -> Answer | Refused:
    """Make one request; return the answer of any status that will not pass by itself.

    Refused as `hub.unreachable` if there is none, and if the hub says it cannot now; as
    `hub.stranger` if a network's sign-in page, or whatever leads there, answers. An answer is
    never unpacked, never longer than `most_bytes`, and never waited for longer than
    `MOST_WAITS` times the client's time-out, however it trickles in.
    """
    import httpx2

    until_s = time.monotonic() + MOST_WAITS * (client.timeout.read or _NO_TIMEOUT_S)
    try:
        with client.stream(
            method,
            target,
            content=data,
            headers={"accept-encoding": "identity", **headers},
            extensions={} if sent is None else {"trace": partial(_trace, sent)},
        ) as response:
            if _is_page(response):
                return _stranger(client, response.status_code)
            body = _bounded(response, most_bytes, until_s)
    except httpx2.HTTPError as error:
        return _failed(client, error)
    answer = Answer(response.status_code, body or b"", dict(response.headers))
    if body is None:
        return _unreadable(client, answer.status)
    if answer.status >= 500 or answer.status in _TRANSIENT:
        return _unreachable(client, f"HTTP {answer.status}")
    return answer


def _is_page(response: httpx2.Response) -> bool:
    """Tell a page for people, or the way to one; a hub says neither, nor does one that refuses."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.is_redirect or (response.is_success and kind in _PAGES)


def _trace(sent: Callable[[], None], event: str, _about: object) -> None:
    if event.endswith("send_request_body.complete"):
        sent()


def _bounded(response: httpx2.Response, most_bytes: int, until_s: float) -> bytes | None:
    import httpx2

    if response.headers.get("content-encoding", "identity") != "identity":
        return None  # what a few packed bytes unpack to has no bound
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > most_bytes:
            return None
        if time.monotonic() > until_s:
            raise httpx2.ReadTimeout("the answer takes too long", request=response.request)
    return bytes(body)


def is_transient(refused: Refused) -> bool:
    """Tell whether a failure passes by itself, so that trying again is all there is to do.

    So does a network's sign-in page that answers in the hub's place.
    """
    return refused.reason in (UNREACHABLE, STRANGER)


def refused_by_hub(client: httpx2.Client, answer: Answer) -> Refused:
    """Refuse in the hub's own words, which advise too; `values["type"]` is its problem's type.

    It was asked to say them in this till's language. The type is empty where what answers gave
    none, as something that is no hub does; then there are no words of it.
    """
    said = _problem(answer.body)
    kind = said.type.removeprefix(PROBLEM_PREFIX) if said.type != _NO_TYPE else ""
    values = {"url": client.base_url, "status": answer.status, "type": kind}
    words = (said.detail or said.title)[:_MOST_SAID] if kind else ""
    if words:
        message = N_("The hub at {url} refused: {problem}")
        return Refused("hub.refused", message, "", {**values, "problem": words})
    return Refused("hub.refused", N_("The hub at {url} refused (HTTP {status})."), _CHECK, values)


def _unreadable(client: httpx2.Client, status: int) -> Refused:
    return Refused(
        "hub.refused",
        N_("What answers at {url} says more than a hub does, or packs what it says."),
        _CHECK,
        {"url": client.base_url, "status": status, "type": ""},
    )


_CHECK = N_("Check the hub's address and this till's enrolment; what is sold stays here.")


def _problem(body: bytes) -> _Problem:
    try:
        return from_json(body, _Problem)
    except ValueError:
        return _Problem()


def _unreachable(client: httpx2.Client, problem: str) -> Refused:
    return Refused(
        UNREACHABLE,
        N_("The hub at {url} does not answer ({problem})."),
        N_("Nothing is lost: what is sold stays here and is sent later."),
        {"url": client.base_url, "problem": problem},
    )


def _stranger(client: httpx2.Client, status: int) -> Refused:
    return Refused(
        STRANGER,
        N_("What answers at {url} is a web page and no hub (HTTP {status})."),
        N_("Sign in to the network, or check the hub's address; what is sold stays here."),
        {"url": client.base_url, "status": status},
    )


def _failed(client: httpx2.Client, error: httpx2.HTTPError) -> Refused:
    from sync.tls import is_distrust, is_no_https

    if is_distrust(error):
        return _untrusted(client)
    return _unreachable(client, NO_HTTPS if is_no_https(error) else phrase_of(error))


def _untrusted(client: httpx2.Client) -> Refused:
    return Refused(
        "hub.untrusted",
        N_("What answers at {url} has no certificate of the CA that this till believes."),
        N_("Check [hub] ca and the hub's address; nothing was sent, what is sold stays here."),
        {"url": client.base_url},
    )


def _not_https(url: str) -> Refused:
    return Refused(
        "hub.not_https",
        N_("[hub] ca is set, but {url} is not https."),
        N_("Write the hub's address with https://, or leave ca empty."),
        {"url": url},
    )


def _bad_address(url: str) -> Refused:
    return Refused(
        "hub.bad_address",
        N_("“{url}” is not the address of a hub."),
        N_("Write it like http://192.0.2.10:8000 ([hub] url, or enrol --hub)."),
        {"url": url},
    )
