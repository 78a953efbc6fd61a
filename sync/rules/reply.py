"""The hub's signed answer to a segment: how far it has each run, and what it noticed.

The same bytes answer 200 and, on a gap, 409. `marks` holds the mark of the segment's run, then
that of its parent run if it names one; a run of which the hub has nothing has `seq` 0. Each
segment therefore tells the till whether the run before has arrived whole, so a hub restored
from a backup is refilled run by run. An answer to a run's first segment, or to one that brought
nothing new, also says what else is `missing`, with the marks of those runs: the till may never
have heard of it, because an answer was lost and it began another run.
"""

import msgspec

from sync.rules.certificate import Sign
from sync.rules.decoding import from_msgpack
from sync.rules.refusal import N_, Refused
from sync.rules.runs import MOST_SEQ as MOST_SEQ
from sync.rules.signatures import verify

DOMAIN = b"xuanpin.reply.1\0"
MOST_REPLY_BYTES = 64 * 1024
MOST_MISSING = 50

# What the hub may flag; `ALARMS` stay with the till until they are settled.
FLAG_GAP = "gap"
FLAG_UNINTERPRETED = "uninterpreted"
FLAG_FORK = "fork"
FLAG_BRANCH = "branch"
FLAG_HELD = "held"
FLAG_EXCEPTION = "exception"
FLAG_EXPIRED = "expired"  # the certificate: taken in all the same, a paid sale is never refused
ALARMS = frozenset({FLAG_FORK, FLAG_BRANCH, FLAG_HELD})


class Mark(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last entry of a run that the hub has stored; `seq` 0 and no hash for none."""

    run: str
    seq: int
    hash: bytes


class Reply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the hub signs over the digest of the exact request it answers.

    `flags` are about this segment; `alarms` are the kinds of the till's alarms that nobody has
    settled at the hub, whenever they were raised. `missing` are places which other runs of the
    till go on from and at which the hub has another entry or none.
    """

    request_sha256: bytes
    hub_id: str
    till: str
    marks: tuple[Mark, ...]
    hub_time_ms: int
    flags: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    missing: tuple[Mark, ...] = ()


class _Signed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    reply: bytes
    signature: bytes


def make_reply(reply: Reply, sign: Sign) -> bytes:
    """Return the reply's canonical bytes with the hub's signature, as sent."""
    content = msgspec.msgpack.encode(reply)
    return msgspec.msgpack.encode(_Signed(1, content, sign(DOMAIN + content)))


def read_reply(data: bytes, hub_public: bytes, request_sha256: bytes) -> Reply | Refused:
    """Read a reply; refused unless this hub signed it for exactly this request."""
    try:
        signed = from_msgpack(data, _Signed)
    except ValueError:
        return _malformed()
    if signed.version != 1:
        return _malformed()
    if not verify(hub_public, signed.signature, DOMAIN + signed.reply):
        return Refused(
            "reply.forged",
            N_("The answer is not signed by the hub this till is enrolled at."),
            N_("Check the hub's address; nothing was changed here."),
        )
    try:
        reply = from_msgpack(signed.reply, Reply)
    except ValueError:
        return _malformed()
    if reply.request_sha256 != request_sha256:
        return Refused(
            "reply.other_request",
            N_("The hub's answer belongs to another request."),
            N_("Check the network between till and hub; nothing was changed here."),
        )
    if any(not 0 <= mark.seq <= MOST_SEQ for mark in reply.marks):
        return _malformed()
    return reply


def _malformed() -> Refused:
    return Refused(
        "reply.malformed",
        N_("The hub's answer is malformed."),
        N_("Check that the hub's address leads to a Xuanpin hub; nothing was changed here."),
    )
