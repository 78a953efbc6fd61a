"""Watching over a hub: every request is counted, timed and logged, with what came of a push."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from sync.faces.hub_metrics import Metrics, Outcome
from sync.hub_events import tell
from sync.rules.refusal import Refused
from sync.services.hub import Received

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SEEN = "seen"  # under which a route keeps, in the request's state, what it has seen
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_UNWATCHED = frozenset({"/healthz", "/readyz", "/metrics"})


class Watch:
    """What one hub process knows of itself; `draining` once it was told to end."""

    def __init__(self, hub_id: str) -> None:
        """Begin with nothing counted."""
        self.metrics = Metrics(hub_id)
        self.draining = False


class Seen:
    """What a route has seen of its request, for the line in the log."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.till = ""
        self.reason = ""
        self.database_failed = False
        self.size = 0
        self.pushed: Received | Refused | None = None


def seen_by(request: HTTPConnection) -> Seen:
    """Return what was seen of a request."""
    return _seen(request.scope)


def _seen(scope: MutableMapping[str, Any]) -> Seen:
    found: Seen = scope.setdefault("state", {}).setdefault(_SEEN, Seen())
    return found


class Watched:
    """An ASGI application, watched over."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Watch over `app`."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer; count and log how it did."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500  # unless an answer begins

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        seen = _seen(scope)
        try:
            await self._app(scope, receive, sent)
        finally:
            self._note(scope, seen, status, time.perf_counter() - began)

    def _note(self, scope: Scope, seen: Seen, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.request(method, route, status, seconds)
        fields: dict[str, object] = {"method": method, "route": route, "status": status}
        fields["duration_ms"] = round(seconds * 1000, 1)
        if seen.database_failed:
            self._metrics.database_error()
        if route == "/v1/segments":
            outcome = _outcome(seen.pushed, status)
            self._metrics.push(outcome, seen.pushed, seen.size)
            fields |= {"outcome": outcome, "bytes": seen.size, **_of_push(seen.pushed)}
        if seen.till:
            fields["till"] = seen.till
        if reason := seen.reason or getattr(seen.pushed, "reason", ""):
            fields["reason"] = reason
        if route not in _UNWATCHED:
            tell(_level(status), "request", **fields)


def _outcome(pushed: Received | Refused | None, status: int) -> Outcome:
    if isinstance(pushed, Received):
        return "gap" if pushed.gap else "stored" if pushed.tally.new else "known"
    return "unavailable" if status >= 500 else "refused"


def _of_push(pushed: Received | Refused | None) -> dict[str, object]:
    if not isinstance(pushed, Received):
        return {}
    head, tally = pushed.head, pushed.tally
    return {
        "till": head.till,
        "run": head.run,
        "first_seq": head.first_seq,
        "last_seq": head.last_seq,
        "appended": tally.appended,
        "duplicate": tally.duplicate,
        "forked": tally.forked,
        "held": tally.held,
    }


def _level(status: int) -> int:
    """Return how loud to be: what was refused may be an attack, what failed needs somebody.

    A gap and a challenge that ran out are everyday matters.
    """
    if status >= 500:
        return logging.ERROR
    return logging.WARNING if status >= 400 and status not in (401, 404, 409, 410) else logging.INFO
