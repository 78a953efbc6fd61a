"""Days and hours at the centers: China Standard Time, a fixed +08:00.

The offset is fixed because there is no daylight saving and because Windows has no zone data.
Moments are aware datetimes in UTC or integers of Unix milliseconds; days are ISO dates.
"""

from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def china_time(at_ms: int) -> datetime:
    """Return the wall time in China of a moment in Unix milliseconds."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(CHINA) + timedelta(
        milliseconds=at_ms % 1000
    )


def china_day(at_ms: int) -> date:
    """Return the calendar day in China of a moment in Unix milliseconds."""
    return china_time(at_ms).date()


def day_start_ms(day: date) -> int:
    """Return the first moment of a day in China in Unix milliseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=CHINA).timestamp()) * 1000
