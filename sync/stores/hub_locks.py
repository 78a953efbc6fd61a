"""Being alone with something at the hub until the transaction ends, over all its processes."""

import hashlib

from sqlalchemy import BigInteger, Connection, bindparam, text

REGISTER = "register"  # what is enrolled and revoked
_LOCK = text("SELECT pg_advisory_xact_lock(:key)").bindparams(bindparam("key", type_=BigInteger))


def alone(connection: Connection, what: str) -> None:
    """Wait until no other transaction is alone with `what`; free again when this one ends.

    A transaction that takes several, or row locks as well, takes these first. On SQLite a
    transaction that writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        digest = hashlib.sha256(b"xuanpin.hub." + what.encode()).digest()
        connection.execute(_LOCK, {"key": int.from_bytes(digest[:8], "big", signed=True)})
