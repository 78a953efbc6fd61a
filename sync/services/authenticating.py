"""Authenticating signed requests at the hub: challenges out, and who it is that answers one."""

import secrets
from collections.abc import Callable, Mapping

import msgspec
from sqlalchemy import Connection, Engine

from sync.clock import Clock
from sync.database import hub_transaction
from sync.keys import HubKeys
from sync.rules import challenge as challenges
from sync.rules.certificate import Certificate, read
from sync.rules.challenge import Challenge, Presented
from sync.rules.days import china_day
from sync.rules.refusal import N_, Refused
from sync.rules.signatures import verify
from sync.rules.signed_answer import make_answer
from sync.stores import hub_challenges, hub_revocations, hub_tills


class Sender(msgspec.Struct, frozen=True):
    """The till that signed a request; `center` is its center's number as the hub has it now."""

    till: str  # the install id
    name: str
    number: int
    center: int
    certificate: Certificate
    request_sha256: bytes


class Authenticating:
    """The hub's door for signed requests; its database is already prepared."""

    def __init__(
        self,
        engine: Engine,
        keys: HubKeys,
        clock: Clock,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._clock = clock
        self._entropy = entropy

    def challenge(self) -> str:
        """Make a challenge for one request within a minute; nothing is stored."""
        nonce = self._entropy(challenges.NONCE_BYTES)
        return challenges.make_challenge(nonce, self._clock.now_ms(), self._keys.mac)

    def sender(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        even_expired: bool = False,
    ) -> Sender | Refused:
        """Tell which till signed a request, and use its challenge up.

        `target` is path and query as they came, `headers` have lower-case names. Refused, and
        nothing written, unless the challenge is this hub's, unused and not run out, the
        certificate is this hub's, the signature covers exactly this request, and the till is not
        revoked. A certificate past its last day is refused too, unless `even_expired`: for asking
        for the next one.
        """
        presented = challenges.read_headers(headers)
        if isinstance(presented, Refused):
            return presented
        now_ms = self._clock.now_ms()
        challenge = challenges.read_challenge(presented.challenge, now_ms, self._keys.mac)
        if isinstance(challenge, Refused):
            return challenge
        content = challenges.signed_content(
            self._keys.hub_id, presented.challenge, method, target, body
        )
        certificate = self._signer(presented, content)
        if isinstance(certificate, Refused):
            return certificate
        if not even_expired and not certificate.covers(china_day(now_ms)):
            return _certificate_expired()
        digest = challenges.request_sha256(content)
        with hub_transaction(self._engine) as connection:
            return _admitted(connection, certificate, challenge, digest, now_ms)

    def answer(self, sender: Sender, content: bytes) -> bytes:
        """Return the signed answer with this content to the request that `sender` signed."""
        return make_answer(content, sender.request_sha256, self._keys.sign)

    def _signer(self, presented: Presented, content: bytes) -> Certificate | Refused:
        certificate = read(presented.certificate, self._keys.public)
        if isinstance(certificate, Refused):
            return certificate
        if not verify(certificate.public_key, presented.signature, content):
            return _forged()
        return certificate


def _admitted(
    connection: Connection,
    certificate: Certificate,
    challenge: Challenge,
    digest: bytes,
    now_ms: int,
) -> Sender | Refused:
    till = hub_tills.enrolled_till(connection, certificate.install)
    if till is None:
        return _unknown_till()
    if hub_revocations.revocation_of(connection, till.till) is not None:
        return _revoked()
    if not hub_challenges.use_challenge(connection, till.till, challenge, now_ms):
        return _replayed()
    return Sender(till.till, till.name, till.number, till.center, certificate, digest)


def _forged() -> Refused:
    return Refused(
        "request.forged",
        N_("The signature does not cover this request at this hub."),
        N_("Send the request as it was signed, to the hub it was signed for."),
    )


def _replayed() -> Refused:
    return Refused(
        "request.replayed",
        N_("The request's challenge was used before."),
        N_("Ask for a new challenge and sign the request again."),
    )


def _unknown_till() -> Refused:
    return Refused(
        "request.unknown_till",
        N_("This hub does not know the till that signed the request."),
        N_("Let the till push first (`xuanpin sync push`), or enrol it again at this hub."),
    )


def _revoked() -> Refused:
    return Refused(
        "request.revoked",
        N_("The hub has revoked the till that signed the request."),
        N_("What it sells is kept here; ask the manager at the hub to re-instate it."),
    )


def _certificate_expired() -> Refused:
    return Refused(
        "request.certificate_expired",
        N_("The till's certificate is not valid today."),
        N_("Renew the till's certificate, or enrol the till again."),
    )
