"""What the hub tells a till of its center about one business day: each till, as the hub has it."""

import hashlib

import msgspec

from sync.rules.closing import DayClosed
from sync.rules.reply import Mark
from sync.rules.standing import Standing
from sync.rules.totals import KindTotal

MOST_ANSWER_BYTES = 4 * 1024 * 1024
MOST_EXCEPTIONS = 50  # told of each till; `exceptions_left` counts the others
MOST_CLOSINGS = 8
MOST_PAGE = 2000
MOST_REASON = 200
MOST_NAME = 64


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest signed running totals of a till, and when the hub received them (Unix ms)."""

    standing: Standing
    received_ms: int


class Closing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A closing entry that the hub booked: where it stands, when it was made, what it says."""

    run: str
    seq: int
    at_ms: int
    said: DayClosed


class Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries of a run that a later run goes on from, and that the hub does not have."""

    run: str
    first_seq: int
    last_seq: int


class Matter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exception that a person has to settle with a reason.

    `kind` is fork, branch, held, exception or uninterpreted; `seq` 0 means the whole run, `about`
    says what it is about, without personal data. `noticed_ms` is when it was last noticed anew.
    """

    kind: str
    run: str
    seq: int
    about: str
    noticed_ms: int


def handle(till: str, matter: Matter) -> str:
    """Return the eight digits by which people name an exception of a till (install id)."""
    named = msgspec.msgpack.encode((till, matter.kind, matter.run, matter.seq, matter.about))
    return hashlib.sha256(named).hexdigest()[:8]


class Settlement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person's word on an exception: `reason` in up to 200 characters, `who` in up to 64."""

    till: str
    kind: str
    run: str
    seq: int
    about: str
    reason: str
    who: str


class Settled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exception as it is settled at the hub, from `at_ms` on, asked for by the till `by`."""

    settlement: Settlement
    by: str
    at_ms: int


class TillDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the hub has of one till for a day.

    `booked` are the entries it could read, `uninterpreted` those it could not, `held` those of a
    revoked till that wait for a person: together they are all that arrived. `marks` are how far it
    has the runs that have entries of this day, and the newest run it was told of. `settled` are the
    last exceptions that a person settled, newest first.
    """

    till: str
    number: int
    name: str
    revoked: bool
    booked: tuple[KindTotal, ...]
    uninterpreted: tuple[KindTotal, ...]
    held: tuple[KindTotal, ...]
    marks: tuple[Mark, ...]
    gaps: tuple[Gap, ...]
    closings: tuple[Closing, ...]
    told: Told | None
    exceptions: tuple[Matter, ...]
    exceptions_left: int
    settled: tuple[Settled, ...] = ()


class CenterDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One business day (ISO date) of a center, as its hub had it at `hub_time_ms`."""

    day: str
    center: int
    hub_time_ms: int
    tills: tuple[TillDay, ...]


class Listed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One thing that is booked or journalled: what it is, and where it stands."""

    kind: str
    id: str
    body_sha256: bytes
    run: str
    seq: int
    amount_fen: int


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page of what the hub has of one till for a day, by kind, id and digest; `more` follow."""

    entries: tuple[Listed, ...]
    more: bool
