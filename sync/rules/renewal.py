"""When a till's certificate is due for renewal: its days or its card counters run short."""

from datetime import date

from sync.rules.certificate import Certificate, day_number

DAYS_LEFT = 90
COUNTERS_LEFT_PERCENT = 10
ASK_EVERY_MS = 24 * 60 * 60 * 1000


def is_due(certificate: Certificate, today: date, last_counter: int | None) -> bool:
    """Tell whether less than 90 days or less than 10 % of the counters are left.

    `last_counter` is the highest that the hub has booked of this range, None if none is.

    >>> cert = Certificate(1, 1, 0, 1000, 1, 100, bytes(32))
    >>> from sync.rules.certificate import day_of
    >>> [is_due(cert, day_of(day), 0) for day in (910, 911)]
    [False, True]
    >>> [is_due(cert, day_of(0), last) for last in (None, 90, 91)]
    [False, False, True]
    """
    if certificate.until_day - day_number(today) < DAYS_LEFT:
        return True
    used = 0 if last_counter is None else last_counter - certificate.counter_first + 1
    left = certificate.counter_count - used
    return left * 100 < certificate.counter_count * COUNTERS_LEFT_PERCENT


def is_newer(one: Certificate, than: Certificate) -> bool:
    """Tell whether a certificate was granted after another of the same till."""
    return one.counter_first > than.counter_first
