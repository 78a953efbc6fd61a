"""What a day's report is made of: the things recorded for the day, and what is known of the tills.

The ground floor gathers them and knows nothing of their meaning; a package above says what makes
the report (`Package.day_report`).
"""

import msgspec

from sync.rules.decoding import from_msgpack
from sync.rules.packing import pack, unpack
from sync.rules.reconciling import Reconciled

MOST_PAGE_BYTES = 2 * 1024 * 1024  # of bodies, beyond which a page ends
MOST_PAGE = 500
MOST_PACKED_BYTES = 4 * 1024 * 1024
MOST_UNPACKED_BYTES = 8 * 1024 * 1024


class Recorded(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One thing journalled for a day: by which till (its name), what, when, how much."""

    till: str
    kind: str
    id: str
    body_sha256: bytes
    at_ms: int
    amount_fen: int
    body: bytes


class RecordedPage(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A page of what a center's tills recorded; `after` leads to the next, empty at the end."""

    things: tuple[Recorded, ...]
    after: str


def pack_page(page: RecordedPage) -> bytes:
    """Return a page as sent: one zstd frame of MessagePack."""
    return pack(msgspec.msgpack.encode(page))


def unpack_page(data: bytes) -> RecordedPage:
    """Read a page, however much it claims to hold; raises `ValueError` if it is none."""
    unpacked = unpack(data, MOST_UNPACKED_BYTES)
    if unpacked is None:
        raise ValueError("no page, or too long a one")
    return from_msgpack(unpacked, RecordedPage)


class DayAbout(msgspec.Struct, frozen=True):
    """Whose day it is: `whole_center` if all tills of the center are in it, else only `till`.

    Hub and tills `agreed`; `as_heard` if some of them may have sold more since they were heard.
    """

    day: str
    center_zh: str
    center_en: str
    till: str
    whole_center: bool
    tills: tuple[Reconciled, ...]
    agreed: bool
    as_heard: bool
    made_ms: int
