"""Which tills are enrolled at this hub, their certificates, and the invitations still open."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from sync.rules.certificate import Certificate
from sync.stores.hub_rows import add_missing
from sync.stores.hub_tables import CERTIFICATE, INVITE, TILL

MOST_TILLS = 999


class Till(msgspec.Struct, frozen=True):
    """An enrolled till: `till` is its install id, `number` 1..999."""

    till: str
    number: int
    name: str
    center: int
    center_name: str


class Invite(msgspec.Struct, frozen=True):
    """A one-time invitation; after use it remembers the till and its certificate."""

    invite: str
    secret: bytes
    name: str
    center: int
    center_name: str
    expires_ms: int
    till: str | None = None
    granted: bytes | None = None


_TILL = (TILL.c.till, TILL.c.number, TILL.c.name, TILL.c.center, TILL.c.center_name)
_CERTIFIED = select(CERTIFICATE.c.till).where(
    CERTIFICATE.c.till == bindparam("till"), CERTIFICATE.c.counter_first == bindparam("first")
)
_LOCKED = select(*_TILL).where(TILL.c.till == bindparam("till")).with_for_update()


def name_of(center: int, names: Mapping[int, str]) -> str:
    """Return a center's name, its number where nobody named it."""
    return names.get(center, str(center))


def till_of(connection: Connection, till: str) -> Till | None:
    """Return an enrolled till and lock its row, so that one push of a till runs at a time."""
    found = connection.execute(_LOCKED, {"till": till}).first()
    return None if found is None else Till(*found)


def enrolled_till(connection: Connection, till: str) -> Till | None:
    """Return an enrolled till without keeping anybody from pushing."""
    found = connection.execute(select(*_TILL).where(TILL.c.till == till)).first()
    return None if found is None else Till(*found)


def till_named(connection: Connection, name: str) -> Till | None:
    """Return the till with this short name."""
    found = connection.execute(select(*_TILL).where(TILL.c.name == name)).first()
    return None if found is None else Till(*found)


def till_numbered(connection: Connection, number: int) -> Till | None:
    """Return the till with this number."""
    found = connection.execute(select(*_TILL).where(TILL.c.number == number)).first()
    return None if found is None else Till(*found)


def all_tills(connection: Connection) -> list[Till]:
    """Return every enrolled till, by number."""
    return [Till(*row) for row in connection.execute(select(*_TILL).order_by(TILL.c.number))]


def next_number(connection: Connection) -> int | None:
    """Return a till number never given before, or None when all 999 are given."""
    last = connection.execute(select(func.max(TILL.c.number))).scalar() or 0
    return last + 1 if last < MOST_TILLS else None


def put_till(connection: Connection, till: Till, enrolled_ms: int) -> None:
    """Enrol a till, or give an enrolled one its new name and center."""
    values = {"name": till.name, "center": till.center, "center_name": till.center_name}
    changed = connection.execute(update(TILL).where(TILL.c.till == till.till).values(values))
    if not changed.rowcount:
        new = {"till": till.till, "number": till.number, "enrolled_ms": enrolled_ms, **values}
        connection.execute(insert(TILL).values(new))


def next_counter(connection: Connection) -> int:
    """Return the first card counter beyond all ranges granted so far, from 1."""
    ends = CERTIFICATE.c.counter_first + CERTIFICATE.c.counter_count
    return connection.execute(select(func.max(ends))).scalar() or 1


def add_certificate(connection: Connection, certificate: Certificate, data: bytes) -> None:
    """Remember a certificate and the range of card counters that it grants."""
    row = {
        "till": certificate.install,
        "counter_first": certificate.counter_first,
        "counter_count": certificate.counter_count,
        "data": data,
    }
    add_missing(connection, CERTIFICATE, [row])


def knows_certificate(connection: Connection, certificate: Certificate) -> bool:
    """Tell whether a till's certificate is remembered."""
    key = {"till": certificate.install, "first": certificate.counter_first}
    return connection.execute(_CERTIFIED, key).first() is not None


def knows_later_certificate(connection: Connection, certificate: Certificate) -> bool:
    """Tell whether a certificate that the hub gave the same till later is remembered."""
    later = select(CERTIFICATE.c.till).where(
        CERTIFICATE.c.till == certificate.install,
        CERTIFICATE.c.counter_first > certificate.counter_first,
    )
    return connection.execute(later.limit(1)).first() is not None


def all_certificates(connection: Connection) -> list[tuple[Till, bytes]]:
    """Return every certificate granted, with its till, in the order of their counters."""
    found = connection.execute(
        select(*_TILL, CERTIFICATE.c.data)
        .join(CERTIFICATE, CERTIFICATE.c.till == TILL.c.till)
        .order_by(CERTIFICATE.c.counter_first)
    )
    return [(Till(*row[:-1]), row[-1]) for row in found]


def certificates_of(connection: Connection, till: str) -> list[bytes]:
    """Return the certificates of a till, the newest last."""
    found = connection.execute(
        select(CERTIFICATE.c.data)
        .where(CERTIFICATE.c.till == till)
        .order_by(CERTIFICATE.c.counter_first)
    )
    return list(found.scalars())


def add_invite(connection: Connection, invite: Invite, now_ms: int) -> None:
    """Open an invitation; those that ran out are forgotten with their secrets."""
    connection.execute(delete(INVITE).where(INVITE.c.expires_ms <= now_ms))
    row = {
        "invite": invite.invite,
        "secret": invite.secret,
        "name": invite.name,
        "center": invite.center,
        "center_name": invite.center_name,
        "expires_ms": invite.expires_ms,
    }
    connection.execute(insert(INVITE).values(row))


def open_invite(connection: Connection, invite: str, now_ms: int) -> Invite | None:
    """Return an invitation that has not run out."""
    found = connection.execute(
        select(INVITE)
        .where(INVITE.c.invite == invite, INVITE.c.expires_ms > now_ms)
        .with_for_update()
    ).first()
    return None if found is None else Invite(*found)


def use_invite(connection: Connection, invite: str, till: str, granted: bytes) -> None:
    """Bind an invitation to the till that used it, and to the certificate it was given."""
    connection.execute(
        update(INVITE).where(INVITE.c.invite == invite).values(till=till, granted=granted)
    )
