"""The hub answers whatever its OpenAPI description allows, and what it forbids, as it says."""

import contextlib
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sync.faces.hub_api import make_app
from sync.faces.hub_feed_api import REQUEST_TYPE
from sync.faces.hub_routes import all_routes
from sync.hub_client import SEGMENT_TYPE
from sync.services.reading import Readers

from .hub_scenes import FIRST, WebHub

schemathesis.serializer.alias([SEGMENT_TYPE, REQUEST_TYPE], "application/octet-stream")

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHub]:
    with contextlib.closing(WebHub(tmp_path_factory.mktemp("described"))) as hub:
        till = hub.enrolled(1)
        till.open_run(FIRST)
        hub.push(till.segment(FIRST))
        yield hub


@pytest.fixture(scope="session")
def token(hub: WebHub) -> str:
    token = Readers(hub.opened.engine, hub.clock).admit("schemathesis")
    assert isinstance(token, str)
    return token


@pytest.fixture(scope="session")
def described(hub: WebHub) -> schemathesis.BaseSchema:
    app = make_app(all_routes(hub.setup, hub.opened), hub.setup.say)
    return schemathesis.openapi.from_asgi("/openapi.json", app)


def test_the_hub_answers_as_it_is_described(described: schemathesis.BaseSchema, token: str) -> None:
    found = list(described.get_all_operations())
    operations = [each.ok() for each in found if isinstance(each, Ok)]
    assert len(operations) == len(found)
    assert {"/v1/orders", "/v1/segments", "/v1/enrol"} <= {each.path for each in operations}
    for operation in operations:
        _hold(operation, token)


def _hold(operation: schemathesis.APIOperation, token: str) -> None:  # type: ignore[type-arg]
    reads = operation.path.startswith("/v1/orders")
    headers = {"authorization": f"Bearer {token}"} if reads else {}

    @given(case=operation.as_strategy())
    @settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
    def holds(case: schemathesis.Case) -> None:  # type: ignore[type-arg]
        case.call_and_validate(headers=headers, checks=CHECKS)

    holds()
