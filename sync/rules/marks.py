"""What a till does with the hub's word on how far it has a run: follow it, or part ways.

A mark that is 0 or lies in the till's own chain is adopted, up or down: a hub restored from a
backup goes down, and the till sends again. A mark that is not in its chain says that somebody
else went on with this run (a copied disk, a database put back): the run is closed.
"""

from collections.abc import Callable

import msgspec

from sync.rules.entry import GENESIS
from sync.rules.reply import Mark


class Adopt(msgspec.Struct, frozen=True):
    """Both sides agree up to this mark."""

    mark: Mark


class Diverged(msgspec.Struct, frozen=True):
    """The hub holds an entry in this place that is not the till's own."""

    mark: Mark


def decide(mark: Mark, hash_at: Callable[[str, int], bytes | None]) -> Adopt | Diverged:
    """Decide on one mark; `hash_at(run, seq)` is the till's own hash there, None if absent.

    >>> decide(Mark("1-aa", 0, b""), lambda run, seq: None).mark.seq
    0
    >>> decide(Mark("1-aa", 7, b"x"), lambda run, seq: b"x")
    Adopt(mark=Mark(run='1-aa', seq=7, hash=b'x'))
    >>> decide(Mark("1-aa", 7, b"x"), lambda run, seq: b"y")
    Diverged(mark=Mark(run='1-aa', seq=7, hash=b'x'))
    """
    if mark.seq == 0:
        return Adopt(Mark(mark.run, 0, GENESIS))
    return Adopt(mark) if hash_at(mark.run, mark.seq) == mark.hash else Diverged(mark)
