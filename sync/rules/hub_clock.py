"""What time it can be at most doubted to be: the hub's signed time carried on by our own clocks.

Memberships follow this clock, so one set back never revives them and one set forward never
expires them all. Prices and receipts follow the till's own.
"""

from sync.rules.runs import JUMP_MS, Stamp


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
