"""Which card counters of a till's certificates are used, as far as the hub has booked."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from sync.package import Projection
from sync.rules.certificate import Certificate


def last_counter(
    connection: Connection,
    projections: Iterable[Projection],
    certificate: Certificate,
    upto: Mapping[str, int] | None = None,
) -> int | None:
    """Return the highest counter of a certificate that is booked, None if none is.

    `upto` bounds the entries that count by the seq of their run; None: all of them.
    """
    first, count = certificate.counter_first, certificate.counter_count
    found = (
        projection.last_counter(connection, certificate.install, first, first + count - 1, upto)
        for projection in projections
        if projection.last_counter is not None
    )
    return max((each for each in found if each is not None), default=None)
