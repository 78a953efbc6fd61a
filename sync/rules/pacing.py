"""How long a courier waits: steadily while all is well, with full jitter after failures."""

LONGEST_PAUSE_S = 300.0
_MOST_DOUBLINGS = 10


def pause_s(every_s: float, failures: int, fraction: float) -> float:
    """Return the seconds to wait after so many failures in a row; `fraction` is random, 0..1.

    Full jitter (anything between nothing and the doubled pause) keeps tills that lost their hub
    at the same moment from coming back at the same moment.

    >>> pause_s(5, 0, 0.9)
    5
    >>> pause_s(5, 1, 0.5), pause_s(5, 3, 0.5), pause_s(5, 99, 1.0)
    (5.0, 20.0, 300.0)
    """
    if not failures:
        return every_s
    return fraction * min(LONGEST_PAUSE_S, every_s * (1 << min(failures, _MOST_DOUBLINGS)))
