"""Runs: one start of a process that sells; how a run names the entry it goes on from.

A run's first entry is `run_opened`; its body is `RunOpened`, and its hash is chained onto the
parent's. Only the entry with seq 1 says where its run comes from: a `run_opened` further on was
carried over verbatim from a run that was closed, and is history.
"""

import msgspec

from sync.rules.entry import GENESIS

RUN_OPENED = "run_opened"
CLOCK_JUMP = "clock_jump"
SIGN_IN = "sign_in"
TAG_BYTES = 4
MOST_SEQ = 2**63 - 1
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


class SignedIn(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="xuanpin.sign_in.1"
):
    """Body of `sign_in`: the cashier's number."""

    cashier: str


class Stamp(msgspec.Struct, frozen=True):
    """A moment by both clocks: wall (Unix ms), monotonic ms, and the boot it counts in."""

    at_ms: int
    mono_ms: int
    boot: str


class Run(msgspec.Struct, frozen=True):
    """The handle by which a selling process appends: its till, its run, when it opened."""

    till: str
    run: str
    opened_mono_ms: int
    boot: str


def clock_jump(before: Stamp, latest_ms: int, now: Stamp) -> int:
    """Return by how many ms the wall clock jumped since `before`; 0 unless more than 24 hours.

    Within one boot the monotonic clock tells. Across boots only a step back behind
    `latest_ms`, the latest time known, can be told.

    >>> clock_jump(Stamp(0, 0, "a"), 0, Stamp(90_000_000, 3_600_000, "a"))
    0
    >>> clock_jump(Stamp(0, 0, "a"), 0, Stamp(90_000_001, 3_600_000, "a"))
    86400001
    >>> clock_jump(Stamp(0, 0, "a"), 90_000_000, Stamp(1000, 0, "b"))
    -89999000
    """
    if before.boot == now.boot:
        jump = (now.at_ms - before.at_ms) - (now.mono_ms - before.mono_ms)
    else:
        jump = min(0, now.at_ms - latest_ms)
    return jump if abs(jump) > JUMP_MS else 0


def run_name(number: int, tag: bytes) -> str:
    """Name a run by its count at this till and a random tag (`12-9f3a6c21`)."""
    return f"{number}-{tag.hex()}"
