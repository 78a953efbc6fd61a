"""Key files of a till and of a hub: made at first use, mode 0600, a damaged one is refused."""

import contextlib
import hashlib
import hmac
import os
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync.durable import sync_directory
from sync.rules import sealing
from sync.rules.certificate import install_of
from sync.rules.decoding import from_json
from sync.rules.refusal import N_, Fault, Refused

TILL_KEY = "till.key"
HUB_KEY = "hub.key"
PHONE_KEY = "phone.key"
SECRET_BYTES = 32
_MOST_FILE_BYTES = 4096


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key file: hex secrets, and a check so that a damaged file never signs anything."""

    purpose: str
    secrets: tuple[str, ...]
    check: str


class TillKeys(msgspec.Struct, frozen=True):
    """A till's signing key; `install` is its install id, derived from the public key."""

    install: str
    public: bytes
    _private: Ed25519PrivateKey

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of `data`."""
        return self._private.sign(data)


class HubKeys(msgspec.Struct, frozen=True):
    """A hub's signing and sealing keys; `hub_id` is derived from the signing key."""

    hub_id: str
    public: bytes
    seal_public: bytes
    _directory: Path
    _private: Ed25519PrivateKey
    _seal_private: X25519PrivateKey

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of `data`."""
        return self._private.sign(data)

    def mac(self, data: bytes) -> bytes:
        """Return an HMAC-SHA256 of `data` that whoever holds this key file can make again."""
        key = HKDF(SHA256(), SECRET_BYTES, None, b"xuanpin.hub.mac.1\0")
        return hmac.digest(key.derive(self._private.private_bytes_raw()), data, "sha256")

    def unseal(self, sealed: bytes) -> bytes | Refused:
        """Open what a till sealed to this hub; refused if it was altered."""
        return sealing.unseal(self._seal_private.private_bytes_raw(), sealed)

    def center_directory(self, center: int) -> Path:
        """Return where the keys of a center (by its number) are kept."""
        return self._directory / "centers" / str(center)

    def phone_key(self, center: int) -> bytes:
        """Return a center's phone-hash key: derived from the hub's own, unless it has a file.

        So every process of a hub, on whatever machine, has it as soon as it has hub.key.
        """
        kept = read_phone_key(self.center_directory(center))
        if kept is not None:
            return kept
        about = b"xuanpin.hub.phone.1\0" + str(center).encode()
        return HKDF(SHA256(), SECRET_BYTES, None, about).derive(self._private.private_bytes_raw())


def has_till_keys(directory: Path) -> bool:
    """Tell whether the till in this directory already has its key."""
    return (directory / TILL_KEY).exists()


def load_or_create_till_keys(directory: Path) -> TillKeys:
    """Read the till's key, or make it at first use. Raises `Fault` if the file is damaged."""
    (secret,) = _load_or_create(directory / TILL_KEY, "till", 1)
    private = Ed25519PrivateKey.from_private_bytes(secret)
    public = private.public_key().public_bytes_raw()
    return TillKeys(install_of(public), public, private)


def has_hub_keys(directory: Path) -> bool:
    """Tell whether the hub in this directory already has its keys."""
    return (directory / HUB_KEY).exists()


def load_or_create_hub_keys(directory: Path) -> HubKeys:
    """Read the hub's keys, or make them at first use. Raises `Fault` if the file is damaged."""
    secret, seal_secret = _load_or_create(directory / HUB_KEY, "hub", 2)
    private = Ed25519PrivateKey.from_private_bytes(secret)
    seal_private = X25519PrivateKey.from_private_bytes(seal_secret)
    public = private.public_key().public_bytes_raw()
    hub_id = hashlib.sha256(b"xuanpin.hub.1\0" + public).hexdigest()[:32]
    seal_public = seal_private.public_key().public_bytes_raw()
    return HubKeys(hub_id, public, seal_public, directory, private, seal_private)


def read_phone_key(directory: Path) -> bytes | None:
    """Return the center's phone-hash key, or None before enrolment. Raises `Fault`."""
    path = directory / PHONE_KEY
    if not path.exists():
        return None
    return _read(path, "phone", 1)[0]


def write_phone_key(directory: Path, key: bytes) -> None:
    """Keep the center's phone-hash key, replacing an earlier one. Raises `Fault`."""
    assert len(key) == SECRET_BYTES
    _write(directory / PHONE_KEY, "phone", (key,))


def _load_or_create(path: Path, purpose: str, count: int) -> tuple[bytes, ...]:
    if not path.exists():
        _write(path, purpose, tuple(os.urandom(SECRET_BYTES) for _ in range(count)), keep=True)
    return _read(path, purpose, count)


def _read(path: Path, purpose: str, count: int) -> tuple[bytes, ...]:
    try:
        with path.open("rb") as source:
            kept = from_json(source.read(_MOST_FILE_BYTES), _KeyFile)
        secrets = tuple(bytes.fromhex(secret) for secret in kept.secrets)
    except OSError as error:
        raise Fault(_unusable(path, error.strerror)) from error
    except ValueError as error:
        raise Fault(_damaged(path)) from error
    sound = kept.purpose == purpose and len(secrets) == count
    if not sound or kept.check != _check(purpose, secrets) or any(len(s) != 32 for s in secrets):
        raise Fault(_damaged(path))
    return secrets


def _write(path: Path, purpose: str, secrets: tuple[bytes, ...], *, keep: bool = False) -> None:
    """Write a key file durably under its final name; with `keep` the first writer wins."""
    kept = _KeyFile(purpose, tuple(secret.hex() for secret in secrets), _check(purpose, secrets))
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            target.write(msgspec.json.encode(kept))
            target.flush()
            os.fsync(target.fileno())
        _place(draft, path, keep=keep)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Fault(_unusable(path, error.strerror)) from error


def _place(draft: Path, path: Path, *, keep: bool) -> None:
    if keep:
        with contextlib.suppress(FileExistsError):  # another process was quicker
            path.hardlink_to(draft)
        draft.unlink()
    else:
        draft.replace(path)
    sync_directory(path.parent)


def _check(purpose: str, secrets: tuple[bytes, ...]) -> str:
    return hashlib.sha256(b"\0".join((b"xuanpin.key", purpose.encode(), *secrets))).hexdigest()


def _damaged(path: Path) -> Refused:
    return Refused(
        "key.damaged",
        N_("The key file {path} is damaged."),
        N_("Put back the file from its backup; a new key would be a new till."),
        {"path": path},
    )


def _unusable(path: Path, problem: object) -> Refused:
    return Refused(
        "key.unusable",
        N_("The key file {path} cannot be used: {problem}."),
        N_("Check the disk, its free space and the file's permissions."),
        {"path": path, "problem": problem},
    )
