"""How long a courier waits: steadily while all is well, with full jitter after failures."""

MOST_PAUSE_MS = 300_000
_MOST_DOUBLINGS = 10


def longest_pause_ms(every_ms: int, failures: int) -> int:
    """Return the most to wait after so many failures in a row, in milliseconds.

    Full jitter: the courier waits any random time up to this, so that tills that lost their hub
    at the same moment do not come back at the same moment.

    >>> [longest_pause_ms(5000, failures) for failures in (1, 2, 3, 99)]
    [10000, 20000, 40000, 300000]
    """
    return min(MOST_PAUSE_MS, every_ms << min(failures, _MOST_DOUBLINGS))
