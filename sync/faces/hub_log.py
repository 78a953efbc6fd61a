"""What a hub says on stderr: one line an event, for people or for machines, nobody's data in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal, TextIO

import msgspec

from sync.hub_events import FIELDS, LOG


@contextmanager
def logging_to(stream: TextIO, form: Literal["text", "json"]) -> Iterator[None]:
    """Write the log of this process to a stream while the block runs.

    As text only what somebody should see, as JSON every request too.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    handler.setLevel(logging.INFO if form == "json" else logging.WARNING)
    root, before = logging.getLogger(), LOG.level
    root.addHandler(handler)
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        LOG.setLevel(before)


def _time_of(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields_of(record: logging.LogRecord) -> dict[str, object]:
    fields: dict[str, object] = dict(getattr(record, FIELDS, {}))
    if record.name != LOG.name:
        fields["logger"] = record.name
    return fields


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level and event, then the event's own fields."""
        said = {
            "time": _time_of(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **_fields_of(record),
        }
        if record.exc_info:
            said["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(said).decode()


class _TextLines(logging.Formatter):
    """One line for people; a mistake of the program is followed by where it happened."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, event, and `field=value` for each field."""
        fields = "".join(f" {name}={value}" for name, value in _fields_of(record).items())
        line = f"{_time_of(record)} {record.levelname} {record.getMessage()}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
