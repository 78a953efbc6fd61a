"""What a hub counts of itself, as Prometheus reads it; nobody's data in it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from sync.rules.refusal import Refused
from sync.services.hub import Received

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
Outcome = Literal["stored", "known", "gap", "refused", "unavailable"]


class Metrics:
    """What one hub process counts, in a registry of its own."""

    def __init__(self, hub_id: str) -> None:
        """Begin with nothing counted."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        own = self._registry
        Info("xuanpin_hub", "Which hub this is, and its version.", registry=own).info(
            {"hub_id": hub_id, "version": _version()}
        )
        self._requests = Counter(
            "xuanpin_hub_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=own,
        )
        self._seconds = Histogram(
            "xuanpin_hub_request_seconds",
            "From a request's head to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=own,
        )
        self._pushes = Counter(
            "xuanpin_hub_pushes", "Segments, by outcome.", ("outcome",), registry=own
        )
        self._entries = Counter(
            "xuanpin_hub_entries",
            "Entries of segments, by what became of them.",
            ("became",),
            registry=own,
        )
        self._bytes = Counter("xuanpin_hub_push_bytes", "Bytes of segments, as sent.", registry=own)
        self._errors = Counter(
            "xuanpin_hub_database_errors", "Requests that the database failed.", registry=own
        )
        self._ready = Gauge("xuanpin_hub_ready", "1 if /readyz says so.", registry=own)
        self._tills = Gauge("xuanpin_hub_tills", "Tills enrolled.", registry=own)
        self._alarms = Gauge(
            "xuanpin_hub_open_alarms", "Alarms that nobody has settled.", ("kind",), registry=own
        )
        for outcome in ("stored", "known", "gap", "refused", "unavailable"):
            self._pushes.labels(outcome)
        for became in ("appended", "duplicate", "forked", "held"):
            self._entries.labels(became)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def push(self, outcome: Outcome, result: Received | Refused | None, size: int) -> None:
        """Count a segment; `result` is None where the database failed."""
        self._pushes.labels(outcome).inc()
        self._bytes.inc(size)
        if isinstance(result, Received):
            tally = result.tally
            for became in ("appended", "duplicate", "forked", "held"):
                self._entries.labels(became).inc(getattr(tally, became))

    def database_error(self) -> None:
        """Count a request that the database failed."""
        self._errors.inc()

    def standing(self, *, ready: bool, counts: tuple[int, Mapping[str, int]] | None) -> None:
        """Note how the hub stands; without `counts` the database did not tell."""
        self._ready.set(ready)
        if counts is not None:
            tills, alarms = counts
            self._tills.set(tills)
            self._alarms.clear()
            for kind, count in alarms.items():
                self._alarms.labels(kind).set(count)

    def page(self) -> bytes:
        """Return everything counted, as Prometheus reads it."""
        return generate_latest(self._registry)


def _version() -> str:
    try:
        return version("xuanpin")
    except PackageNotFoundError:
        return "unknown"
