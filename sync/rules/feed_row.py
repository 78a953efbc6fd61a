"""One row of a feed, as published, stored, sent and applied."""

import msgspec

MOST_KEY = 128  # characters
MOST_DATA_BYTES = 64 * 1024


class FeedRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One row of a feed: its key and its contents as JSON; empty contents are a tombstone."""

    key: str
    data: bytes
