"""Segments: consecutive entries of one run under a signed head, as sent by wire or on a stick.

A segment is one MessagePack array in one zstd frame. Its head is signed by the till's key, and
the till's certificate travels with it, so whoever knows the hub's key can check everything.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
import zstandard

from sync.rules.certificate import Certificate, Sign
from sync.rules.certificate import read as read_certificate
from sync.rules.decoding import from_msgpack
from sync.rules.entry import (
    GENESIS,
    MOST_BODY_BYTES,
    Entry,
    Header,
    Private,
    entry_hash,
    with_body_digest,
    without_body_digest,
)
from sync.rules.refusal import N_, Refused, Words
from sync.rules.signatures import verify

DOMAIN = b"xuanpin.segment.1\0"
MOST_ENTRIES = 500
MOST_PACKED_BYTES = 1024 * 1024
MOST_UNPACKED_BYTES = 4 * 1024 * 1024
MOST_PRIVATE_BYTES = 64 * 1024
MOST_STANDING_BYTES = 2048
_ENVELOPE_BYTES = 4096
_ENTRY_OVERHEAD = 32
_LEVEL = 3
_MOST_INTEGER = 2**63 - 1
_WINDOW_BYTES = 8 * 1024 * 1024

_NAME = re.compile(r"[0-9A-Za-z_.:-]{1,64}")
# Install id, day, then run, kind, id and boot: one match, because every entry goes through it.
_NAMES = re.compile(r"[0-9a-f]{32} [0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9A-Za-z_.:-]{1,64}){4}")


class SegmentHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the till signs: which entries of which run, for which hub.

    `prev` is the hash before the first entry, `last_hash` that of the last. `parent_run` is the
    run that this run names as its parent, empty for a till's first. `standing` are the till's
    running totals (`sync.rules.standing`), at most `MOST_STANDING_BYTES`; empty if it sends none.
    """

    version: int
    hub_id: str
    till: str
    run: str
    first_seq: int
    prev: bytes
    last_seq: int
    last_hash: bytes
    parent_run: str
    standing: bytes = b""


class _Sent(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """An entry without its body's digest: that does not compress, and the body is there.

    `header` is the header's bytes up to the digest, `rest` those behind it.
    """

    header: bytes
    rest: bytes
    body: bytes
    salt: bytes  # empty: no private part
    private: bytes


class _Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    head: bytes
    signature: bytes
    certificate: bytes
    # Judged by the count that is announced, before any of them is made an object.
    entries: Annotated[list[_Sent], msgspec.Meta(min_length=1, max_length=MOST_ENTRIES)]


class Segment(msgspec.Struct, frozen=True):
    """A segment as read: not yet checked. `head_bytes` is what was signed, kept as evidence."""

    head: SegmentHead
    head_bytes: bytes
    signature: bytes
    certificate: bytes
    entries: tuple[Entry, ...]


def cut(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return the longest start of `entries` within the limits of a segment, at least one."""
    size = _ENVELOPE_BYTES
    for index, entry in enumerate(entries[:MOST_ENTRIES]):
        private = 0 if entry.private is None else len(entry.private.data) + len(entry.private.salt)
        size += len(entry.header_bytes) + len(entry.body) + private + _ENTRY_OVERHEAD
        if index and size > MOST_UNPACKED_BYTES:
            return entries[:index]
    return entries[:MOST_ENTRIES]


def pack(
    entries: Sequence[Entry],
    *,
    hub_id: str,
    parent_run: str,
    certificate: bytes,
    sign: Sign,
    standing: Callable[[int], bytes] = lambda _count: b"",
) -> tuple[bytes, int]:
    """Pack the longest start of `entries` that fits; return the bytes and how many went in.

    `entries` are consecutive entries of one run; `sign` is the till's; `standing` returns its
    running totals for a segment of so many of them.
    """
    chosen = cut(entries)
    while True:
        data = _pack(chosen, hub_id, parent_run, certificate, sign, standing(len(chosen)))
        if len(data) <= MOST_PACKED_BYTES:
            return data, len(chosen)
        assert len(chosen) > 1, "one entry always fits"
        chosen = chosen[: len(chosen) // 2]


def _pack(
    entries: Sequence[Entry],
    hub_id: str,
    parent_run: str,
    certificate: bytes,
    sign: Sign,
    standing: bytes,
) -> bytes:
    first, last = entries[0], entries[-1]
    at = first.header
    head = msgspec.msgpack.encode(
        SegmentHead(
            version=1,
            hub_id=hub_id,
            till=at.till,
            run=at.run,
            first_seq=at.seq,
            prev=first.prev,
            last_seq=at.seq + len(entries) - 1,
            last_hash=last.hash,
            parent_run=parent_run,
            standing=standing,
        )
    )
    wire = _Wire(1, head, sign(DOMAIN + head), certificate, [_sent(entry) for entry in entries])
    return zstandard.ZstdCompressor(level=_LEVEL).compress(msgspec.msgpack.encode(wire))


def _sent(entry: Entry) -> _Sent:
    header, rest = without_body_digest(entry.header_bytes)
    private = entry.private
    if private is None:
        return _Sent(header, rest, entry.body, b"", b"")
    return _Sent(header, rest, entry.body, private.salt, private.data)


def unpack(data: bytes) -> Segment | Refused:
    """Read a segment's bytes; hashes are chained from the head's `prev`. Nothing is trusted yet.

    Refused if too large, not one zstd frame of MessagePack, or not of 1 to 500 entries.
    """
    if len(data) > MOST_PACKED_BYTES:
        return _refused("segment.too_large", N_("The segment is larger than 1 MiB."))
    try:
        if zstandard.frame_content_size(data) > MOST_UNPACKED_BYTES:
            return _refused("segment.too_large", N_("The segment unpacks to more than 4 MiB."))
        wire = from_msgpack(_decompress(data), _Wire)
        head = read_head(wire.head)
    except (zstandard.ZstdError, ValueError):
        return _refused("segment.malformed", N_("The segment is malformed."))
    if wire.version != 1:
        return _refused("segment.malformed", N_("The segment is malformed."))
    entries = []
    prev = head.prev
    for sent in wire.entries:
        private = Private(sent.salt, sent.private) if sent.salt else None
        header = with_body_digest(sent.header, sent.rest, sent.body)
        own = entry_hash(prev, header)
        entries.append(Entry(header, sent.body, private, prev, own))
        prev = own
    return Segment(head, wire.head, wire.signature, wire.certificate, tuple(entries))


def read_head(data: bytes) -> SegmentHead:
    """Read a head's bytes as they were signed; raises `ValueError` on anything else."""
    return from_msgpack(data, SegmentHead)


def _decompress(data: bytes) -> bytes:
    """Unpack one whole frame; raises `ZstdError` on anything else.

    The room that a frame says it needs is taken at once: bound that first. One that does not say
    has to fit into `MOST_UNPACKED_BYTES`.
    """
    decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
    return decompressor.decompress(
        data, max_output_size=MOST_UNPACKED_BYTES, allow_extra_data=False
    )


def check_segment(segment: Segment, hub_public: bytes) -> Certificate | Refused:
    """Check a segment against the hub's public key; return the certificate of who sent it.

    Checked: certificate, head signature, that the install id is the certificate's, that the
    hashes lead from the head's first to its last (over every body's digest), that seq is
    consecutive, and that every private part has the digest in its header.
    """
    certificate = read_certificate(segment.certificate, hub_public)
    if isinstance(certificate, Refused):
        return certificate
    head = segment.head
    if not verify(certificate.public_key, segment.signature, DOMAIN + segment.head_bytes):
        return _refused("segment.forged", N_("The segment is not signed by its till."))
    if head.till != certificate.install:
        return _refused("segment.other_till", N_("The segment names another till than it may."))
    wrong = _head_problem(segment)
    problem = Words(wrong) if wrong else _entries_problem(segment)
    if problem is not None:
        return _refused(
            "segment.inconsistent",
            N_("The segment contradicts itself: {problem}."),
            problem=problem,
        )
    return certificate


def _head_problem(segment: Segment) -> str:
    """Say what is wrong with a head on its own, as a message id; empty if nothing."""
    head = segment.head
    if head.version != 1:
        return N_("unknown version")
    if not _NAME.fullmatch(head.run) or (head.parent_run and not _NAME.fullmatch(head.parent_run)):
        return N_("run name")
    if len(head.prev) != len(GENESIS):
        return N_("length of the previous hash")
    if len(head.standing) > MOST_STANDING_BYTES:
        return N_("length of the running totals")
    if not 1 <= head.first_seq <= _MOST_INTEGER - MOST_ENTRIES:
        return N_("first seq")
    if head.last_seq != head.first_seq + len(segment.entries) - 1:
        return N_("number of entries")
    if head.last_hash != segment.entries[-1].hash:
        return N_("last hash")
    return ""


def _entries_problem(segment: Segment) -> Words | None:
    head = segment.head
    for offset, entry in enumerate(segment.entries):
        seq = head.first_seq + offset
        try:
            header = entry.header
        except ValueError:
            return _at(N_("header"), seq)
        if (header.till, header.run, header.seq) != (head.till, head.run, seq):
            return _at(N_("place"), seq)
        problem = _problem_but_digest(header, entry)
        if problem:
            return _at(problem, seq)
    return None


def _at(problem: str, seq: int) -> Words:
    return Words(N_("{problem} of seq {seq}"), {"problem": Words(problem), "seq": seq})


def entry_problem(header: Header, entry: Entry) -> str:
    """Say what is wrong with an entry on its own, as a message id; empty if nothing."""
    if header.body_sha256 != hashlib.sha256(entry.body).digest():
        return N_("body digest")
    return _problem_but_digest(header, entry)


def _problem_but_digest(header: Header, entry: Entry) -> str:
    """Say what is wrong with an entry whose header was put together round its body's digest."""
    if header.body_bytes != len(entry.body) or len(entry.body) > MOST_BODY_BYTES:
        return N_("body length")
    private = entry.private
    if private is not None and (
        len(private.data) > MOST_PRIVATE_BYTES or header.private_sha256 != private.digest()
    ):
        return N_("private part")
    return header_problem(header)


def is_name(text: str) -> bool:
    """Tell whether a text can name a run, a kind or a boot."""
    return _NAME.fullmatch(text) is not None


def header_problem(header: Header) -> str:
    """Say what in a header no honest till writes, as a message id; empty if nothing."""
    if header.version != 1:
        return N_("version")
    names = f"{header.till} {header.day} {header.run} {header.kind} {header.id} {header.boot}"
    if not _NAMES.fullmatch(names):
        return N_("a name or day")
    if len(header.private_sha256) not in (0, 32):
        return N_("private digest")
    least, most = -_MOST_INTEGER, _MOST_INTEGER
    if not (
        least <= header.seq <= most
        and least <= header.at_ms <= most
        and least <= header.mono_ms <= most
        and least <= header.amount_fen <= most
    ):
        return N_("a number")
    return ""


def _refused(reason: str, message: str, **values: object) -> Refused:
    hint = N_("Nothing was stored; the till keeps its entries and sends them again.")
    return Refused(reason, message, hint, values)
