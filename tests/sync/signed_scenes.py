"""A till that signs requests to the hub behind its web application, honestly or not."""

import base64
from collections.abc import Mapping

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.hub_requests import SignedRequests
from sync.keys import HubKeys, TillKeys
from sync.rules.challenge import CHALLENGE_HEADER, request_headers, signed_content
from sync.stores.enrolment import Enrolment

from .hub_scenes import Scribe, WebHub
from .tills import START_MS, URL


def enrolment_of(scribe: Scribe, hub: HubKeys, center: int = 1) -> Enrolment:
    return Enrolment(
        hub_url=URL,
        hub_id=hub.hub_id,
        hub_public=hub.public,
        hub_seal_public=hub.seal_public,
        certificate=scribe.certificate,
        number=1,
        center=center,
        name="ZZ-01",
        enrolled_at_ms=START_MS,
    )


def keys_of(scribe: Scribe) -> TillKeys:
    return TillKeys(scribe.install, scribe.key.public_key().public_bytes_raw(), scribe.key)


def requests_of(scribe: Scribe, hub: WebHub, client: httpx2.Client | None = None) -> SignedRequests:
    return SignedRequests(client or hub.client, keys_of(scribe), enrolment_of(scribe, hub.keys))


def challenge_of(hub: WebHub) -> str:
    answer = hub.client.post("/v1/challenge")
    assert answer.status_code == 200
    assert answer.json() == {"challenge": answer.headers[CHALLENGE_HEADER]}
    return str(answer.headers[CHALLENGE_HEADER])


def headers_of(
    scribe: Scribe,
    challenge: str,
    target: str,
    body: bytes = b"",
    *,
    method: str = "POST",
    hub_id: str = "",
    key: Ed25519PrivateKey | None = None,
    certificate: bytes = b"",
) -> dict[str, str]:
    content = signed_content(hub_id or scribe.hub.hub_id, challenge, method, target, body)
    return request_headers(
        content, challenge, certificate or scribe.certificate, (key or scribe.key).sign
    )


def refused(
    hub: WebHub, target: str, headers: Mapping[str, str], status: int, body: bytes = b""
) -> str:
    """Post what must be refused: state unchanged, the reason comes back with a challenge."""
    before = hub.state()
    answer = hub.client.post(target, content=body, headers=dict(headers))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert hub.state() == before
    return str(answer.json()["type"]).removeprefix("urn:xuanpin:")


def altered(text: str) -> str:
    """Flip a bit in the middle of what a header carries."""
    data = bytearray(base64.b64decode(text))
    data[len(data) // 2] ^= 1
    return base64.b64encode(data).decode("ascii")
