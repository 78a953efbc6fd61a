"""Days and hours at the centers: China Standard Time, a fixed +08:00.

The offset is fixed because there is no daylight saving and because Windows has no zone data.
Moments are aware datetimes in UTC or integers of Unix milliseconds; days are ISO dates.
"""

from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, 8, tzinfo=CHINA)
_MS = timedelta(milliseconds=1)
_FIRST_MS = (datetime.min.replace(tzinfo=CHINA) - _EPOCH) // _MS
_LAST_MS = (datetime.max.replace(tzinfo=CHINA) - _EPOCH) // _MS


def china_time(at_ms: int) -> datetime:
    """Return the wall time in China of a moment in Unix milliseconds.

    Whatever a till wrote down is shown: a moment outside the calendar as its first or last one.

    >>> [str(china_time(at_ms)) for at_ms in (1_795_320_000_005, 2**63 - 1)]
    ['2026-11-22 12:00:00.005000+08:00', '9999-12-31 23:59:59.999000+08:00']
    """
    return _EPOCH + min(max(at_ms, _FIRST_MS), _LAST_MS) * _MS


def china_day(at_ms: int) -> date:
    """Return the calendar day in China of a moment in Unix milliseconds."""
    return china_time(at_ms).date()


def day_start_ms(day: date) -> int:
    """Return the first moment of a day in China in Unix milliseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=CHINA).timestamp()) * 1000
