"""The last contact with the hub: what came of it and when, for the status line."""

from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

ContactState = Literal["reachable", "unreachable", "alarm"]


@dataclass(frozen=True, slots=True)
class Contact:
    """How the hub last answered; times in Unix milliseconds, None if it never did.

    `reason` is the refusal's slug or the hub's flags, empty when all is well.
    """

    state: ContactState
    reason: str
    tried_at_ms: int
    answered_at_ms: int | None


def read_contact(db: Database) -> Contact | None:
    """Return the last contact; None if there was none yet."""
    row = db.execute("SELECT state, reason, tried_at_ms, answered_at_ms FROM contact").fetchone()
    return None if row is None else Contact(*row)


def write_contact(db: Database, state: ContactState, reason: str, at_ms: int) -> None:
    """Keep what came of a contact at `at_ms`; unless unreachable, the hub answered."""
    db.execute(
        "INSERT INTO contact (one, state, reason, tried_at_ms, answered_at_ms)"
        " VALUES (1, ?1, ?2, ?3, ?4) ON CONFLICT (one) DO UPDATE SET state = ?1, reason = ?2,"
        " tried_at_ms = ?3, answered_at_ms = coalesce(?4, answered_at_ms)",
        (state, reason, at_ms, None if state == "unreachable" else at_ms),
    )
