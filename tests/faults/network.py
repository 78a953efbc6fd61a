"""What lies between a till and its hub: it loses, doubles, delays, cuts and forges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.rules import reply, segment

SEGMENTS = "/v1/segments"
_FORGER = Ed25519PrivateKey.from_private_bytes(b"f" * 32)


@dataclass
class Network:
    """One till's way to the hub. `faults` happen to the next requests, one each, in order.

    `late` are requests that were lost on the way and may still arrive, without their sender.
    """

    deliver: Callable[[httpx2.Request], httpx2.Response]
    faults: list[tuple[str, int]] = field(default_factory=list)
    late: list[httpx2.Request] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    seen: int = 0
    answers: list[bytes] = field(default_factory=list)

    def carry(self, request: httpx2.Request) -> httpx2.Response:
        """Bring a request to the hub and its answer back, or do what the next fault says."""
        name, draw = self.faults.pop(0) if self.faults else ("", 0)
        if name not in _NEVER_SENT:
            _say_sent(request)
        if not name:
            return self._arrive(request)
        answer = FAULTS[name](self, request, draw)
        if name not in _NEED_A_REQUEST_BEFORE or self.seen:
            self.met.append(name)
        if isinstance(answer, httpx2.Response):
            return answer
        raise answer

    def _arrive(self, request: httpx2.Request) -> httpx2.Response:
        answer = self.deliver(request)
        self.seen += 1
        if answer.status_code == 200:
            self.answers.append(answer.content)
        return answer

    def arrive_late(self, draw: int) -> None:
        """Let one of the delayed requests arrive now; its answer reaches nobody."""
        self._try(self.late.pop(draw % len(self.late)))

    def _try(self, request: httpx2.Request) -> None:
        try:
            self._arrive(request)
        except httpx2.TransportError:
            return


Outcome = httpx2.Response | httpx2.TransportError
_NEED_A_REQUEST_BEFORE = ("an older reply",)
_NEVER_SENT = ("request lost", "request late")


def _say_sent(request: httpx2.Request) -> None:
    """Tell the sender, as sockets do, that a network has taken all: it works meanwhile."""
    trace = request.extensions.get("trace")
    if trace is not None:
        trace("http11.send_request_body.complete", {})


def _request_lost(_net: Network, _request: httpx2.Request, _draw: int) -> Outcome:
    return httpx2.ConnectError("lost")


def _request_late(net: Network, request: httpx2.Request, _draw: int) -> Outcome:
    net.late.append(request)
    return httpx2.ConnectTimeout("late")


def _reply_lost(net: Network, request: httpx2.Request, _draw: int) -> Outcome:
    net._arrive(request)
    return httpx2.ReadTimeout("lost")


def _twice(net: Network, request: httpx2.Request, draw: int) -> Outcome:
    for _ in range(1 + draw % 2):
        net._try(request)
    return net._arrive(request)


def _half_reply(net: Network, request: httpx2.Request, draw: int) -> Outcome:
    answer = net._arrive(request)
    cut = answer.content[: draw % max(1, len(answer.content))]
    return httpx2.Response(answer.status_code, content=cut, headers=answer.headers)


def _older_reply(net: Network, request: httpx2.Request, draw: int) -> Outcome:
    known = list(net.answers)
    answer = net._arrive(request)
    return httpx2.Response(200, content=known[draw % len(known)]) if known else answer


def _reply_altered(net: Network, request: httpx2.Request, draw: int) -> Outcome:
    answer = net._arrive(request)
    if draw % 3 == 0 and answer.status_code == 200 and request.url.path == SEGMENTS:
        return httpx2.Response(200, content=_resigned_reply(answer.content))
    flipped = _flipped(answer.content, draw)
    return httpx2.Response(answer.status_code, content=flipped, headers=answer.headers)


def _request_altered(net: Network, request: httpx2.Request, draw: int) -> Outcome:
    pushed = request.url.path == SEGMENTS
    forge = (_flipped, _flipped_inside, _resigned)[draw % 3] if pushed else _flipped
    forged = forge(request.content, draw // 3)
    headers = {**request.headers, "content-length": str(len(forged))}
    altered = httpx2.Request(request.method, request.url, headers=headers, content=forged)
    return net.deliver(altered)


def _hub_busy(_net: Network, _request: httpx2.Request, draw: int) -> Outcome:
    return httpx2.Response((500, 502, 503, 429)[draw % 4], content=b"<html>")


FAULTS: dict[str, Callable[[Network, httpx2.Request, int], Outcome]] = {
    "request lost": _request_lost,
    "request late": _request_late,
    "reply lost": _reply_lost,
    "request doubled": _twice,
    "half a reply": _half_reply,
    "an older reply": _older_reply,
    "reply altered": _reply_altered,
    "request altered": _request_altered,
    "hub busy": _hub_busy,
}


def _flipped(data: bytes, draw: int) -> bytes:
    """Change one bit."""
    if not data:
        return b"?"
    changed = bytearray(data)
    changed[(draw >> 3) % len(changed)] ^= 1 << (draw & 7)
    return bytes(changed)


def _flipped_inside(data: bytes, draw: int) -> bytes:
    """Change one bit of what is inside the compressed frame."""
    raw = zstandard.ZstdDecompressor().decompress(data, max_output_size=segment.MOST_UNPACKED_BYTES)
    return zstandard.ZstdCompressor().compress(_flipped(raw, draw))


def _resigned(data: bytes, _draw: int) -> bytes:
    """Sign a true segment's head with a key that no hub has certified."""
    raw = zstandard.ZstdDecompressor().decompress(data, max_output_size=segment.MOST_UNPACKED_BYTES)
    wire: list[Any] = msgspec.msgpack.decode(raw)
    wire[2] = _FORGER.sign(segment.DOMAIN + wire[1])
    return zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(wire))


def _resigned_reply(data: bytes) -> bytes:
    """Sign a true reply as another hub would, saying that the hub has everything."""
    signed: list[Any] = msgspec.msgpack.decode(data)
    answer: list[Any] = msgspec.msgpack.decode(signed[1])
    for mark in answer[3]:
        mark[1] += 3
    signed[1] = msgspec.msgpack.encode(answer)
    signed[2] = _FORGER.sign(reply.DOMAIN + signed[1])
    return msgspec.msgpack.encode(signed)
