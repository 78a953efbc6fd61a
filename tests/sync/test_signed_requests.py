"""Signed requests at the real web application: one challenge, one till, exactly one request."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, Request, Response
from starlette.testclient import TestClient

from sync import hub_client
from sync.faces.hub_api import make_app
from sync.faces.hub_routes import all_routes
from sync.faces.hub_signed import SignedDoor
from sync.hub_client import Answer
from sync.keys import load_or_create_hub_keys
from sync.rules.challenge import CHALLENGE_HEADER, CHALLENGE_MS
from sync.rules.refusal import N_, Refused
from sync.services.authenticating import Authenticating, Sender
from tests.hub_databases import HubDatabase, NewDatabase

from .hub_scenes import Scribe, WebHub, web_hub
from .signed_scenes import altered, challenge_of, headers_of, refused, requests_of
from .tills import DAY_MS

ECHO = "/v1/echo?a=%C3%A9&b=2"
STRANGER = Ed25519PrivateKey.from_private_bytes(b"?" * 32)


class EchoHub(WebHub):
    """A hub with two signed routes more: they answer who sent what."""

    def __init__(self, root: Path, database: HubDatabase) -> None:
        super().__init__(root, database)
        self.database = database
        self.heard: list[tuple[Sender, bytes]] = []
        authenticating = Authenticating(self.opened.engine, self.keys, self.clock)
        door = SignedDoor(authenticating, self.setup.say)
        router = APIRouter()

        @router.post("/v1/echo")
        async def echo(request: Request) -> Response:
            return await door.answered(request, 1000, self.hear)

        @router.post("/v1/renewal")
        async def renewal(request: Request) -> Response:
            return await door.answered(request, 1000, self.hear, even_expired=True)

        app = make_app([router, *all_routes(self.setup, self.opened)], self.setup.say)
        self.client.close()
        self.client = TestClient(app, client=("127.0.0.1", 5000))

    def hear(self, sender: Sender, body: bytes) -> bytes | Refused:
        self.heard.append((sender, body))
        if body == b"no":
            return Refused("echo.no", N_("No echo."))
        return b"heard " + body


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[EchoHub]:
    hub = EchoHub(tmp_path, new_database())
    try:
        yield hub
    finally:
        hub.close()


@pytest.fixture
def till(hub: EchoHub) -> Scribe:
    return hub.enrolled()


def test_a_signed_request_is_answered_signed(hub: EchoHub, till: Scribe) -> None:
    answer = requests_of(till, hub).ask("POST", ECHO, b"hello", most_bytes=100)
    assert isinstance(answer, Answer), answer
    assert answer.body == b"heard hello"
    [(sender, body)] = hub.heard
    assert (sender.till, sender.name, sender.number, sender.center) == (
        till.install,
        "ZZ-01",
        1,
        1,
    )
    assert sender.certificate.install == till.install
    assert body == b"hello"


def test_each_answer_brings_the_next_challenge(hub: EchoHub, till: Scribe) -> None:
    sent: list[str] = []
    with counted(hub, sent) as client:
        requests = requests_of(till, hub, client)
        for body in (b"1", b"2", b"no", b"3"):
            requests.ask("POST", ECHO, body, most_bytes=100)
    assert sent == ["/v1/challenge"] + ["/v1/echo"] * 4
    assert [body for _, body in hub.heard] == [b"1", b"2", b"no", b"3"]


def test_a_challenge_that_ran_out_costs_one_more_round_trip(hub: EchoHub, till: Scribe) -> None:
    sent: list[str] = []
    with counted(hub, sent) as client:
        requests = requests_of(till, hub, client)
        requests.ask("POST", ECHO, b"1", most_bytes=100)
        hub.clock.pass_ms(CHALLENGE_MS)
        answer = requests.ask("POST", ECHO, b"2", most_bytes=100)
    assert isinstance(answer, Answer)
    assert sent == ["/v1/challenge"] + ["/v1/echo"] * 3
    assert [body for _, body in hub.heard] == [b"1", b"2"]


def test_a_refusal_names_the_hubs_reason(hub: EchoHub, till: Scribe) -> None:
    answer = requests_of(till, hub).ask("POST", ECHO, b"no", most_bytes=100)
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.values["type"]) == ("hub.refused", "echo.no")


def test_a_request_that_is_too_large_is_refused(hub: EchoHub, till: Scribe) -> None:
    body = bytes(1001)
    headers = headers_of(till, challenge_of(hub), ECHO, body)
    assert refused(hub, ECHO, headers, 413, body) == "request.too_large"


def test_unsigned_requests_are_refused(hub: EchoHub, till: Scribe) -> None:
    assert refused(hub, ECHO, {}, 401) == "request.unsigned"
    for name in headers_of(till, challenge_of(hub), ECHO):
        headers = headers_of(till, challenge_of(hub), ECHO)
        del headers[name]
        assert refused(hub, ECHO, headers, 401) == "request.unsigned"
    assert not hub.heard


def test_a_refused_request_gets_a_challenge_to_try_again_with(hub: EchoHub, till: Scribe) -> None:
    challenge = hub.client.post(ECHO).headers[CHALLENGE_HEADER]
    answer = hub.client.post(ECHO, headers=headers_of(till, challenge, ECHO))
    assert answer.status_code == 200


def test_asking_for_challenges_stores_nothing(hub: EchoHub) -> None:
    before = hub.state()
    assert len({challenge_of(hub) for _ in range(20)}) == 20
    assert hub.state() == before


def test_a_request_is_good_once(hub: EchoHub, till: Scribe) -> None:
    headers = headers_of(till, challenge_of(hub), ECHO)
    assert hub.client.post(ECHO, headers=headers).status_code == 200
    assert refused(hub, ECHO, headers, 401) == "request.replayed"


def test_a_request_is_good_once_at_all_hub_processes_together(
    hub: EchoHub, till: Scribe, tmp_path: Path
) -> None:
    with web_hub(tmp_path, hub.database) as second:
        door = Authenticating(second.opened.engine, second.keys, hub.clock)
        headers = headers_of(till, challenge_of(hub), ECHO)
        assert isinstance(door.sender("POST", ECHO, headers, b""), Sender)
        assert refused(hub, ECHO, headers, 401) == "request.replayed"


def test_a_challenge_stays_used_when_the_hubs_clock_goes_back(hub: EchoHub, till: Scribe) -> None:
    headers = headers_of(till, challenge_of(hub), ECHO)
    assert hub.client.post(ECHO, headers=headers).status_code == 200
    hub.clock.pass_ms(2 * CHALLENGE_MS)
    assert hub.client.post(ECHO, headers=headers_of(till, challenge_of(hub), ECHO)).is_success
    hub.clock.pass_ms(-2 * CHALLENGE_MS)
    assert refused(hub, ECHO, headers, 401) == "request.replayed"


def test_used_challenges_are_forgotten_once_they_have_long_run_out(
    hub: EchoHub, till: Scribe
) -> None:
    for _ in range(5):
        headers = headers_of(till, challenge_of(hub), ECHO)
        assert hub.client.post(ECHO, headers=headers).is_success
        hub.clock.pass_ms(20 * CHALLENGE_MS)
    assert hub.rows("used_challenge") == 1


def test_a_request_fits_no_other_place_content_or_method(hub: EchoHub, till: Scribe) -> None:
    headers = headers_of(till, challenge_of(hub), ECHO, b"pay")
    assert refused(hub, "/v1/renewal", headers, 403, b"pay") == "request.forged"
    assert refused(hub, "/v1/echo?a=%C3%A9&b=3", headers, 403, b"pay") == "request.forged"
    assert refused(hub, ECHO, headers, 403, b"pax") == "request.forged"
    got = headers_of(till, challenge_of(hub), ECHO, b"pay", method="GET")
    assert refused(hub, ECHO, got, 403, b"pay") == "request.forged"
    assert hub.client.post(ECHO, content=b"pay", headers=headers).is_success


def test_a_request_for_another_hub_is_refused(hub: EchoHub, till: Scribe, tmp_path: Path) -> None:
    headers = headers_of(till, challenge_of(hub), ECHO, hub_id="0" * 32)
    assert refused(hub, ECHO, headers, 403) == "request.forged"
    (tmp_path / "elsewhere").mkdir()
    other = load_or_create_hub_keys(tmp_path / "elsewhere")
    theirs = Authenticating(hub.opened.engine, other, hub.clock).challenge()
    assert refused(hub, ECHO, headers_of(till, theirs, ECHO), 401) == "request.challenge"


def test_a_challenge_that_ran_out_is_refused(hub: EchoHub, till: Scribe) -> None:
    headers = headers_of(till, challenge_of(hub), ECHO)
    hub.clock.pass_ms(CHALLENGE_MS)
    assert refused(hub, ECHO, headers, 401) == "request.expired"


@pytest.mark.parametrize(
    ("name", "reason", "status"),
    [
        ("xuanpin-certificate", "certificate.forged", 403),
        ("xuanpin-signature", "request.forged", 403),
    ],
)
def test_altered_headers_are_refused(
    hub: EchoHub, till: Scribe, name: str, reason: str, status: int
) -> None:
    headers = headers_of(till, challenge_of(hub), ECHO)
    assert refused(hub, ECHO, {**headers, name: altered(headers[name])}, status) == reason


def test_another_tills_certificate_does_not_help(hub: EchoHub, till: Scribe) -> None:
    other = hub.enrolled(2)
    headers = headers_of(till, challenge_of(hub), ECHO, certificate=other.certificate)
    assert refused(hub, ECHO, headers, 403) == "request.forged"
    headers = headers_of(till, challenge_of(hub), ECHO, key=STRANGER)
    assert refused(hub, ECHO, headers, 403) == "request.forged"


def test_a_till_that_the_hub_has_forgotten_is_refused(hub: EchoHub) -> None:
    stranger = hub.certified(9, 9)
    headers = headers_of(stranger, challenge_of(hub), ECHO)
    assert refused(hub, ECHO, headers, 403) == "request.unknown_till"


def test_a_certificate_past_its_last_day_only_asks_for_the_next_one(
    hub: EchoHub, till: Scribe
) -> None:
    hub.clock.pass_ms(5 * 366 * DAY_MS)
    headers = headers_of(till, challenge_of(hub), ECHO)
    assert refused(hub, ECHO, headers, 403) == "request.certificate_expired"
    headers = headers_of(till, challenge_of(hub), "/v1/renewal")
    assert hub.client.post("/v1/renewal", headers=headers).is_success


Tamper = Callable[[httpx2.Response], httpx2.Response]


def test_an_answer_altered_on_the_way_is_refused(hub: EchoHub, till: Scribe) -> None:
    def flip(answer: httpx2.Response) -> httpx2.Response:
        body = bytearray(answer.content)
        body[5] ^= 1
        return httpx2.Response(200, content=bytes(body), headers=answer.headers)

    with tampered(hub, flip) as client:
        answer = requests_of(till, hub, client).ask("POST", ECHO, b"hello", most_bytes=100)
    assert isinstance(answer, Refused)
    assert answer.reason == "answer.forged"


def test_an_answer_to_an_earlier_request_is_refused(hub: EchoHub, till: Scribe) -> None:
    kept: list[bytes] = []

    def first(answer: httpx2.Response) -> httpx2.Response:
        kept.append(answer.content)
        return httpx2.Response(200, content=kept[0], headers=answer.headers)

    with tampered(hub, first) as client:
        requests = requests_of(till, hub, client)
        assert isinstance(requests.ask("POST", ECHO, b"hello", most_bytes=100), Answer)
        answer = requests.ask("POST", ECHO, b"hello", most_bytes=100)
    assert isinstance(answer, Refused)
    assert answer.reason == "answer.forged"


def test_an_answer_longer_than_asked_for_is_refused(hub: EchoHub, till: Scribe) -> None:
    answer = requests_of(till, hub).ask("POST", ECHO, bytes(900), most_bytes=100)
    assert isinstance(answer, Refused)
    assert answer.reason == "hub.refused"


def counted(hub: EchoHub, sent: list[str]) -> httpx2.Client:
    def forward(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.url.path)
        return _forward(hub, request)

    return httpx2.Client(base_url="http://hub.test", transport=httpx2.MockTransport(forward))


def tampered(hub: EchoHub, tamper: Tamper) -> httpx2.Client:
    def forward(request: httpx2.Request) -> httpx2.Response:
        answer = _forward(hub, request)
        return tamper(answer) if request.url.path == "/v1/echo" else answer

    return httpx2.Client(base_url="http://hub.test", transport=httpx2.MockTransport(forward))


def _forward(hub: EchoHub, request: httpx2.Request) -> httpx2.Response:
    target = request.url.raw_path.decode("ascii")
    answer = hub.client.request(
        request.method, target, content=request.content, headers=dict(request.headers)
    )
    return httpx2.Response(answer.status_code, content=answer.content, headers=answer.headers)


def test_a_packed_answer_is_not_unpacked(hub: EchoHub, till: Scribe) -> None:
    def bomb(_answer: httpx2.Response) -> httpx2.Response:
        packed = httpx2.ByteStream(gzip.compress(bytes(10_000_000)))
        return httpx2.Response(200, stream=packed, headers={"content-encoding": "gzip"})

    with tampered(hub, bomb) as client:
        answer = requests_of(till, hub, client).ask("POST", ECHO, most_bytes=20_000_000)
    assert isinstance(answer, Refused)
    assert answer.reason == "hub.refused"


def test_an_answer_that_trickles_in_is_given_up(
    hub: EchoHub, till: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_client, "MOST_WAITS", 0)
    answer = requests_of(till, hub).ask("POST", ECHO, b"hello", most_bytes=100)
    assert isinstance(answer, Refused)
    assert answer.reason == "hub.unreachable"
