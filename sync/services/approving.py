"""A supervisor's approval at a till: a staff number and its PIN, locked after some wrong ones."""

from __future__ import annotations

from sync.rules.closing import is_signable
from sync.rules.pins import is_pin
from sync.rules.refusal import N_, Refused
from sync.services.till import OpenTill
from sync.stores.pin_tries import note, wrong_in_a_row
from sync.stores.staff import any_staff, staff_numbered

APPROVING = frozenset({"supervisor", "manager"})
MOST_WRONG = 5
LOCKED_MS = 15 * 60 * 1000


def needs_pin(till: OpenTill) -> bool:
    """Tell whether the hub feeds staff: then who approves proves it by a PIN."""
    return any_staff(till.reference.read())


def approve(till: OpenTill, who: str, pin: str) -> Refused | None:
    """Refuse unless `who` is a supervisor or manager of the center and this is their PIN.

    Where the hub feeds no staff any name in one line will do. The till is opened to write: wrong
    PINs are counted, and after `MOST_WRONG` in a row none of that number is tried for
    `LOCKED_MS`, by a clock that nobody sets. Raises `Fault`.
    """
    if not needs_pin(till):
        return None if is_signable(who) else _nobody()
    now = till.stamp()
    wrong, last = wrong_in_a_row(till.journal.read(), who)
    waited_ms = now.mono_ms - last.mono_ms if now.boot == last.boot else LOCKED_MS
    if wrong >= MOST_WRONG and waited_ms < LOCKED_MS:
        return _locked(LOCKED_MS - waited_ms)
    staff = staff_numbered(till.reference.read(), who)
    right = staff is not None and is_pin(pin, staff.pin)
    if staff is not None:
        till.journal.repeatable(lambda db: note(db, who, now, right=right))
    approved = right and staff is not None and staff.role in APPROVING
    return None if approved else _not_approved()


def _nobody() -> Refused:
    return Refused(
        "approval.nobody",
        N_("Who approves has to be named."),
        N_("Give a name with --who, in one line of up to 64 characters."),
    )


def _not_approved() -> Refused:
    return Refused(
        "approval.refused",
        N_("That is not the number and PIN of a supervisor or manager of this center."),
        N_("Give their staff number with --who; the PIN is asked for."),
    )


def _locked(left_ms: int) -> Refused:
    return Refused(
        "approval.locked",
        N_("Too many wrong PINs: none is tried for {count} min."),
        N_("Wait, or let another supervisor approve."),
        {"count": -(-left_ms // 60_000)},
    )
