"""Reading a receipt's token back, as whoever knows the till's key does."""

import base64
import struct
import uuid
from datetime import date, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pos.rules.receipt_token import DOMAIN, PREFIX, ReceiptToken

CONTENT_BYTES = 41


def signed_bytes(text: str) -> bytes:
    digits = text.removeprefix(PREFIX)
    return base64.b32decode(digits + "=" * (-len(digits) % 8))


def read_token(signed: bytes, public: bytes) -> ReceiptToken:
    """Read the documented layout; raises `InvalidSignature` unless `public` signed it."""
    content, signature = signed[:CONTENT_BYTES], signed[CONTENT_BYTES:]
    Ed25519PublicKey.from_public_bytes(public).verify(signature, DOMAIN + content)
    assert content[0] == 1
    (days,) = struct.unpack(">H", content[33:35])
    return ReceiptToken(
        install=content[1:17].hex(),
        order_id=str(uuid.UUID(bytes=content[17:33])),
        day=date(2020, 1, 1) + timedelta(days),
        paid_fen=int.from_bytes(content[35:41], "big"),
    )
