"""The till's enrolment: which hub it trusts, and the certificate that hub gave it."""

import msgspec
from sqlite_utils import Database

from sync.rules.certificate import Certificate

_COLUMNS = (
    "hub_url, hub_id, hub_public, hub_seal_public, certificate, number, center, name,"
    " enrolled_at_ms"
)


class Enrolment(msgspec.Struct, frozen=True):
    """What enrolling gave this till; `hub_public` is pinned, `certificate` is 110 bytes."""

    hub_url: str
    hub_id: str
    hub_public: bytes
    hub_seal_public: bytes
    certificate: bytes
    number: int
    center: int
    name: str
    enrolled_at_ms: int


def read_enrolment(db: Database) -> Enrolment | None:
    """Return the enrolment; None if this till is not enrolled yet."""
    row = db.execute(f"SELECT {_COLUMNS} FROM enrolment").fetchone()  # noqa: S608
    return None if row is None else Enrolment(*row)


def write_certificate(db: Database, data: bytes, certificate: Certificate) -> None:
    """Keep a newer certificate of this till; all else of the enrolment stays."""
    db.execute("UPDATE enrolment SET certificate = ?, center = ?", (data, certificate.center))


def write_enrolment(db: Database, enrolment: Enrolment) -> None:
    """Keep an enrolment; enrolling again (a new certificate) replaces it."""
    db.execute(
        f"INSERT OR REPLACE INTO enrolment (one, {_COLUMNS})"  # noqa: S608
        " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            enrolment.hub_url,
            enrolment.hub_id,
            enrolment.hub_public,
            enrolment.hub_seal_public,
            enrolment.certificate,
            enrolment.number,
            enrolment.center,
            enrolment.name,
            enrolment.enrolled_at_ms,
        ),
    )
