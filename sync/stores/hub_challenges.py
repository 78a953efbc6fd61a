"""Which challenges were used: each serves one request, whichever hub process it reaches."""

from sqlalchemy import Connection, delete

from sync.rules.challenge import Challenge
from sync.stores.hub_rows import add_one_missing
from sync.stores.hub_tables import USED_CHALLENGE

KEPT_MS = 10 * 60 * 1000  # beyond running out, for a hub whose clock is set back


def use_challenge(connection: Connection, till: str, challenge: Challenge, now_ms: int) -> bool:
    """Use a challenge up; False if this till used it before. Forgets what has long run out."""
    own = USED_CHALLENGE.c.till == till
    connection.execute(
        delete(USED_CHALLENGE).where(own, USED_CHALLENGE.c.expires_ms < now_ms - KEPT_MS)
    )
    row = {"till": till, "nonce": challenge.nonce, "expires_ms": challenge.expires_ms}
    return add_one_missing(connection, USED_CHALLENGE, row)
