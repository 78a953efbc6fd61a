"""Runs: one start of a process that sells; how a run names the entry it goes on from.

A run's first entry is `run_opened`; its body is `RunOpened`, and its hash is chained onto the
parent's. Only the entry with seq 1 says where its run comes from: a `run_opened` further on was
carried over verbatim from a run that was closed, and is history.
"""

import msgspec

from sync.rules.entry import GENESIS

RUN_OPENED = "run_opened"
CLOCK_JUMP = "clock_jump"
JUMP_MS = 24 * 60 * 60 * 1000


class RunOpened(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="xuanpin.run.1"):
    """Body of `run_opened`. No parent (a till's first run): empty, 0 and 64 zeros.

    `carries` names the closed run whose entries, not agreed with the hub, follow verbatim.
    """

    parent_run: str = ""
    parent_seq: int = 0
    parent_hash: str = GENESIS.hex()
    carries: str = ""


class ClockJump(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="xuanpin.clock_jump.1"
):
    """Body of `clock_jump`: how far the wall clock moved on its own (negative: set back)."""

    jump_ms: int


def run_name(number: int, tag: bytes) -> str:
    """Name a run by its count at this till and a random tag (`12-9f3a6c21`)."""
    return f"{number}-{tag.hex()}"
