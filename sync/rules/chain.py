"""Verifying a till's own chain, one entry at a time."""

from sync.rules.entry import Entry, entry_hash
from sync.rules.refusal import N_
from sync.rules.segment import entry_problem

MISSING = N_("The journal is broken at run {run}, entry {seq}: it is missing or out of place.")
UNREADABLE = N_("The journal is broken at run {run}, entry {seq}: its header is unreadable.")
UNLINKED = N_("The journal is broken at run {run}, entry {seq}: it does not follow the one before.")
ALTERED = N_("The journal is broken at run {run}, entry {seq}: it was altered.")
PARENTLESS = N_("The journal is broken at run {run}, entry {seq}: what it goes on from is missing.")
SHORTER = N_("The journal is broken at run {run}, entry {seq}: the hub has it, this till has not.")


def link_problem(entry: Entry, *, till: str, run: str, seq: int, prev: bytes) -> str:
    """Say what breaks the chain at this entry, which must be `seq` of `run` and follow `prev`.

    Returns one of the messages above, empty if the entry fits. A private part may be gone; one
    that is there must match.
    """
    try:
        header = entry.header
    except ValueError:
        return UNREADABLE
    if (header.till, header.run, header.seq) != (till, run, seq):
        return MISSING
    if entry.prev != prev:
        return UNLINKED
    if entry.hash != entry_hash(prev, entry.header_bytes) or entry_problem(header, entry):
        return ALTERED
    return ""
