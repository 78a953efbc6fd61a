"""A till hears the hub's replies that came back on a stick, and follows them as after a push."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import structs

from sync.rules.enrolling import not_enrolled
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.reply import MOST_REPLY_BYTES, Mark
from sync.rules.segment import MOST_PACKED_BYTES, check_segment, unpack
from sync.rules.stick import replied_name
from sync.services.diverging import Exchange
from sync.services.following import follow, read_word
from sync.services.till import OpenTill
from sync.stick_files import Stick
from sync.stores import journal as journals
from sync.stores.contacts import heard_ms, write_heard
from sync.stores.enrolment import Enrolment


class Heard(msgspec.Struct, frozen=True):
    """What the replies on a stick changed.

    `replies` were followed, `acknowledged` entries with them, `pending` are left; `older` ones
    say less than the hub has said since. `parted` are the runs closed because they diverged,
    `refused` the files that could not be followed.
    """

    replies: int
    older: int
    acknowledged: int
    pending: int
    parted: tuple[str, ...]
    refused: tuple[tuple[str, Refused], ...]


def hear_replies(till: OpenTill, stick: Stick, names: Sequence[str]) -> Heard | Refused:
    """Follow every reply to a segment of this till, in the order in which the hub gave them.

    Replies to other tills are passed over, to entries that this journal does not have (it was
    copied or put back since), and those older than what the hub has said since.
    Refused before the till is enrolled; raises `Fault` if the journal fails.
    """
    enrolment = till.enrolment
    if enrolment is None:
        return not_enrolled()
    refused: list[tuple[str, Refused]] = []
    answered: list[Exchange] = []
    for name in names:
        found = _read(till, enrolment, stick, name)
        if isinstance(found, Refused):
            refused.append((name, found))
        elif found is not None:
            answered.append(found)
    before = _marks(till)
    parted: list[str] = []
    news = _in_order(answered, heard_ms(till.journal.read()))
    for exchange in news:
        parted += follow(till, exchange, None).parted
        with till.journal.transaction() as db:
            write_heard(db, exchange.reply.alarms, exchange.reply.hub_time_ms)
    after = _marks(till)
    moved = sum(max(0, after[run] - seq) for run, seq in before.items())
    pending = sum(state.pending for state in journals.runs(till.journal.read()))
    older = len(answered) - len(news)
    return Heard(len(news), older, moved, pending, tuple(parted), tuple(refused))


def _in_order(answered: Sequence[Exchange], since_ms: int) -> list[Exchange]:
    """Return the replies since the newest that is known, in the order in which they were given.

    Of those in one millisecond, in which the hub only went up, the highest mark of a run counts.
    """
    news = [each for each in answered if each.reply.hub_time_ms >= since_ms]
    highest: dict[tuple[int, str], int] = {}
    for each in news:
        for mark in each.reply.marks:
            at = (each.reply.hub_time_ms, mark.run)
            highest[at] = max(mark.seq, highest.get(at, 0))
    settled = []
    for each in sorted(news, key=lambda one: one.reply.hub_time_ms):
        at_ms = each.reply.hub_time_ms
        marks = [mark for mark in each.reply.marks if mark.seq == highest[at_ms, mark.run]]
        settled.append(structs.replace(each, reply=structs.replace(each.reply, marks=tuple(marks))))
    return settled


def _marks(till: OpenTill) -> dict[str, int]:
    return {state.run: state.mark_seq for state in journals.runs(till.journal.read())}


def _read(
    till: OpenTill, enrolment: Enrolment, stick: Stick, name: str
) -> Exchange | Refused | None:
    """Read a reply with the segment that it answers; None if that is not of this journal."""
    try:
        data = stick.read(replied_name(name), MOST_PACKED_BYTES)
        answer = stick.read(name, MOST_REPLY_BYTES)
    except Fault as fault:
        return fault.refused
    segment = unpack(data)
    if isinstance(segment, Refused):
        return segment
    head = segment.head
    if head.till != till.keys.install:
        return None
    checked = check_segment(segment, enrolment.hub_public)
    if isinstance(checked, Refused):
        return checked
    if journals.hash_at(till.journal.read(), head.run, head.last_seq) != head.last_hash:
        return None
    reply = read_word(till, enrolment, answer, hashlib.sha256(data).digest(), head.run)
    if isinstance(reply, Refused):
        return _OTHER_SEGMENT if reply.reason == "reply.other_request" else reply
    return Exchange(reply, Mark(head.run, head.last_seq, head.last_hash))


_OTHER_SEGMENT = Refused(
    "stick.other_segment",
    N_("The reply belongs to another version of the segment beside it."),
    N_("Take the stick to the hub again."),
)
