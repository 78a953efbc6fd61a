"""One row of a feed, as published, stored, sent and applied."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from sync.rules.refusal import N_, Fault, Refused

MOST_KEY = 128  # characters
MOST_DATA_BYTES = 64 * 1024
T = TypeVar("T")

UNREADABLE = "feed.unreadable"


class FeedRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One row of a feed: its key and its contents as JSON; empty contents are a tombstone."""

    key: str
    data: bytes


class UnreadableRow(Fault):
    """A row that this program does not know how to read: the hub is ahead of it."""

    def __init__(self, feed: str, key: str) -> None:
        super().__init__(
            Refused(
                UNREADABLE,
                N_("The hub feeds in “{feed}” what this program cannot read ({key})."),
                N_("Update the till's program; it goes on selling with what it has."),
                {"feed": feed, "key": key},
            )
        )
        self.feed, self.key = feed, key


def contents(
    feed: str, rows: Sequence[FeedRow], read: Callable[[bytes], T]
) -> tuple[dict[str, T], list[str]]:
    """Return what rows hold by key, and the keys that are gone.

    `read` raises `ValueError` for contents that it does not know: an `UnreadableRow` here.
    """
    told: dict[str, T] = {}
    gone = []
    for row in rows:
        if not row.data:
            gone.append(row.key)
            continue
        try:
            told[row.key] = read(row.data)
        except ValueError as error:
            raise UnreadableRow(feed, row.key) from error
    return told, gone
