"""Mobile phone numbers: read as typed, kept only as a keyed hash, four digits and a sealed copy."""

import hashlib
import hmac
import re

import msgspec

from sync.rules.entry import SALT_BYTES, Private
from sync.rules.refusal import N_, Refused
from sync.rules.sealing import ENTROPY_BYTES as SEAL_ENTROPY_BYTES
from sync.rules.sealing import seal

ENTROPY_BYTES = SALT_BYTES + SEAL_ENTROPY_BYTES
_DOMAIN = b"xuanpin.phone.1\0"
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_BETWEEN_DIGITS = re.compile(r"[\s\-‐‑–—.()（）·]")
_COUNTRY = re.compile(r"(?:\+|00)?86(?=1[0-9]{10}$)")
_HALF_WIDTH = {0xFF01 + code: 0x21 + code for code in range(0x5E)}


class PhoneToken(msgspec.Struct, frozen=True):
    """What a till keeps of a phone number: nothing that tells the number without a key.

    `hash` is 64 hex digits, keyed with the center's phone-hash key; `private` holds the
    number sealed to the hub, for the journal entry's private part.
    """

    hash: str
    last4: str
    private: Private


def normalise(text: str) -> str | Refused:
    """Read a Chinese mobile number as typed: 11 digits, whatever the width and spacing.

    A leading +86, 0086 or 86 is dropped. The refusal never repeats what was typed.

    >>> normalise(" +86 138-0013-8000 ")
    '13800138000'
    """
    joined = _BETWEEN_DIGITS.sub("", text.translate(_HALF_WIDTH))
    number = _COUNTRY.sub("", joined)
    if _MOBILE.fullmatch(number):
        return number
    count = sum(character.isdigit() for character in joined)
    return Refused(
        "phone.not_a_number",
        N_("This is not a mobile phone number ({count} digits).")
        if count
        else N_("This is not a mobile phone number."),
        N_("Type 11 digits that start with 13 to 19."),
        {"count": count},
    )


def phone_hash(number: str, phone_key: bytes) -> str:
    """Return the keyed hash (HMAC-SHA256, hex) by which a center knows a normalised number."""
    return hmac.new(phone_key, _DOMAIN + number.encode("ascii"), hashlib.sha256).hexdigest()


def phone_token(
    text: str, phone_key: bytes, hub_seal_public: bytes, entropy: bytes
) -> PhoneToken | Refused:
    """Turn a typed number into what may be kept; `entropy` is `ENTROPY_BYTES` random bytes.

    Only the hub's private sealing key opens the sealed copy.
    """
    assert len(entropy) == ENTROPY_BYTES
    number = normalise(text)
    if isinstance(number, Refused):
        return number
    sealed = seal(hub_seal_public, number.encode("ascii"), entropy[SALT_BYTES:])
    return PhoneToken(
        hash=phone_hash(number, phone_key),
        last4=number[-4:],
        private=Private(salt=entropy[:SALT_BYTES], data=sealed),
    )


def stored_display(last4: str) -> str:
    """Show what a till still knows of a stored number; nothing when it knows nothing.

    >>> stored_display("1234")
    '****1234'
    """
    return f"****{last4}" if last4 else ""
