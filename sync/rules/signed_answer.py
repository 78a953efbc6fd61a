"""The hub's signed answer to a signed request: content bound to exactly that request."""

import msgspec

from sync.rules.certificate import Sign
from sync.rules.decoding import from_msgpack
from sync.rules.refusal import N_, Refused
from sync.rules.signatures import verify

DOMAIN = b"xuanpin.answer.1\0"
ENVELOPE_BYTES = 128  # what an answer is longer than its content, at most


class _Signed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    content: bytes
    signature: bytes


def make_answer(content: bytes, request_sha256: bytes, sign: Sign) -> bytes:
    """Return the answer's bytes as sent; `sign` is the hub's."""
    signature = sign(DOMAIN + request_sha256 + content)
    return msgspec.msgpack.encode(_Signed(1, content, signature))


def read_answer(data: bytes, hub_public: bytes, request_sha256: bytes) -> bytes | Refused:
    """Return the content; refused unless this hub signed it for exactly this request."""
    try:
        signed = from_msgpack(data, _Signed)
    except ValueError:
        return _malformed()
    if signed.version != 1:
        return _malformed()
    if not verify(hub_public, signed.signature, DOMAIN + request_sha256 + signed.content):
        return Refused(
            "answer.forged",
            N_("The answer is not signed by this till's hub for this request."),
            N_("Check the hub's address and the network; nothing was changed here."),
        )
    return signed.content


def _malformed() -> Refused:
    return Refused(
        "answer.malformed",
        N_("The hub's answer is malformed."),
        N_("Check that the hub's address leads to a Xuanpin hub; nothing was changed here."),
    )
