"""Reading a moment that a person types: a day, or a day and a time, in China."""

from datetime import datetime

from sync.rules.days import CHINA
from sync.rules.refusal import N_, Refused

_LAYOUTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")


def read_moment(text: str) -> int | Refused:
    """Return the Unix milliseconds of a moment in China; a day alone is its beginning.

    >>> read_moment("2026-11-22 08:00")
    1795305600000
    >>> read_moment("yesterday").reason
    'moment.unreadable'
    """
    for layout in _LAYOUTS:
        try:
            moment = datetime.strptime(text.strip(), layout).replace(tzinfo=CHINA)
        except ValueError:
            continue
        return int(moment.timestamp()) * 1000
    return Refused(
        "moment.unreadable",
        N_("“{text}” is no day and time."),
        N_("Write it like 2026-11-22 or 2026-11-22 14:30."),
        {"text": text},
    )
