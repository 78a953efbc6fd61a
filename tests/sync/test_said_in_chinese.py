"""A till that speaks Chinese is refused in Chinese, also by a hub that speaks English."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest
from msgspec import structs
from starlette.testclient import TestClient

import xuanpin
from sync.faces.hub_api import make_app
from sync.faces.hub_routes import all_routes
from sync.hub_client import exchange, make_client, post
from sync.language import Language
from sync.rules import enrolling
from sync.rules.center_day import Settlement
from sync.rules.refusal import Fault, Refused
from sync.rules.system_words import PHRASES, phrase_of
from sync.services.courier import hub_client
from sync.services.revoking import Revoking
from sync.stick_files import Stick
from tests.hub_databases import NewDatabase

from .hub_scenes import FIRST, Scribe, WebHub
from .signed_scenes import requests_of
from .tills import make_setup, opened

NAMES = [package.name for package in xuanpin.PACKAGES]
ZH, EN = Language("zh", NAMES), Language("en", NAMES)


def assert_chinese(line: str) -> None:
    """Commands, addresses, settings and file names aside, there is no English in it."""
    bare = re.sub(r"`[^`]*`|https?://[\w.:/\[\]]+|\[hub\] \w+|(?:/[\w.-]+)+", "", line)
    assert not re.search(r"[A-Za-z]+[ .,]+[A-Za-z]+", bare), line
    assert re.search(r"[\u4e00-\u9fff]", bare), line


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[WebHub]:
    made = WebHub(tmp_path / "hub", new_database())
    made.setup = structs.replace(made.setup, say=EN)
    app = make_app(all_routes(made.setup, made.opened), EN)
    made.client = TestClient(app, headers={"accept-language": "zh"})
    yield made
    made.opened.close()


@pytest.fixture
def till(hub: WebHub) -> Scribe:
    till = hub.enrolled()
    till.open_run(FIRST)
    return till


def posted(hub: WebHub, path: str, data: bytes) -> Refused:
    answer = post(hub.client, path, data, content_type="application/octet-stream", most_bytes=9999)
    assert isinstance(answer, Refused), answer
    return answer


def test_a_wrong_code_is_refused_with_the_hubs_own_advice(hub: WebHub, till: Scribe) -> None:
    code = enrolling.read_code(hub.invite("ZZ-09"))
    assert isinstance(code, enrolling.Code)
    wrong = structs.replace(code, invite="nobody's")
    public = till.key.public_key().public_bytes_raw()
    asked = enrolling.ask(wrong, enrolling.Ask(till.install, public, b"n" * 12), till.key.sign)
    refused = posted(hub, "/v1/enrol", asked)
    line = ZH.refusal(refused)
    assert_chinese(line)
    assert "`xuanpin sync invite`" in line
    assert refused.values["type"] == "enrol.unknown_code"
    english = hub.client.post("/v1/enrol", content=asked, headers={"accept-language": "en-GB, zh"})
    assert english.headers["content-language"] == "en"
    assert "The hub does not know this code" in english.json()["detail"]
    neither = hub.client.post("/v1/enrol", content=asked, headers={"accept-language": "fr"})
    assert neither.json() == english.json()


def test_bad_segments_are_refused_in_chinese(hub: WebHub, till: Scribe) -> None:
    assert_chinese(ZH.refusal(posted(hub, "/v1/segments", b"no segment")))
    till.write(FIRST, "no name for a kind")
    line = ZH.refusal(posted(hub, "/v1/segments", till.segment(FIRST)))
    assert_chinese(line)
    assert "第 2 条" in line


def test_what_a_revoked_till_asks_is_refused_in_chinese(hub: WebHub, till: Scribe) -> None:
    desk = Revoking(hub.opened.engine, hub.opened.register, hub.setup.packages, hub.clock)
    assert not isinstance(desk.revoke("ZZ-01", reason="stolen", who="Li"), Refused)
    refused = requests_of(till, hub).ask("GET", "/v1/center/day?day=2026-11-22", most_bytes=9999)
    assert isinstance(refused, Refused)
    assert_chinese(ZH.refusal(refused))


@pytest.mark.parametrize("reason", ["", "why"])
def test_what_cannot_be_settled_is_refused_in_chinese(
    hub: WebHub, till: Scribe, reason: str
) -> None:
    said = msgspec.json.encode(Settlement(till.install, "fork", FIRST, 1, "", reason, "Li"))
    refused = requests_of(till, hub).ask("POST", "/v1/center/settle", said, most_bytes=9999)
    assert isinstance(refused, Refused)
    assert_chinese(ZH.refusal(refused))


def test_what_is_no_hub_is_told_by_its_status() -> None:
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(404, json={"title": "Not a"}))
    with httpx2.Client(transport=transport, base_url="http://hub.example.com") as client:
        refused = post(client, "/v1/segments", b"", content_type="x", most_bytes=9999)
    assert isinstance(refused, Refused)
    assert_chinese(ZH.refusal(refused))
    assert "HTTP 404" in ZH.refusal(refused)


@pytest.mark.parametrize("name", ["zh", "en"])
def test_a_till_asks_in_its_language(tmp_path: Path, name: str) -> None:
    setup = structs.replace(make_setup(tmp_path), say=Language(name, NAMES))
    with opened(setup) as till:
        client = hub_client(till, "http://192.0.2.10:8000")
        assert isinstance(client, httpx2.Client)
        with client:
            assert client.headers["accept-language"] == name


def test_a_hub_that_is_down_is_said_in_chinese() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = make_client(f"http://127.0.0.1:{port}", 1)
    assert isinstance(client, httpx2.Client)
    with client:
        refused = exchange(client, "GET", "/", b"", {}, most_bytes=99)
    assert isinstance(refused, Refused)
    assert_chinese(ZH.refusal(refused))
    assert "Connection refused" in EN.refusal(refused)


def test_files_that_are_no_stick_are_refused_in_chinese(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(Fault) as caught:
        Stick(file).names(".segment")
    line = ZH.refusal(caught.value.refused)
    assert_chinese(line)
    assert "不是文件夹" in line


@pytest.mark.parametrize("phrase", sorted(PHRASES))
def test_what_the_system_says_has_a_translation(phrase: str) -> None:
    assert_chinese(ZH.refusal(Refused("x", "{problem}", values={"problem": phrase})))
    assert phrase_of(OSError(0, phrase)) == phrase


def test_what_the_system_says_otherwise_stays_as_it_is() -> None:
    strange = Refused("x", "{problem}", values={"problem": OSError(9999, "Out of cheese")})
    assert ZH.refusal(strange) == "[Errno 9999] Out of cheese"


def test_causes_that_lead_in_a_circle_end() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert phrase_of(one) == "one"
