"""Telling that a hub's database was put back or replaced, by what was last seen of it."""

import msgspec

OTHER = "another database, or a standby took over"
PUT_BACK = "the database was put back"


class Watermark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a database is. Within one lineage, and one epoch, no number ever falls.

    `lineage` is PostgreSQL's own word for its history, empty on SQLite; `openings` counts how
    often a program opened the database, `progress` what it has registered and fed.
    """

    lineage: str
    epoch: int
    openings: int
    progress: int


def what_happened(before: Watermark, now: Watermark) -> str:
    """Say what happened to the database since it was last looked at; empty if nothing did.

    Nor if a later epoch is in force, whatever the numbers: what was fed before is void already.

    >>> seen = Watermark("a", 7, 3, 50)
    >>> [what_happened(seen, Watermark(*now)) for now in (("a", 7, 4, 50), ("b", 8, 1, 9))]
    ['', '']
    >>> what_happened(seen, Watermark("b", 7, 4, 50))
    'another database, or a standby took over'
    >>> {what_happened(seen, Watermark("a", *n)) for n in ((6, 4, 60), (7, 2, 50), (7, 3, 49))}
    {'the database was put back'}
    """
    if now.epoch > before.epoch:
        return ""
    if now.lineage != before.lineage:
        return OTHER
    behind = (
        now.epoch < before.epoch or now.openings < before.openings or now.progress < before.progress
    )
    return PUT_BACK if behind else ""
