"""Enrolment: what a till and the hub say to each other, made trustworthy by a one-time code.

Both know the code (the hub made it, a person carried it to the till), so each side authenticates
by HMAC under keys derived from it; the till also proves that it holds its private key, and the
center's phone key travels encrypted. Nothing here trusts the network, with or without TLS.

    till → hub   Message(invite, payload = Ask, mac, proof = till's signature)
    hub → till   Message(invite, payload = Given with the phone key encrypted, mac over both)
"""

import hashlib
import hmac
from collections.abc import Callable

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import structs

from sync.rules.certificate import install_of
from sync.rules.decoding import from_json
from sync.rules.refusal import N_, Refused

CODE_BITS = 100
CODE_ENTROPY_BYTES = 13
NONCE_BYTES = 12
MOST_MESSAGE_BYTES = 8 * 1024
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: nothing to misread
_MISREAD = str.maketrans("OIL", "011")
_CHARACTERS = CODE_BITS // 5
_DOMAIN = b"xuanpin.enrol.1\0"


class Code(msgspec.Struct, frozen=True):
    """A one-time code: `invite` names it on the wire, `secret` never leaves either side."""

    invite: str  # 16 hex digits
    secret: bytes


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a till says of itself: install id (32 hex digits), Ed25519 key, 12 random bytes.

    `name`, `center` (its number) and `center_name` are those of its settings; empty or 0 is
    not said.
    """

    install: str
    public_key: bytes
    nonce: bytes
    name: str = ""
    center: int = 0
    center_name: str = ""


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the hub grants. `number` is 1..999, `center` the center's number.

    `phone_key` keys the phone hashes of the center's members; on the wire it is encrypted.
    """

    hub_id: str
    hub_public: bytes
    hub_seal_public: bytes
    certificate: bytes
    number: int
    name: str
    center: int
    center_name: str
    phone_key: bytes


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One direction on the wire, as JSON with bytes in base64; `proof` only from a till."""

    invite: str
    payload: bytes
    mac: bytes
    proof: bytes = b""


def make_code(entropy: bytes) -> str:
    """Write 100 of 104 random bits as five groups of four letters and digits."""
    assert len(entropy) == CODE_ENTROPY_BYTES
    number = int.from_bytes(entropy, "big") >> (8 * CODE_ENTROPY_BYTES - CODE_BITS)
    letters = "".join(_ALPHABET[number >> 5 * i & 31] for i in reversed(range(_CHARACTERS)))
    return "-".join(letters[i : i + 4] for i in range(0, _CHARACTERS, 4))


def read_code(text: str) -> Code | Refused:
    """Read a code as typed: any letter case, with or without groups, O for 0, I or L for 1."""
    letters = "".join(c for c in text if c not in " -–—").upper().translate(_MISREAD)
    if len(letters) != _CHARACTERS or not set(letters) <= set(_ALPHABET):
        return Refused(
            "enrol.bad_code",
            N_("That is not an enrolment code."),
            N_("Type the five groups of four as `xuanpin sync invite` shows them."),
        )
    secret = letters.encode("ascii")
    return Code(hashlib.sha256(_DOMAIN + b"invite" + secret).digest()[:8].hex(), secret)


def ask(code: Code, wanted: Ask, sign: Callable[[bytes], bytes]) -> bytes:
    """Make a till's request; `sign` is its Ed25519 key's."""
    payload = msgspec.json.encode(wanted)
    message = Message(
        code.invite, payload, _mac(code, b"ask", payload), sign(_DOMAIN + b"proof" + payload)
    )
    return msgspec.json.encode(message)


def read_message(data: bytes) -> Message | Refused:
    """Read either direction's envelope; proves nothing yet. At most 8 KiB."""
    try:
        if len(data) > MOST_MESSAGE_BYTES:
            return _unreadable()
        return from_json(data, Message)
    except ValueError:  # msgspec.DecodeError, or UnicodeDecodeError inside a string
        return _unreadable()


def read_ask(code: Code, message: Message) -> Ask | Refused:
    """Check a till's request at the hub: knowledge of the code, and of its own private key."""
    if not hmac.compare_digest(message.mac, _mac(code, b"ask", message.payload)):
        return _not_authentic()
    try:
        wanted = from_json(message.payload, Ask)
        key = Ed25519PublicKey.from_public_bytes(wanted.public_key)
        key.verify(message.proof, _DOMAIN + b"proof" + message.payload)
    except (InvalidSignature, ValueError):
        return _not_authentic()
    if len(wanted.nonce) != NONCE_BYTES or wanted.install != install_of(wanted.public_key):
        return _unreadable()
    return wanted


def meant_for(wanted: Ask, name: str, center: int, center_name: str) -> Refused | None:
    """Refuse a till to which a code was carried that was made for another, or another center.

    Goods and receipts follow the till's settings, but members' cards and the end of the day
    the enrolment: the two must say the same.
    """
    values = {"name": name, "own": wanted.name}
    if wanted.name and wanted.name != name:
        return Refused(
            "enrol.other_name",
            N_("The code was made for till {name}, and this till is called {own}."),
            N_("Make one with `xuanpin sync invite {own}`, or enrol the till it was made for."),
            values,
        )
    if wanted.center and wanted.center != center:
        return Refused(
            "enrol.other_center",
            N_("The code was made for a till of {name}, and this till belongs to {own}."),
            N_("Make one with `xuanpin --center {own} sync invite`, or correct [till] center."),
            {"name": center_name, "own": wanted.center_name or str(wanted.center)},
        )
    return None


def give(code: Code, asked: bytes, given: Given) -> bytes:
    """Make the hub's answer to the request whose bytes were `asked`."""
    hidden = _cipher(code, asked).encrypt(bytes(NONCE_BYTES), given.phone_key, _DOMAIN)
    payload = msgspec.json.encode(structs.replace(given, phone_key=hidden))
    mac = _mac(code, b"give", hashlib.sha256(asked).digest() + payload)
    return msgspec.json.encode(Message(code.invite, payload, mac))


def read_given(code: Code, asked: bytes, data: bytes) -> Given | Refused:
    """Check the hub's answer at the till: it knows the code and answers this very request.

    The certificate inside is checked by whoever stores it, with the hub key pinned here.
    """
    message = read_message(data)
    if isinstance(message, Refused):
        return message
    mac = _mac(code, b"give", hashlib.sha256(asked).digest() + message.payload)
    if not hmac.compare_digest(message.mac, mac):
        return _not_authentic()
    try:
        given = from_json(message.payload, Given)
        key = _cipher(code, asked).decrypt(bytes(NONCE_BYTES), given.phone_key, _DOMAIN)
    except (ValueError, InvalidTag):
        return _not_authentic()
    return structs.replace(given, phone_key=key)


def _mac(code: Code, direction: bytes, data: bytes) -> bytes:
    return hmac.digest(_derive(code.secret, direction, b""), data, "sha256")


def _cipher(code: Code, asked: bytes) -> ChaCha20Poly1305:
    # One key per request (it holds the till's nonce), so a fixed cipher nonce is never reused
    # for two different plaintexts.
    return ChaCha20Poly1305(_derive(code.secret, b"phone key", hashlib.sha256(asked).digest()))


def _derive(secret: bytes, purpose: bytes, salt: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt or None, _DOMAIN + purpose).derive(secret)


def _unreadable() -> Refused:
    return Refused(
        "enrol.unreadable",
        N_("The other side's enrolment message cannot be read."),
        N_("Check the hub's address, and that both run the same version."),
    )


def _not_authentic() -> Refused:
    return Refused(
        "enrol.not_authentic",
        N_("The other side does not know this enrolment code."),
        N_("Check the code and the hub's address; make a new code if in doubt."),
    )


def not_enrolled() -> Refused:
    """Refuse what needs a hub before the till is enrolled at one."""
    return Refused(
        "sync.not_enrolled",
        N_("This till is not enrolled at a hub yet."),
        N_("Sales are kept; enrol with a code from `xuanpin sync invite`, and they are sent."),
    )
