"""The token behind a receipt's QR: which order, how much was paid, signed by its till.

It lets a page ask for an invoice or show the order without trusting who holds the paper. Version
u8, install id 16 bytes, order id 16 bytes, day u16 (days since 2020-01-01, the nearest that fits:
a till whose clock was lost sells on), paid fen u48, all big-endian, then the till's Ed25519
signature over a domain and those 41 bytes; base32.
"""

import base64
import struct
import uuid
from collections.abc import Callable
from datetime import date

import msgspec

PREFIX = "XR1:"
DOMAIN = b"xuanpin.receipt.1\0"
_VERSION = 1
_LAYOUT = struct.Struct(">B16s16sHHI")
_EPOCH = date(2020, 1, 1)
_LAST_DAY = 2**16 - 1


class ReceiptToken(msgspec.Struct, frozen=True):
    """What a receipt's token says; `install` is the till's install id in hex."""

    install: str
    order_id: str
    day: date
    paid_fen: int


def write_receipt_token(token: ReceiptToken, sign: Callable[[bytes], bytes]) -> str:
    """Sign a receipt's token with the till's key and write it as text for a QR code."""
    high, low = divmod(token.paid_fen, 1 << 32)
    content = _LAYOUT.pack(
        _VERSION,
        bytes.fromhex(token.install),
        uuid.UUID(token.order_id).bytes,
        min(max((token.day - _EPOCH).days, 0), _LAST_DAY),
        high,
        low,
    )
    signed = content + sign(DOMAIN + content)
    return PREFIX + base64.b32encode(signed).decode("ascii").rstrip("=")


def receipt_link(token: str, template: str) -> str:
    """Put a token into `[order_link] receipt_url`; without one the token stands alone."""
    return template.format(token=token) if template else token
