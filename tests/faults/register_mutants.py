"""Wrong programs that forget, or do not heed, whom the hub enrolled and whom it revoked."""

from __future__ import annotations

import contextlib
from typing import Any
from unittest import mock

from sync.rules.revocation import Revocation, Sorted, sort_out
from sync.stores import hub_register, hub_revocations

from .mutants import everywhere, ignore, mutant


@mutant("enrolments lost by a restore", ("hub put back", "hub killed"), "enrolments_stay")
def _enrolments_lost(undo: contextlib.ExitStack) -> None:
    """What the second medium knows of enrolments is read, and not carried out."""
    _replay_without(undo, hub_register, "_grant")


@mutant("revocations lost by a restore", ("hub emptied", "till revoked"), "revocations_stay")
def _revocations_lost(undo: contextlib.ExitStack) -> None:
    """What the second medium knows of revocations is read, and not carried out."""
    _replay_without(undo, hub_revocations, "put_revocation")


@mutant(
    "what is held is dropped",
    ("till cloned", "till revoked"),
    "booked_and_held_are_what_was_received",
)
def _held_is_dropped(undo: contextlib.ExitStack) -> None:
    """The hub says that it holds what a revoked till sends, and keeps nothing of it."""
    undo.enter_context(mock.patch.object(hub_revocations, "hold", ignore))


@mutant("a revoked till is booked on", ("till cloned", "till revoked"), "revocations_stay")
def _booked_on(undo: contextlib.ExitStack) -> None:
    """What a revoked till sends is taken in as if nothing had been said of it."""

    def wrong(run: str, numbered: Any, verdicts: Any, _revocation: Revocation | None) -> Sorted:
        return sort_out(run, numbered, verdicts, None)

    everywhere(undo, sort_out, wrong)


def _replay_without(undo: contextlib.ExitStack, module: Any, act: str) -> None:
    right = hub_register.up_to_date

    def wrong(*arguments: Any) -> int:
        with mock.patch.object(module, act, ignore):
            return right(*arguments)

    everywhere(undo, right, wrong)
