"""Webhooks: what the hub tells whoever reads, signed so that they can tell it was the hub.

A message says only that there is something to read and how far it goes; what it is, is read
with a token. Signed as Standard Webhooks 1.0 describes: HMAC-SHA256 over `id.timestamp.body`.
"""

import base64
import hashlib
import hmac
from urllib.parse import urlsplit

import msgspec

from sync.rules.hub_address import is_host_name
from sync.rules.refusal import N_, Refused

SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets of the standard begin with
SECRET_BYTES = 32
MOST_TILLS_A_MESSAGE = 500
MOST_PAUSE_MS = 3_600_000
_FIRST_PAUSE_MS = 5_000
_MOST_DOUBLINGS = 12
_MOST_URL = 2048


class Position(msgspec.Struct, frozen=True):
    """How far a till's orders go: read those behind what you have, up to `arrival`."""

    till: str
    arrival: int


class Message(msgspec.Struct, frozen=True):
    """What is posted: `type` is always `orders.arrived`; `epoch` as in the read API."""

    type: str
    hub_id: str
    epoch: int
    tills: list[Position]


class Signed(msgspec.Struct, frozen=True):
    """A message ready to be sent."""

    headers: dict[str, str]
    body: bytes


def sign_message(message: Message, secret: bytes, at_s: int) -> Signed:
    """Sign a message; the same message has the same id however often it is sent."""
    body = msgspec.json.encode(message)
    name = "msg_" + hashlib.sha256(body).hexdigest()[:32]
    content = f"{name}.{at_s}.".encode() + body
    digest = base64.b64encode(hmac.digest(secret, content, "sha256")).decode()
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{digest}",
    }
    return Signed(headers, body)


def longest_pause_ms(failures: int) -> int:
    """Return the most to wait after so many failures in a row; full jitter takes any part of it.

    >>> [longest_pause_ms(failures) for failures in (1, 2, 3, 99)]
    [10000, 20000, 40000, 3600000]
    """
    return min(MOST_PAUSE_MS, _FIRST_PAUSE_MS << min(failures, _MOST_DOUBLINGS))


def check_url(url: str) -> Refused | None:
    """Refuse what is no address that can be posted to, or has a password in it: it is shown."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        sound = parts.scheme in ("http", "https") and (is_host_name(host) or ":" in host)
        sound = sound and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        sound = False
    if sound and len(url) <= _MOST_URL and url.isprintable() and " " not in url:
        return None
    return Refused(
        "webhook.bad_url",
        N_("“{url}” is no address to post to."),
        N_("Write it like https://shop.example.com/xuanpin."),
        {"url": url[:200]},
    )
