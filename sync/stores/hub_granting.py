"""What a certificate grants: a till's number, days, and card counters never granted before."""

from datetime import date

from sqlalchemy import Connection

from sync.rules.certificate import Certificate, day_number
from sync.stores import hub_tills

CARDS_PER_CERTIFICATE = 100_000
LAST_COUNTER = 2**32 - 1
CERTIFICATE_DAYS = 3 * 366


def next_certificate(
    connection: Connection, number: int, center: int, public_key: bytes, today: date
) -> Certificate | None:
    """Return the certificate to give a till today; None if the hub has no counters left.

    Its range lies beyond all ranges that the register or a returning till has told of; whoever
    calls is alone with the register.
    """
    first = hub_tills.next_counter(connection)
    if first + CARDS_PER_CERTIFICATE - 1 > LAST_COUNTER:
        return None
    day = day_number(today)
    return Certificate(
        number=number,
        center=center,
        from_day=day - 1,  # the till's clock may be behind the hub's by some hours
        until_day=day + CERTIFICATE_DAYS,
        counter_first=first,
        counter_count=CARDS_PER_CERTIFICATE,
        public_key=public_key,
    )
