"""What machines ask of a hub: whether it lives, whether it takes pushes, and what it counted."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from sync.faces.hub_http import JSON, documented, from_own_machine, json_answer
from sync.faces.hub_watch import Watch
from sync.services.hub import Hub
from sync.services.readiness import Readiness

MetricsFor = Literal["loopback", "anyone", "nobody"]


def ops_routes(hub: Hub, readiness: Readiness, watch: Watch, metrics_for: MetricsFor) -> APIRouter:
    """Answer /healthz and /readyz to anybody, /metrics to whom the settings name."""
    router = APIRouter()

    @router.get(
        "/healthz",
        summary="Tell whether the hub and its database answer",
        response_class=Response,
        responses=documented(JSON, "Both do", {503: "The database does not answer"}),
    )
    def healthz() -> Response:
        hub.check()
        return json_answer({"status": "ok", "hub_id": hub.hub_id})

    @router.get(
        "/readyz",
        summary="Tell whether the hub takes pushes, and what it lacks if not",
        response_class=Response,
        responses=documented(JSON, "It does", {}) | _NOT_READY,
    )
    def readyz() -> Response:
        lacks = _lacks(readiness, watch)
        return json_answer({"ready": not lacks, "lacks": lacks}, 503 if lacks else 200)

    @router.get(
        "/metrics",
        summary="What this process counted, for Prometheus; loopback only unless set otherwise",
        response_class=Response,
        responses=documented(CONTENT_TYPE_LATEST, "Metrics", _METRICS_PROBLEMS),
    )
    def metrics(request: Request) -> Response:
        if metrics_for == "nobody":
            raise HTTPException(404, "No metrics here.")
        if metrics_for == "loopback":
            from_own_machine(request)
        try:
            counts = readiness.counts()
        except SQLAlchemyError:
            counts = None
        watch.metrics.standing(ready=not _lacks(readiness, watch), counts=counts)
        return Response(watch.metrics.page(), media_type=CONTENT_TYPE_LATEST)

    return router


def _lacks(readiness: Readiness, watch: Watch) -> tuple[str, ...]:
    return ("draining", *readiness.lacks()) if watch.draining else readiness.lacks()


_NOT_READY: dict[int | str, dict[str, object]] = {
    503: {"description": "It does not; `lacks` says why", "content": {JSON: {}}}
}
_METRICS_PROBLEMS = {403: "Only from the hub's own machine", 404: "Switched off"}
