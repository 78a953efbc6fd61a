"""Inviting tills and enrolling those that come: one-time codes, certificates, phone keys."""

import secrets
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, Engine

from sync.clock import Clock
from sync.database import hub_transaction
from sync.keys import HubKeys
from sync.rules import enrolling
from sync.rules.certificate import Certificate, issue, read
from sync.rules.days import china_day
from sync.rules.enrolling import Ask, Code, Given
from sync.rules.refusal import N_, Refused
from sync.rules.register import Granted
from sync.rules.till_name import bad_till_name
from sync.second_medium import SecondMedium
from sync.stores import hub_register, hub_revocations, hub_tills
from sync.stores.hub_granting import all_given, next_certificate
from sync.stores.hub_register import Register
from sync.stores.hub_tills import Invite

INVITE_MS = 10 * 60 * 1000


class Invitation(msgspec.Struct, frozen=True):
    """A one-time code for a till, good until `expires_ms` (Unix milliseconds)."""

    code: str
    name: str
    center_name: str
    expires_ms: int


class Inviting:
    """The hub's desk where tills are invited and enrolled; its database is already prepared."""

    def __init__(
        self,
        engine: Engine,
        keys: HubKeys,
        clock: Clock,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        *,
        medium: SecondMedium | None = None,
    ) -> None:
        """Use the hub's keys; each enrolment reaches the second `medium` before it takes effect."""
        self._register = Register(keys, medium)
        self._engine = engine
        self._keys = keys
        self._clock = clock
        self._entropy = entropy

    def invite(self, name: str, center: int, center_name: str) -> Invitation | Refused:
        """Make a one-time code, good for ten minutes, for a till to be called `name`.

        Refused if no till can be called that, and if the one that is called so is revoked.
        """
        refused = bad_till_name(name)
        if refused is not None:
            return refused
        text = enrolling.make_code(self._entropy(enrolling.CODE_ENTROPY_BYTES))
        code = enrolling.read_code(text)
        assert isinstance(code, Code)
        now_ms = self._clock.now_ms()
        expires_ms = now_ms + INVITE_MS
        invite = Invite(code.invite, code.secret, name, center, center_name, expires_ms)
        with hub_transaction(self._engine) as connection:
            till = hub_tills.till_named(connection, name)
            if till is not None and hub_revocations.revocation_of(connection, till.till):
                return _name_of_revoked(name)
            hub_tills.add_invite(connection, invite, now_ms)
        return Invitation(text, name, center_name, expires_ms)

    def enrol(self, data: bytes) -> bytes | Refused:
        """Answer a till's request: it gets number, certificate, hub keys and phone key.

        The till that used a code may use it again until it runs out, since an answer can be
        lost, and is given the same; to anybody else a used code is unknown. Enrolling an
        enrolled till with a new code renews its certificate and keeps its number. Refused for a
        revoked till, and for one that by its own settings is not the one invited, or of
        another center; raises `Fault` if the second medium does not take it.
        """
        message = enrolling.read_message(data)
        if isinstance(message, Refused):
            return message
        now_ms = self._clock.now_ms()
        with hub_transaction(self._engine) as connection:
            invite = hub_tills.open_invite(connection, message.invite, now_ms)
            if invite is None:
                return _unknown_code()
            code = Code(invite.invite, invite.secret)
            wanted = enrolling.read_ask(code, message)
            if isinstance(wanted, Refused):
                return wanted
            if invite.till not in (None, wanted.install):
                return _unknown_code()
            other = enrolling.meant_for(wanted, invite.name, invite.center, invite.center_name)
            if other is not None:
                return other
            if invite.granted is not None:
                return self._give(code, data, invite, invite.granted)
            certificate = self._enrol(connection, invite, wanted, now_ms)
            if isinstance(certificate, Refused):
                return certificate
            hub_tills.use_invite(connection, invite.invite, wanted.install, certificate)
            return self._give(code, data, invite, certificate)

    def _enrol(
        self, connection: Connection, invite: Invite, wanted: Ask, now_ms: int
    ) -> bytes | Refused:
        hub_register.up_to_date(connection, self._register)
        known = hub_tills.till_of(connection, wanted.install)
        if hub_revocations.revocation_of(connection, wanted.install) is not None:
            return _revoked()
        namesake = hub_tills.till_named(connection, invite.name)
        if namesake is not None and namesake.till != wanted.install:
            return _name_taken(invite.name)
        number = known.number if known else hub_tills.next_number(connection)
        if number is None:
            return all_given()
        certificate = next_certificate(
            connection, number, invite.center, wanted.public_key, china_day(now_ms)
        )
        if isinstance(certificate, Refused):
            return certificate
        data = issue(certificate, self._keys.sign)
        act = Granted(invite.name, invite.center_name, data)
        hub_register.record(connection, self._register, act, now_ms)
        return data

    def _give(self, code: Code, asked: bytes, invite: Invite, certificate: bytes) -> bytes:
        granted = read(certificate, self._keys.public)
        assert isinstance(granted, Certificate)
        given = Given(
            hub_id=self._keys.hub_id,
            hub_public=self._keys.public,
            hub_seal_public=self._keys.seal_public,
            certificate=certificate,
            number=granted.number,
            name=invite.name,
            center=invite.center,
            center_name=invite.center_name,
            phone_key=self._keys.phone_key(invite.center),
        )
        return enrolling.give(code, asked, given)


def _unknown_code() -> Refused:
    return Refused(
        "enrol.unknown_code",
        N_("The hub does not know this code: it was used, or ten minutes have passed."),
        N_("Make a new one with `xuanpin sync invite`."),
    )


def _name_taken(name: str) -> Refused:
    return Refused(
        "enrol.name_taken",
        N_("Another till is called {name} at this hub already."),
        N_("Invite this till by another name."),
        {"name": name},
    )


def _name_of_revoked(name: str) -> Refused:
    return Refused(
        "invite.revoked",
        N_("Till {name} is revoked: with a code nobody could enrol by this name."),
        N_("Found it? `xuanpin sync reinstate {name} --reason …`. Else invite by another name."),
        {"name": name},
    )


def _revoked() -> Refused:
    return Refused(
        "enrol.revoked",
        N_("This till was revoked at this hub."),
        N_("Re-instate it first (`xuanpin sync reinstate`), or enrol it with a new key."),
    )
