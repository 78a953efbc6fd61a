"""Reading which entry a run goes on from, in a body that the hub did not write."""

from sync.rules.decoding import from_json
from sync.rules.entry import GENESIS, Entry
from sync.rules.reply import Mark
from sync.rules.runs import MOST_SEQ, RUN_OPENED, RunOpened
from sync.rules.segment import is_name


def origin_of(first: Entry) -> Mark | None:
    """Return the place that a run's first entry goes on from; no run for a till's first.

    None if that entry does not say so, or says something else than its chain.
    """
    if first.header.kind != RUN_OPENED:
        return None
    try:
        opened = from_json(first.body, RunOpened)
        parent = Mark(opened.parent_run, opened.parent_seq, bytes.fromhex(opened.parent_hash))
    except ValueError:
        return None
    if parent.hash != first.prev:
        return None
    if not parent.run:
        return parent if (parent.seq, parent.hash) == (0, GENESIS) else None
    return parent if is_name(parent.run) and 1 <= parent.seq <= MOST_SEQ else None
