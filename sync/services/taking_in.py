"""The hub takes in the segments of a stick, by the same path as a push, and leaves its replies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sync.rules.refusal import Fault, Refused
from sync.rules.reply import read_reply
from sync.rules.segment import MOST_PACKED_BYTES, unpack
from sync.rules.stick import reply_name
from sync.services.hub import Received
from sync.stick_files import Stick


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How far the hub has a segment's run; `gap`: nothing was stored, something is missing."""

    run: str
    seq: int
    gap: bool


Outcome = tuple[str, TakenIn | Refused]


@dataclass(slots=True)
class StickAtHub:
    """One stick at the hub. `receive` takes a segment's bytes in, `hub_public` is the hub's key.

    After `take_in`, `unanswered` says why replies are missing on the stick, None if none are.
    """

    stick: Stick
    receive: Callable[[bytes], Received | Refused]
    hub_public: bytes
    unanswered: Refused | None = field(default=None, init=False)

    def take_in(self, names: Sequence[str]) -> Iterator[Outcome]:
        """Take in files one by one, in any order; what is damaged or foreign stops no other."""
        early: list[tuple[tuple[str, str, int], str]] = []
        for name in names:
            data, outcome = self._take(name)
            if isinstance(outcome, TakenIn) and outcome.gap:
                early.append((_place(data), name))
            else:
                yield name, outcome
        # Whatever came before it on the stick is at the hub now.
        for _, name in sorted(early):
            yield name, self._take(name)[1]

    def _take(self, name: str) -> tuple[bytes, TakenIn | Refused]:
        try:
            data = self.stick.read(name, MOST_PACKED_BYTES)
        except Fault as fault:
            return b"", fault.refused
        received = self.receive(data)
        if isinstance(received, Refused):
            return data, received
        self._answer(name, received.reply)
        reply = read_reply(received.reply, self.hub_public, hashlib.sha256(data).digest())
        assert not isinstance(reply, Refused), "a reply that this hub just made"
        mark = reply.marks[0]
        return data, TakenIn(mark.run, mark.seq, received.gap)

    def _answer(self, name: str, reply: bytes) -> None:
        """Leave the reply beside its segment; a stick that cannot be written still brings sales."""
        if self.unanswered is not None:
            return
        try:
            self.stick.write(reply_name(name), reply)
        except Fault as fault:
            self.unanswered = fault.refused


def _place(data: bytes) -> tuple[str, str, int]:
    segment = unpack(data)
    assert not isinstance(segment, Refused), "a segment that the hub answered"
    return segment.head.till, segment.head.run, segment.head.first_seq
