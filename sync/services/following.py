"""Following the hub's word: its marks are adopted, or the till parts from a run that diverged."""

from __future__ import annotations

import msgspec
from sqlite_utils import Database

from sync.rules.marks import Adopt, decide
from sync.rules.refusal import N_, Refused
from sync.rules.reply import Reply, read_reply
from sync.services.diverging import Exchange, Show, agreed, part
from sync.services.till import OpenTill
from sync.stores import journal as journals
from sync.stores.enrolment import Enrolment


class Followed(msgspec.Struct, frozen=True):
    """What came of following: the runs that the till parted from, and why it stopped early."""

    parted: tuple[str, ...]
    refused: Refused | None


def read_word(
    till: OpenTill, enrolment: Enrolment, data: bytes, request_sha256: bytes, run: str
) -> Reply | Refused:
    """Read the hub's reply to a segment of `run`; refused unless it is the hub's, and about us."""
    reply = read_reply(data, enrolment.hub_public, request_sha256)
    if isinstance(reply, Refused):
        return reply
    ours = (reply.hub_id, reply.till) == (enrolment.hub_id, till.keys.install)
    if not ours or run not in {mark.run for mark in reply.marks}:
        return _not_about_us()
    return reply


def follow(till: OpenTill, answered: Exchange, show: Show | None) -> Followed:
    """Adopt the marks that are in our chain; part ways with runs whose mark is not.

    `show` shows the hub a batch and returns its answer, None where it cannot be asked.
    """
    db = till.journal.read()
    known_runs = {state.run for state in journals.runs(db)}
    decisions = [
        decide(mark, lambda run, seq: journals.hash_at(db, run, seq))
        for mark in answered.reply.marks
        if mark.run in known_runs
    ]
    adopted = [each.mark for each in decisions if isinstance(each, Adopt)]
    known = {mark.run: mark for mark in adopted}
    if any(journals.read_mark(db, run) != mark for run, mark in known.items()):
        with till.journal.transaction() as writer:
            for mark in adopted:
                journals.write_mark(writer, mark)
    parted: list[str] = []
    for each in decisions:
        if isinstance(each, Adopt) or not _matters(db, each.mark.run, answered.reply):
            continue
        common = agreed(till, each.mark.run, answered, show)
        if isinstance(common, Refused):
            return Followed(tuple(parted), common)
        if part(till, common):
            parted.append(common.run)
    return Followed(tuple(parted), None)


def _matters(db: Database, run: str, reply: Reply) -> bool:
    """Tell whether to act on a run that diverged: not on one closed for it, unless it lacks."""
    closed_at = journals.agreed_of(db, run)
    return closed_at is None or any(
        place.seq <= closed_at and journals.hash_at(db, run, place.seq) == place.hash
        for place in reply.missing
        if place.run == run
    )


def _not_about_us() -> Refused:
    return Refused(
        "reply.not_about_us",
        N_("The hub's answer is about another till or hub."),
        N_("Check the hub's address; nothing was changed here."),
    )
