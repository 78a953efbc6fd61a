"""The till's certificate: asking the hub for the newest one, well before the old runs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.hub_requests import SignedRequests
from sync.keys import TillKeys
from sync.rules.certificate import CERTIFICATE_BYTES, Certificate, read
from sync.rules.refusal import N_, Refused
from sync.rules.renewal import is_newer
from sync.services.till import OpenTill
from sync.stores.enrolment import Enrolment, read_enrolment, write_certificate

if TYPE_CHECKING:
    import httpx2

TARGET = "/v1/certificate"


def ask_certificate(client: httpx2.Client, keys: TillKeys, enrolment: Enrolment) -> bytes | Refused:
    """Ask the hub for this till's newest certificate, which is not checked yet."""
    answer = SignedRequests(client, keys, enrolment).ask(
        "POST", TARGET, most_bytes=CERTIFICATE_BYTES
    )
    return answer if isinstance(answer, Refused) else answer.body


def keep_certificate(
    till: OpenTill, enrolment: Enrolment, data: bytes
) -> Certificate | Refused | None:
    """Keep what the hub gave if it is this till's and newer; None if it is not newer."""
    given = read(data, enrolment.hub_public)
    before = read(enrolment.certificate, enrolment.hub_public)
    if isinstance(given, Refused):
        return given
    assert isinstance(before, Certificate), "what is kept was checked"
    if given.public_key != till.keys.public:
        return Refused(
            "certificate.other_till",
            N_("The hub's certificate is for another till."),
            N_("Nothing was changed; enrol this till again if it stays so."),
        )
    if not is_newer(given, before):
        return None
    with till.journal.transaction() as db:
        now = read_enrolment(db)
        if now is None or now.certificate != enrolment.certificate:
            return None  # enrolled again meanwhile
        write_certificate(db, data, given)
    return given
