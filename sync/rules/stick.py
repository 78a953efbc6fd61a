"""Files on a stick: names that sort in the journal's order, and which files are ours to read."""

from collections.abc import Iterable
from operator import methodcaller

from sync.rules.segment import SegmentHead

SEGMENT = ".segment"
REPLY = ".segment.reply"
MOST_FILES = 100_000


def segment_name(number: int, head: SegmentHead) -> str:
    """Name the file of a segment: till, run, first and last seq, so that names sort as they are.

    The install id keeps tills apart; `number` (000 before the hub gave one) is for people.

    >>> segment_name(5, SegmentHead(1, "h", "ab" * 16, "12-cafe0123", 501, b"", 900, b"", ""))
    '005-abababababababababababababababab-000012-cafe0123-000000501-000000900.segment'
    """
    run, _, tag = head.run.partition("-")
    places = f"{head.first_seq:09d}-{head.last_seq:09d}"
    return f"{number:03d}-{head.till}-{run:0>6}-{tag}-{places}{SEGMENT}"


def reply_name(segment: str) -> str:
    """Name the file of the hub's reply to a segment."""
    return segment.removesuffix(SEGMENT) + REPLY


def replied_name(reply: str) -> str:
    """Name the segment that a reply answers.

    >>> replied_name(reply_name("005.segment"))
    '005.segment'
    """
    return reply.removesuffix(REPLY) + SEGMENT


def ours(names: Iterable[str], ending: str) -> list[str]:
    """Return the names with this ending in order; what a system hides beside them is not ours.

    >>> ours(["b.segment", "._b.segment", "a.segment", "a.segment.reply", "photo.jpg"], SEGMENT)
    ['a.segment', 'b.segment']
    """
    visible = (name for name in names if not name.startswith("."))
    return sorted(filter(methodcaller("endswith", ending), visible))
