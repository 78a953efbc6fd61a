"""Checking an Ed25519 signature: the one answer to "did this key sign exactly these bytes?"."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64


def verify(public: bytes, signature: bytes, data: bytes) -> bool:
    """Tell whether `signature` over `data` was made by the key whose 32 raw bytes are given."""
    if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
