"""Wrong hubs: put back, they forget or notice nothing; or they do not heed whom they revoked."""

from __future__ import annotations

import contextlib
from typing import Any
from unittest import mock

from sync.database import hub_snapshot
from sync.rules.revocation import Revocation, Sorted, sort_out
from sync.services.lineage import Lineage
from sync.stores import hub_openings, hub_register, hub_revocations
from sync.watermark import write_watermark

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


@mutant(
    "a put back under a serving hub goes unnoticed",
    ("hub put back", "request lost"),
    "enrolments_stay",
    "revocations_stay",
    "every_till_has_what_it_is_fed",
)
def _unnoticed(undo: contextlib.ExitStack) -> None:
    """A hub that serves looks whether another database answers, and not whether numbers fell."""

    def wrong(self: Lineage) -> None:
        with hub_snapshot(self._engine) as connection:
            now = hub_openings.seen(connection)
        write_watermark(self._directory, now)
        for place in self._medium:
            write_watermark(place, now)

    undo.enter_context(mock.patch.object(Lineage, "look", wrong))


def _replay_without(undo: contextlib.ExitStack, module: Any, act: str) -> None:
    right = hub_register.up_to_date

    def wrong(*arguments: Any) -> int:
        with mock.patch.object(module, act, ignore):
            return right(*arguments)

    everywhere(undo, right, wrong)
