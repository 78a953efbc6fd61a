"""Enrolling this till at a hub with a one-time code: it pins the hub and gets its certificate."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import structs

from sync.disk_faults import disk_faults
from sync.hub_client import is_transient, post
from sync.keys import SECRET_BYTES, write_phone_key
from sync.rules import enrolling
from sync.rules.certificate import read as read_certificate
from sync.rules.refusal import N_, Refused
from sync.services.till import OpenTill
from sync.stores import journal as journals
from sync.stores.contacts import write_contact
from sync.stores.enrolment import Enrolment, write_enrolment

if TYPE_CHECKING:
    import httpx2

ENROL_TYPE = "application/json"


class Enroller:
    """The till's side of enrolment."""

    def __init__(self, till: OpenTill, client: httpx2.Client) -> None:
        self._till = till
        self._client = client

    def enrol(self, code_text: str) -> Enrolment | Refused:
        """Enrol with a code as typed; nothing is kept unless all of the hub's answer holds.

        Refused for a bad code, a code made for a till of another name or center, an answer that
        does not know the code, a certificate for another key, or another hub than the one at
        which entries were already acknowledged. Raises `Fault` if the till's own files fail.
        """
        code = enrolling.read_code(code_text)
        if isinstance(code, Refused):
            return code
        till = self._till
        center = till.setup.center()
        if isinstance(center, Refused):
            return center
        wanted = enrolling.Ask(
            till.keys.install,
            till.keys.public,
            os.urandom(enrolling.NONCE_BYTES),
            till.setup.till.id,
            center.number,
            till.setup.till.center,
        )
        asked = enrolling.ask(code, wanted, till.keys.sign)
        answer = post(
            self._client,
            "/v1/enrol",
            asked,
            content_type=ENROL_TYPE,
            most_bytes=enrolling.MOST_MESSAGE_BYTES,
        )
        if isinstance(answer, Refused):
            return _not_asked(answer) if is_transient(answer) else answer
        given = enrolling.read_given(code, asked, answer.body)
        if isinstance(given, Refused):
            return given
        return self._keep(wanted, given)

    def _keep(self, wanted: enrolling.Ask, given: enrolling.Given) -> Enrolment | Refused:
        """Check what was given, keep the phone key in its file, then the enrolment."""
        till = self._till
        certificate = read_certificate(given.certificate, given.hub_public)
        if isinstance(certificate, Refused):
            return certificate
        other = enrolling.meant_for(wanted, given.name, certificate.center, given.center_name)
        if other is not None:
            return other
        if certificate.public_key != till.keys.public or len(given.phone_key) != SECRET_BYTES:
            return Refused(
                "enrol.other_till",
                N_("The hub's answer was made for another till."),
                N_("Ask for a new code and enrol again."),
            )
        before = till.enrolment
        if before is not None and before.hub_id != given.hub_id and self._acknowledged():
            return Refused(
                "enrol.other_hub",
                N_("This till already sent its journal to another hub."),
                N_("Enrol it at its own hub, or start a new till with --till."),
            )
        enrolment = Enrolment(
            hub_url=str(self._client.base_url),
            hub_id=given.hub_id,
            hub_public=given.hub_public,
            hub_seal_public=given.hub_seal_public,
            certificate=given.certificate,
            number=certificate.number,
            center=certificate.center,
            name=given.name,
            enrolled_at_ms=till.now_ms(),
        )
        write_phone_key(till.directory, given.phone_key)
        with disk_faults(till.directory), till.journal.transaction() as db:
            write_enrolment(db, enrolment)
            write_contact(db, "reachable", "", enrolment.enrolled_at_ms, None)
        return enrolment

    def _acknowledged(self) -> bool:
        return any(state.mark_seq for state in journals.runs(self._till.journal.read()))


def _not_asked(refused: Refused) -> Refused:
    """Say of a hub out of reach what matters here: the code is still good."""
    hint = N_("Check its address and enrol again; the code stays good for its ten minutes.")
    return structs.replace(refused, hint=hint)
