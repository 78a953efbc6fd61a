"""The journal's envelope: header, body and private part, chained by SHA-256.

`hash = SHA-256(DOMAIN ‖ previous hash ‖ header bytes)`; the header carries the body's digest and
the salted private part's digest, so the private part can be deleted without breaking the chain.
"""

import hashlib

import msgspec

from sync.rules.decoding import msgpack_reader

DOMAIN = b"xuanpin.entry.1\0"
GENESIS = bytes(32)
MOST_BODY_BYTES = 256 * 1024
SALT_BYTES = 16
_DIGEST_BYTES = 32
_BINARY_HEAD_BYTES = 2  # of the private digest behind it, in MessagePack


class Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What the chain commits to. Its stored bytes, not this value, are what is hashed."""

    version: int
    till: str  # the install id: 32 hex digits, made with the till's key
    run: str
    seq: int  # from 1 in each run
    kind: str
    id: str  # UUIDv7 of the thing recorded (the order, the grant …)
    at_ms: int  # wall clock, Unix milliseconds
    mono_ms: int  # monotonic milliseconds since the run opened
    boot: str
    day: str  # business day, ISO date
    amount_fen: int
    body_bytes: int
    body_sha256: bytes
    private_sha256: bytes  # of salt ‖ private part; empty when there is none


class Private(msgspec.Struct, frozen=True):
    """Personal data beside an entry, salted so that its digest says nothing once deleted."""

    salt: bytes
    data: bytes

    def digest(self) -> bytes:
        """Return what the header carries of this part."""
        return hashlib.sha256(self.salt + self.data).digest()


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One journal entry as stored and as sent: its header's exact bytes, body, private part."""

    header_bytes: bytes
    body: bytes
    private: Private | None
    prev: bytes
    hash: bytes

    @property
    def header(self) -> Header:
        """Decode the header; raises `ValueError` if it is not one."""
        return decode_header(self.header_bytes)


class Draft(msgspec.Struct, frozen=True):
    """What a service asks to be journalled; the run gives it a place in the chain.

    `id` is a UUIDv7, `day` an ISO date; `private` is sealed personal data or None.
    """

    kind: str
    id: str
    day: str
    amount_fen: int
    body: bytes
    private: Private | None = None


_BEGUN = hashlib.sha256(DOMAIN)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgpack_reader(Header)


def encode_header(header: Header) -> bytes:
    """Return the header's canonical bytes (MessagePack array in field order)."""
    return _encode(header)


def decode_header(data: bytes) -> Header:
    """Read header bytes; raises `ValueError` on anything else.

    Not always `msgspec.DecodeError`: bytes that are no UTF-8 raise `UnicodeDecodeError`.
    """
    return _decode(data)


def without_body_digest(header_bytes: bytes) -> tuple[bytes, bytes]:
    """Cut canonical header bytes into what stands before and behind the body's digest."""
    behind = _BINARY_HEAD_BYTES + len(decode_header(header_bytes).private_sha256)
    return header_bytes[: -behind - _DIGEST_BYTES], header_bytes[-behind:]


def with_body_digest(before: bytes, behind: bytes, body: bytes) -> bytes:
    """Put a header together again round the digest of its body."""
    return before + hashlib.sha256(body).digest() + behind


def entry_hash(prev: bytes, header_bytes: bytes) -> bytes:
    """Chain one header onto the hash before it."""
    chained = _BEGUN.copy()  # a third quicker than a new one, which OpenSSL looks up by its name
    chained.update(prev + header_bytes)
    return chained.digest()
