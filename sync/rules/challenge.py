"""Signed requests: a till answers the hub's one-time challenge for exactly one request.

What is signed is the hub's id, the challenge, method, path with query, and the body's digest, so
a request recorded on the way fits no other moment, place or content. A challenge is a nonce and
the moment it runs out under the hub's own MAC: the hub stores nothing by handing one out.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping

import msgspec

from sync.rules.certificate import CERTIFICATE_BYTES, Sign
from sync.rules.refusal import N_, Refused
from sync.rules.signatures import SIGNATURE_BYTES

DOMAIN = b"xuanpin.request.1\0"
CHALLENGE_HEADER = "xuanpin-challenge"
CERTIFICATE_HEADER = "xuanpin-certificate"
SIGNATURE_HEADER = "xuanpin-signature"
CHALLENGE_MS = 60_000
NONCE_BYTES = 16
_MAC_BYTES = 16
_MOMENT_BYTES = 8
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{54}")
_MAC_DOMAIN = b"xuanpin.challenge.1\0"

Mac = Callable[[bytes], bytes]


class Challenge(msgspec.Struct, frozen=True):
    """A nonce of 16 bytes and the moment it runs out, in the hub's Unix milliseconds."""

    nonce: bytes
    expires_ms: int


class Presented(msgspec.Struct, frozen=True):
    """What a request's headers say: nothing of it is checked yet but its form."""

    challenge: str
    certificate: bytes
    signature: bytes


def make_challenge(nonce: bytes, now_ms: int, mac: Mac) -> str:
    """Write a challenge that is good for a minute: 54 letters, digits, `-` and `_`."""
    assert len(nonce) == NONCE_BYTES
    content = nonce + (now_ms + CHALLENGE_MS).to_bytes(_MOMENT_BYTES, "big")
    return base64.urlsafe_b64encode(content + _mac(mac, content)).decode("ascii").rstrip("=")


def read_challenge(text: str, now_ms: int, mac: Mac) -> Challenge | Refused:
    """Read a challenge at the hub; refused if this hub did not make it, or it has run out.

    One that runs out further ahead than two minutes was made before the hub's clock went back.
    """
    if not _CHALLENGE.fullmatch(text):
        return _no_challenge()
    data = base64.urlsafe_b64decode(text + "==")
    content = data[:-_MAC_BYTES]
    if not hmac.compare_digest(data[-_MAC_BYTES:], _mac(mac, content)):
        return _no_challenge()
    expires_ms = int.from_bytes(content[NONCE_BYTES:], "big")
    if not 0 < expires_ms - now_ms <= 2 * CHALLENGE_MS:
        return _expired()
    return Challenge(content[:NONCE_BYTES], expires_ms)


def is_challenge(text: str) -> bool:
    """Tell whether a text has the form of a challenge; all that a till can know of one."""
    return _CHALLENGE.fullmatch(text) is not None


def signed_content(hub_id: str, challenge: str, method: str, target: str, body: bytes) -> bytes:
    """Return what a till signs; `target` is path and query as they stand in the request."""
    digest = hashlib.sha256(body).digest()
    return DOMAIN + msgspec.msgpack.encode((hub_id, challenge, method, target, digest))


def request_sha256(content: bytes) -> bytes:
    """Return the digest of a request's signed content, by which the hub's answer names it."""
    return hashlib.sha256(content).digest()


def request_headers(
    content: bytes, challenge: str, certificate: bytes, sign: Sign
) -> dict[str, str]:
    """Return the headers that make a request a till's own; `sign` is the till's."""
    return {
        CHALLENGE_HEADER: challenge,
        CERTIFICATE_HEADER: base64.b64encode(certificate).decode("ascii"),
        SIGNATURE_HEADER: base64.b64encode(sign(content)).decode("ascii"),
    }


def read_headers(headers: Mapping[str, str]) -> Presented | Refused:
    """Read the headers of a request; refused if one is missing or not of its length."""
    challenge = headers.get(CHALLENGE_HEADER, "")
    certificate = _decoded(headers.get(CERTIFICATE_HEADER, ""), CERTIFICATE_BYTES)
    signature = _decoded(headers.get(SIGNATURE_HEADER, ""), SIGNATURE_BYTES)
    if not challenge or certificate is None or signature is None:
        return Refused(
            "request.unsigned",
            N_("The request is not signed by a till."),
            N_("Ask for a challenge and sign the request with it."),
        )
    return Presented(challenge, certificate, signature)


def _decoded(text: str, length: int) -> bytes | None:
    if len(text) != (length + 2) // 3 * 4:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if len(data) == length else None


def _mac(mac: Mac, content: bytes) -> bytes:
    return mac(_MAC_DOMAIN + content)[:_MAC_BYTES]


def _no_challenge() -> Refused:
    return Refused(
        "request.challenge",
        N_("The request does not carry a challenge of this hub."),
        N_("Ask this hub for a challenge and sign the request with it."),
    )


def _expired() -> Refused:
    return Refused(
        "request.expired",
        N_("The request's challenge has run out."),
        N_("Ask for a new challenge and sign the request again."),
    )
