"""PINs of staff: kept as argon2id hashes with 19 MiB and two passes, some 20 ms each."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SALT_BYTES = 16
_MEMORY_KIB = 19 * 1024
_PASSES = 2


def hash_pin(pin: str, salt: bytes) -> str:
    """Return the encoded hash of a PIN; `salt` is 16 random bytes."""
    assert len(salt) == SALT_BYTES
    return _hasher().hash(pin, salt=salt)


def is_pin(pin: str, encoded: str) -> bool:
    """Tell whether this is the PIN that was hashed."""
    try:
        return _hasher().verify(encoded, pin)
    except (VerificationError, InvalidHashError):
        return False


def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1)
