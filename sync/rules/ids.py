"""Identities: time-ordered UUIDs (RFC 9562, version 7) from a given moment and given entropy."""

import uuid

ENTROPY_BYTES = 10


def uuid7(at_ms: int, entropy: bytes) -> str:
    """Make a version 7 UUID of a moment in Unix milliseconds and ten random bytes."""
    assert len(entropy) == ENTROPY_BYTES
    rand_a = int.from_bytes(entropy[:2], "big") & 0x0FFF
    rand_b = int.from_bytes(entropy[2:], "big") & ((1 << 62) - 1)
    value = (at_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return str(uuid.UUID(int=value))
