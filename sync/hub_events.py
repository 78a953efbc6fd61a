"""What happens at a hub, as events with fixed names and fields: nobody's data, no addresses."""

from __future__ import annotations

import logging
import re

from sqlalchemy.exc import DBAPIError

LOG = logging.getLogger("xuanpin.hub")
FIELDS = "fields"
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


def tell(level: int, event: str, **fields: object) -> None:
    """Log an event with its fields; they name tills, runs and counts, never people or goods."""
    LOG.log(level, event, extra={FIELDS: fields})


def database_problem(error: Exception) -> str:
    """Say what a database complained of: its first line; the others may quote what is kept.

    Of a connection that failed only how it failed: what is before that names the server.
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    line = next(iter(str(cause).strip().splitlines()), "")
    code = getattr(cause, "sqlstate", "")
    if code is None:  # PostgreSQL's own complaints have one
        line = _QUOTED.sub("…", line.rpartition(": ")[2])
    return f"{type(cause).__name__}{f' {code}' if code else ''}: {line}"
