"""The token behind a receipt's QR: which order, how much was paid, signed by its till.

It lets a page ask for an invoice or show the order without trusting who holds the paper. Version
u8, install id 16 bytes, order id 16 bytes, day u16 (days since 2020-01-01), paid fen u48, all
big-endian, then the till's Ed25519 signature over a domain and those 41 bytes; base32.
"""

import base64
import binascii
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sync.rules.refusal import N_, Refused

PREFIX = "XR1:"
DOMAIN = b"xuanpin.receipt.1\0"
_VERSION = 1
_LAYOUT = struct.Struct(">B16s16sHHI")
_SIGNATURE_BYTES = 64
_EPOCH = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class ReceiptToken:
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
        (token.day - _EPOCH).days,
        high,
        low,
    )
    signed = content + sign(DOMAIN + content)
    return PREFIX + base64.b32encode(signed).decode("ascii").rstrip("=")


def receipt_link(token: str, template: str) -> str:
    """Put a token into `[order_link] receipt_url`; without one the token stands alone."""
    return template.format(token=token) if template else token


def read_receipt_token(
    text: str, verify: Callable[[str, bytes, bytes], bool]
) -> ReceiptToken | Refused:
    """Read a token in any letter case; `verify(install, signature, data)` knows the tills' keys.

    Refused when it is no token, or when the till it names did not sign it.
    """
    signed = _decode(text.strip())
    if signed is None:
        return Refused(
            "receipt.bad_token",
            N_("This is not a receipt's code."),
            N_("Scan the square code at the foot of the receipt."),
        )
    content, signature = signed[: _LAYOUT.size], signed[_LAYOUT.size :]
    _, install, order, days, high, low = _LAYOUT.unpack(content)
    if not verify(install.hex(), signature, DOMAIN + content):
        return Refused(
            "receipt.forged_token",
            N_("No till of ours signed this receipt's code."),
            N_("Look the order up by its receipt number."),
        )
    return ReceiptToken(
        install.hex(), str(uuid.UUID(bytes=order)), _EPOCH + timedelta(days), high << 32 | low
    )


def _decode(text: str) -> bytes | None:
    if text[: len(PREFIX)].upper() != PREFIX:
        return None
    digits = text[len(PREFIX) :].upper()
    try:
        signed = base64.b32decode(digits + "=" * (-len(digits) % 8))
    except (binascii.Error, ValueError):
        return None
    whole = len(signed) == _LAYOUT.size + _SIGNATURE_BYTES
    return signed if whole and signed[0] == _VERSION else None
