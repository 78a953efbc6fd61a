"""What time it can be at most doubted to be: the hub's signed time carried on by our own clocks.

Memberships follow this clock, so one set back never revives them and one set forward never
expires them all. Prices and receipts follow the till's own.
"""

import msgspec

from sync.rules.runs import JUMP_MS, Stamp

CLOCK_LOWERED = "clock_lowered"


class ClockLowered(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="xuanpin.clock_lowered.1"
):
    """Body of `clock_lowered`: a person gave up the hub's time `hub_ms` (Unix) for this machine's.

    `by_ms` is by how much memberships were judged later than this machine's clock (negative:
    earlier). `asked_by` is the till's cashier, `approved_by` a staff number, or a name where the
    hub feeds no staff.
    """

    hub_ms: int
    by_ms: int
    asked_by: str
    approved_by: str
    reason: str


def is_doubtful(hub: Stamp | None, now: Stamp) -> bool:
    """Tell whether memberships are judged more than 24 hours away from this machine's clock.

    Then one of both clocks is wrong, and only a person can say which.

    >>> now = Stamp(1000, 0, "b")
    >>> is_doubtful(Stamp(90_000_000, 0, "a"), now), is_doubtful(None, now)
    (True, False)
    """
    return abs(certain_ms(hub, now) - now.at_ms) > JUMP_MS


def certain_ms(hub: Stamp | None, now: Stamp) -> int:
    """Return the moment to judge memberships by, in Unix milliseconds.

    `hub` is the hub's signed time with our monotonic clock and boot when it arrived. Within that
    boot a wall clock that is behind it, or more than 24 hours ahead, is not believed. After
    another boot only a clock that is behind can be told.

    >>> hour = 3_600_000
    >>> hub = Stamp(100 * hour, 5 * hour, "a")
    >>> [certain_ms(hub, Stamp(wall * hour, 7 * hour, "a")) // hour for wall in (0, 103, 127)]
    [102, 103, 102]
    >>> [certain_ms(hub, Stamp(wall * hour, hour, "b")) // hour for wall in (0, 9000)]
    [100, 9000]
    """
    if hub is None:
        return now.at_ms
    if hub.boot != now.boot:
        return max(now.at_ms, hub.at_ms)
    floor_ms = hub.at_ms + now.mono_ms - hub.mono_ms
    return now.at_ms if 0 <= now.at_ms - floor_ms <= JUMP_MS else floor_ms
