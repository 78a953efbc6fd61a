"""The hub's register: tills enrolled and revoked, cards and tokens revoked; chained and signed.

It is kept twice, in the hub's database and as a text file on a second medium, one record a line:

    content as JSON ‖ tab ‖ the hub's signature in hex ‖ newline

`hash = SHA-256(domain ‖ content)`, and each content names the hash before it. A record reaches
the second medium before it takes effect, so a database that was put back is brought up to it.
"""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from sync.rules.certificate import Sign
from sync.rules.decoding import from_json
from sync.rules.feed_row import FeedRow
from sync.rules.refusal import N_, Refused
from sync.rules.revocation import Revocation
from sync.rules.signatures import verify

DOMAIN = b"xuanpin.register.1\0"
ORIGIN = bytes(32)
PENDING = b"\0"  # instead of the first byte of lines that do not count yet
MOST_LINE_BYTES = 1024 * 1024
_AROUND_BYTES = 1024  # a record without its rows, its signature included


class Granted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="granted"):
    """A till was enrolled, or its certificate renewed: its name, center and certificate."""

    name: str
    center_name: str
    certificate: bytes


class Revoked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="revoked"):
    """A till (install id) was revoked, on these terms."""

    till: str
    terms: Revocation


class Released(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="released"):
    """What was held of a revoked till was found genuine: from now on these terms."""

    till: str
    terms: Revocation
    reason: str
    who: str


class Reinstated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="reinstated"):
    """A till is no longer revoked."""

    till: str
    reason: str
    who: str


class Fed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="fed"):
    """Rows of a feed were published, each with the number of its center (0: for all).

    Those without contents were removed.
    """

    feed: str
    rows: tuple[tuple[int, FeedRow], ...]


class Withdrawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="withdrawn"):
    """The token of a reader was taken back: the one with this digest, not a later one."""

    name: str
    token_sha256: bytes


Act = Granted | Revoked | Released | Reinstated | Fed | Withdrawn


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act in its place: `seq` counts from 1, `prev` is the hash of the record before."""

    seq: int
    prev: bytes
    hub_id: str
    at_ms: int
    act: Act


class Written(msgspec.Struct, frozen=True):
    """A record as kept: the exact bytes that were signed."""

    record: Record
    content: bytes
    signature: bytes

    @property
    def hash(self) -> bytes:
        """The hash by which the next record names this one."""
        return record_hash(self.content)

    @property
    def line(self) -> bytes:
        """The record as it stands on the second medium."""
        return line_of(self.content, self.signature)


def fed_acts(feed: str, rows: Iterable[tuple[int, FeedRow]]) -> Iterator[Fed]:
    """Say that rows were published, in as many acts as it takes for each to fit into a line.

    >>> long = [(0, FeedRow(str(number), bytes(60_000))) for number in range(20)]
    >>> [len(act.rows) for act in fed_acts("revocations", long)]
    [13, 7]
    """
    kept: list[tuple[int, FeedRow]] = []
    size = _AROUND_BYTES
    for row in rows:
        more = len(msgspec.json.encode(row)) + 1
        if kept and size + more > MOST_LINE_BYTES:
            yield Fed(feed, tuple(kept))
            kept, size = [], _AROUND_BYTES
        kept.append(row)
        size += more
    if kept:
        yield Fed(feed, tuple(kept))


def line_of(content: bytes, signature: bytes) -> bytes:
    """Return a record's line, newline included."""
    return content + b"\t" + signature.hex().encode("ascii") + b"\n"


def record_hash(content: bytes) -> bytes:
    """Return the hash of a record's content."""
    return hashlib.sha256(DOMAIN + content).digest()


def write(record: Record, sign: Sign) -> Written:
    """Sign a record; `sign` is the hub's."""
    content = msgspec.json.encode(record)
    return Written(record, content, sign(DOMAIN + content))


def read(
    content: bytes, signature: bytes, *, seq: int, prev: bytes, hub_public: bytes
) -> Written | None:
    """Read a record that must be number `seq` and follow `prev`; None if it is anything else."""
    if not verify(hub_public, signature, DOMAIN + content):
        return None
    try:
        record = from_json(content, Record)
    except ValueError:
        return None
    return Written(record, content, signature) if (record.seq, record.prev) == (seq, prev) else None


def read_line(line: bytes, *, seq: int, prev: bytes, hub_public: bytes) -> Written | None:
    """Read a line of the second medium, without its newline; None if it was altered."""
    content, _, signature = line.rpartition(b"\t")
    try:
        signed = bytes.fromhex(signature.decode("ascii"))
    except ValueError:
        return None
    return read(content, signed, seq=seq, prev=prev, hub_public=hub_public)


def split_lines(data: bytes) -> tuple[list[bytes], int]:
    """Split a register's file into lines; return also how many bytes of it are sound.

    What power loss leaves of the last record is no whole line, or holds zeros where the disk
    had not come to writing it (JSON never does): it never took effect, and is left out. So are
    several records that were to take effect together, if the first still begins with `PENDING`.

    >>> split_lines(b'{1}\\n{2}\\n{3'), split_lines(b'{1}\\n\\0 2}\\n{3}\\n')
    (([b'{1}', b'{2}'], 8), ([b'{1}'], 4))
    """
    pending = (b"\n" + data).find(b"\n" + PENDING)
    if pending >= 0:
        data = data[:pending]
    lines = data.split(b"\n")
    torn = lines.pop()
    sound = len(data) - len(torn)
    if lines and b"\0" in lines[-1]:
        sound -= len(lines.pop()) + 1
    return lines, sound


def altered(place: object, seq: int) -> Refused:
    """Refuse a register of which record `seq` is not what this hub wrote there."""
    return Refused(
        "register.altered",
        N_("Record {seq} of the register in {place} was altered, or is not this hub's."),
        N_("Keep it as evidence and put back a sound copy; until then the hub does not start."),
        {"place": place, "seq": seq},
    )
