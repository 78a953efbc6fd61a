"""Sealing personal data to the hub: anyone at a till can seal, only the hub can open.

X25519 with a key made for one message, HKDF-SHA256, ChaCha20-Poly1305. A sealed message is the
one-time public key (32 bytes) followed by the ciphertext; the key is used once, so the nonce is
zero.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync.rules.refusal import N_, Refused

ENTROPY_BYTES = 32
_INFO = b"xuanpin.seal.1"
_NONCE = bytes(12)
_KEY_BYTES = 32


def seal(hub_seal_public: bytes, data: bytes, entropy: bytes) -> bytes:
    """Seal `data` to the hub's 32-byte sealing key with 32 fresh random bytes."""
    assert len(entropy) == ENTROPY_BYTES
    once = X25519PrivateKey.from_private_bytes(entropy)
    once_public = once.public_key().public_bytes_raw()
    shared = once.exchange(X25519PublicKey.from_public_bytes(hub_seal_public))
    key = _key(shared, once_public, hub_seal_public)
    return once_public + ChaCha20Poly1305(key).encrypt(_NONCE, data, None)


def unseal(seal_private: bytes, sealed: bytes) -> bytes | Refused:
    """Open a sealed message with the hub's private sealing key; refused if it was altered."""
    own = X25519PrivateKey.from_private_bytes(seal_private)
    once_public = sealed[:_KEY_BYTES]
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(once_public))
        key = _key(shared, once_public, own.public_key().public_bytes_raw())
        return ChaCha20Poly1305(key).decrypt(_NONCE, sealed[_KEY_BYTES:], None)
    except (InvalidTag, ValueError):
        return Refused("seal.broken", N_("The sealed data cannot be opened with this hub's key."))


def _key(shared: bytes, once_public: bytes, hub_seal_public: bytes) -> bytes:
    salt = once_public + hub_seal_public
    return HKDF(SHA256(), length=_KEY_BYTES, salt=salt, info=_INFO).derive(shared)
