"""A till's certificate: 46 bytes in which the hub vouches for a till's key, signed by the hub.

It grants the till its number, its center and a range of card counters, between two days. It
travels inside every segment and inside every card sold at a till.
"""

import hashlib
import struct
from collections.abc import Callable
from datetime import date, timedelta

import msgspec

from sync.rules.refusal import N_, Refused
from sync.rules.signatures import PUBLIC_BYTES, SIGNATURE_BYTES, verify

DOMAIN = b"xuanpin.certificate.1\0"
DAY_ZERO = date(2020, 1, 1)
CONTENT_BYTES = 46
CERTIFICATE_BYTES = CONTENT_BYTES + SIGNATURE_BYTES
_LAYOUT = struct.Struct(">HBHHI3s32s")
_INSTALL_DOMAIN = b"xuanpin.install.1\0"

Sign = Callable[[bytes], bytes]


class Certificate(msgspec.Struct, frozen=True):
    """What the hub grants a till. Days are counted from 2020-01-01, `until_day` inclusive.

    The till may number its cards `counter_first` … `counter_first + counter_count - 1`.
    """

    number: int
    center: int
    from_day: int
    until_day: int
    counter_first: int
    counter_count: int
    public_key: bytes

    @property
    def install(self) -> str:
        """Return the install id of the till whose key this is."""
        return install_of(self.public_key)

    def covers(self, day: date) -> bool:
        """Tell whether a day lies within the certificate's validity."""
        return self.from_day <= day_number(day) <= self.until_day

    def grants(self, counter: int) -> bool:
        """Tell whether a card counter lies in the granted range."""
        return self.counter_first <= counter < self.counter_first + self.counter_count


def day_number(day: date) -> int:
    """Count days since 2020-01-01."""
    return (day - DAY_ZERO).days


def day_of(number: int) -> date:
    """Return the day that is `number` days after 2020-01-01."""
    return DAY_ZERO + timedelta(days=number)


def install_of(public_key: bytes) -> str:
    """Return a till's install id, 32 hex digits: the digest of its (random) public key.

    So an install id proves itself: no till can write under the id of another.
    """
    assert len(public_key) == PUBLIC_BYTES
    return hashlib.sha256(_INSTALL_DOMAIN + public_key).hexdigest()[:32]


def install_named(data: bytes) -> str:
    """Return the install id that a certificate's bytes name, whether they are signed or not."""
    assert len(data) == CERTIFICATE_BYTES
    return install_of(data[CONTENT_BYTES - PUBLIC_BYTES : CONTENT_BYTES])


def issue(certificate: Certificate, sign: Sign) -> bytes:
    """Return the signed certificate, 110 bytes; `sign` is the hub's."""
    content = _LAYOUT.pack(
        certificate.number,
        certificate.center,
        certificate.from_day,
        certificate.until_day,
        certificate.counter_first,
        certificate.counter_count.to_bytes(3, "big"),
        certificate.public_key,
    )
    return content + sign(DOMAIN + content)


def read(data: bytes, hub_public: bytes) -> Certificate | Refused:
    """Read a certificate; refused if it is malformed or not signed by this hub."""
    if len(data) != CERTIFICATE_BYTES:
        return Refused(
            "certificate.malformed",
            N_("The till's certificate is malformed."),
            N_("Enrol the till again."),
        )
    content, signature = data[:CONTENT_BYTES], data[CONTENT_BYTES:]
    if not verify(hub_public, signature, DOMAIN + content):
        return Refused(
            "certificate.forged",
            N_("The till's certificate is not signed by this hub."),
            N_("Enrol the till at this hub."),
        )
    number, center, from_day, until_day, first, count, public_key = _LAYOUT.unpack(content)
    return Certificate(
        number, center, from_day, until_day, first, int.from_bytes(count, "big"), public_key
    )
