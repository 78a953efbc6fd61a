"""The last contact with the hub: what came of it and when, and the time the hub said it was."""

from collections.abc import Iterable
from typing import Literal

import msgspec
from sqlite_utils import Database

from sync.rules.runs import Stamp

ContactState = Literal["reachable", "unreachable", "alarm"]


class Contact(msgspec.Struct, frozen=True):
    """How the hub last answered; times in Unix milliseconds, None if it never did.

    `reason` is the refusal's slug, empty when all is well. `alarms` are the kinds of alarm that
    nobody has settled at the hub, as it said when it last answered.
    """

    state: ContactState
    reason: str
    tried_at_ms: int
    answered_at_ms: int | None
    alarms: tuple[str, ...] = ()


def read_contact(db: Database) -> Contact | None:
    """Return the last contact; None if there was none yet."""
    row = db.execute(
        "SELECT state, reason, tried_at_ms, answered_at_ms, alarms FROM contact"
    ).fetchone()
    if row is None:
        return None
    state, reason, tried_at_ms, answered_at_ms, alarms = row
    return Contact(state, reason, tried_at_ms, answered_at_ms, tuple(alarms.split()))


def write_contact(
    db: Database, state: ContactState, reason: str, at_ms: int, alarms: Iterable[str] | None
) -> None:
    """Keep what came of a contact at `at_ms`; unless unreachable, the hub answered.

    `alarms` is None if the hub said nothing about them: then they stand as they stood.
    """
    db.execute(
        "INSERT INTO contact (one, state, reason, tried_at_ms, answered_at_ms, alarms)"
        " VALUES (1, ?1, ?2, ?3, ?4, coalesce(?5, '')) ON CONFLICT (one) DO UPDATE SET"
        " state = ?1, reason = ?2, tried_at_ms = ?3,"
        " answered_at_ms = coalesce(?4, answered_at_ms), alarms = coalesce(?5, alarms)",
        (
            state,
            reason,
            at_ms,
            None if state == "unreachable" else at_ms,
            None if alarms is None else " ".join(sorted(alarms)),
        ),
    )


def heard_ms(db: Database) -> int:
    """Return the hub's own time of the newest reply that was followed; 0 before the first."""
    found = db.execute(
        "SELECT max(at_ms) FROM (SELECT heard_ms AS at_ms FROM contact"
        " UNION ALL SELECT at_ms FROM hub_clock)"
    ).fetchone()[0]
    return int(found or 0)


def write_heard(db: Database, alarms: Iterable[str], hub_ms: int) -> None:
    """Keep what a reply said that came without a network, written by the hub at `hub_ms`.

    It is no word on whether the hub can be reached, and no clock: it may be days old.
    """
    db.execute(
        "UPDATE contact SET alarms = ?1, heard_ms = ?2,"
        " answered_at_ms = max(coalesce(answered_at_ms, 0), ?2)",
        (" ".join(sorted(alarms)), hub_ms),
    )


def read_hub_clock(db: Database) -> Stamp | None:
    """Return the hub's signed time as it last arrived, with our monotonic clock and boot then."""
    row = db.execute("SELECT at_ms, mono_ms, boot FROM hub_clock").fetchone()
    return None if row is None else Stamp(*row)


def write_hub_clock(db: Database, hub: Stamp) -> None:
    """Keep the hub's signed time; one that is behind what is known is passed over."""
    db.execute(
        "INSERT INTO hub_clock (one, at_ms, mono_ms, boot) VALUES (1, ?1, ?2, ?3)"
        " ON CONFLICT (one) DO UPDATE SET at_ms = ?1, mono_ms = ?2, boot = ?3 WHERE at_ms <= ?1",
        (hub.at_ms, hub.mono_ms, hub.boot),
    )


def forget_hub_clock(db: Database, now_ms: int) -> None:
    """Give up the time that the hub said it was, and what it wrote on a stick after `now_ms`."""
    db.execute("DELETE FROM hub_clock")
    db.execute("UPDATE contact SET heard_ms = min(heard_ms, ?)", [now_ms])
