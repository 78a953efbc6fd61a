"""What a certificate grants: a till's number, days, and card counters never granted before."""

from datetime import date

from sqlalchemy import Connection

from sync.rules.certificate import Certificate, day_number
from sync.rules.refusal import N_, Refused
from sync.stores import hub_tills

CARDS_PER_CERTIFICATE = 100_000
LAST_COUNTER = 2**32 - 1
CERTIFICATE_DAYS = 3 * 366
LAST_DAY = 2**16 - 1  # as certificates count days


def next_certificate(
    connection: Connection, number: int, center: int, public_key: bytes, today: date
) -> Certificate | Refused:
    """Return the certificate to give a till today.

    Its range lies beyond all ranges that the register or a returning till has told of; whoever
    calls is alone with the register. Refused if the hub has no counters left, or if its clock is
    lost.
    """
    first = hub_tills.next_counter(connection)
    if first + CARDS_PER_CERTIFICATE - 1 > LAST_COUNTER:
        return all_given()
    day = day_number(today)
    if not 0 < day < LAST_DAY - CERTIFICATE_DAYS:
        return Refused(
            "enrol.hub_date",
            N_("The hub's date is {day}: it can vouch for no till."),
            N_("Set the hub's date right, then invite the till anew."),
            {"day": today.isoformat()},
        )
    return Certificate(
        number=number,
        center=center,
        from_day=day - 1,  # the till's clock may be behind the hub's by some hours
        until_day=day + CERTIFICATE_DAYS,
        counter_first=first,
        counter_count=CARDS_PER_CERTIFICATE,
        public_key=public_key,
    )


def all_given() -> Refused:
    """Refuse another till: there are no numbers or counters left."""
    return Refused(
        "enrol.full",
        N_("This hub has given all its till numbers or card counters."),
        N_("Enrol the till at another hub."),
    )
