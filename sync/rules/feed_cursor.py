"""Cursors: how far a till is in a feed, in the hub's own signed words, which it can be shown."""

import msgspec

from sync.rules.certificate import Sign
from sync.rules.decoding import from_msgpack
from sync.rules.refusal import N_, Refused
from sync.rules.signatures import verify

DOMAIN = b"xuanpin.cursor.1\0"


class Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a till stands in a feed: it has all of `center`'s rows up to `version`.

    `center` is 0 in a feed that is the same for all centers.
    """

    hub_id: str
    feed: str
    center: int
    epoch: int
    version: int


class _Signed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    cursor: bytes
    signature: bytes


def make_cursor(cursor: Cursor, sign: Sign) -> bytes:
    """Return a cursor with the hub's signature: its own word, which it may be reminded of."""
    content = msgspec.msgpack.encode(cursor)
    return msgspec.msgpack.encode(_Signed(content, sign(DOMAIN + content)))


def read_cursor(data: bytes, hub_public: bytes) -> Cursor | Refused:
    """Read a cursor; refused unless this hub signed it."""
    try:
        signed = from_msgpack(data, _Signed)
    except ValueError:
        return malformed()
    if not verify(hub_public, signed.signature, DOMAIN + signed.cursor):
        return Refused(
            "feed.forged_cursor",
            N_("The place in a feed is not signed by this hub."),
            N_("Pull again; what is fed is then taken anew."),
        )
    try:
        return from_msgpack(signed.cursor, Cursor)
    except ValueError:
        return malformed()


def malformed() -> Refused:
    """Refuse what nobody who speaks of feeds would say."""
    return Refused(
        "feed.malformed",
        N_("What was said of a feed is malformed."),
        N_("Check that hub and till run versions that fit; nothing was changed."),
    )
