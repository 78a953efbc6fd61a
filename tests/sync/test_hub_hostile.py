"""Nothing that is not authentic, well formed and small enough leaves a trace at the hub."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from sync.rules.certificate import Certificate, issue
from sync.rules.entry import Entry
from sync.rules.segment import MOST_PACKED_BYTES, MOST_UNPACKED_BYTES
from tests.hub_databases import NewDatabase

from .hub_scenes import FIRST, Scribe, WebHub, web_hub

STRANGER = Ed25519PrivateKey.from_private_bytes(b"?" * 32)


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[WebHub]:
    with web_hub(tmp_path, new_database()) as hub:
        yield hub


@pytest.fixture
def till(hub: WebHub) -> Scribe:
    till = hub.enrolled()
    till.open_run(FIRST)
    till.write(FIRST)
    return till


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"hello",
        b"\x28\xb5\x2f\xfd",
        zstandard.compress(b""),
        zstandard.compress(b"\x91\xa2\xf0\x28"),
        zstandard.compress(msgspec.msgpack.encode([1, b"", b"", b"", []])),
        zstandard.compress(msgspec.msgpack.encode({"version": 1})),
        zstandard.compress(b"\xdd\xff\xff\xff\xff"),
        zstandard.compress(b"\x95\x01\xc4\x00\xc4\x00\xc4\x00\x91\x98" + b"\x91" * 100_000),
    ],
)
def test_noise_is_refused(hub: WebHub, noise: bytes) -> None:
    assert hub.refused(noise, 400) == "segment.malformed"


def test_a_segment_without_entries_is_refused(hub: WebHub, till: Scribe) -> None:
    wire = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(till.segment(FIRST)))
    wire[4] = []
    assert hub.refused(zstandard.compress(msgspec.msgpack.encode(wire)), 400) == "segment.malformed"


def test_more_than_500_entries_are_refused(hub: WebHub, till: Scribe) -> None:
    wire = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(till.segment(FIRST)))
    wire[4] = wire[4][:1] * 501
    assert hub.refused(zstandard.compress(msgspec.msgpack.encode(wire)), 400) == "segment.malformed"


def test_a_large_body_is_refused_before_it_is_read_whole(hub: WebHub) -> None:
    assert hub.refused(b"x" * (MOST_PACKED_BYTES + 1), 413) == "segment.too_large"

    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(64):
            sent.append(1)
            yield b"x" * 65536

    assert hub.client.post("/v1/segments", content=endless()).status_code == 413


def test_a_decompression_bomb_is_refused(hub: WebHub) -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(500 * 1024 * 1024))
    assert len(bomb) < MOST_PACKED_BYTES
    assert hub.refused(bomb, 413) == "segment.too_large"


def test_a_small_frame_that_claims_a_gigabyte_is_refused(hub: WebHub) -> None:
    claimed = 1024 * 1024 * 1024
    stream = zstandard.ZstdCompressor().compressobj(size=claimed)
    block = bytes(1024 * 1024)
    bomb = b"".join(stream.compress(block) for _ in range(claimed // len(block))) + stream.flush()
    assert len(bomb) < 128 * 1024
    assert zstandard.get_frame_parameters(bomb).content_size == claimed
    assert hub.refused(bomb, 413) == "segment.too_large"


def posted_routes(hub: WebHub) -> list[str]:
    described = json.loads(hub.client.get("/openapi.json").content)
    return [
        path.replace("{feed}", "catalogue")
        for path, methods in described["paths"].items()
        if "post" in methods and path != "/v1/challenge"
    ]


def test_no_route_takes_noise_or_more_than_it_asked_for(hub: WebHub, till: Scribe) -> None:
    """Unsigned, not understood or too large: a problem of the right status, nothing changed."""
    routes = posted_routes(hub)
    assert {"/v1/segments", "/v1/enrol", "/v1/certificate"} <= set(routes)
    for path in routes:
        before = hub.state()
        for noise in (b"", b"noise", b"{}", bytes(range(256)), till.segment(FIRST)[:-1]):
            answer = hub.client.post(path, content=noise)
            assert answer.status_code in (400, 401, 413), (path, noise, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
        answer = hub.client.post(path, content=bytes(8 * 1024 * 1024))
        assert answer.status_code == 413, path
        assert hub.state() == before


def test_a_frame_that_lies_about_its_size_is_not_believed(hub: WebHub) -> None:
    stream = zstandard.ZstdCompressor().compressobj()  # writes no content size
    bomb = stream.compress(bytes(MOST_UNPACKED_BYTES + 1)) + stream.flush()
    assert hub.refused(bomb, 400) == "segment.malformed"
    honest = bytearray(zstandard.compress(b"x" * 300))
    honest[5:7] = b"\xff\xff"
    assert hub.refused(bytes(honest), 400) == "segment.malformed"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(0, 10**6), change=st.integers(1, 255))
def test_no_changed_byte_is_accepted(hub: WebHub, place: int, change: int) -> None:
    if not hub.rows("till"):
        hub.enrolled()
    till = Scribe(
        Ed25519PrivateKey.from_private_bytes(b"\1" * 32),
        hub.keys,
        hub.state()["certificate"][0][3],  # type: ignore[arg-type]
    )
    till.open_run(FIRST)
    raw = zstandard.ZstdDecompressor().decompress(till.segment(FIRST))
    at = place % len(raw)
    changed = raw[:at] + bytes([raw[at] ^ change]) + raw[at + 1 :]
    before = hub.state()
    answer = hub.client.post("/v1/segments", content=zstandard.compress(changed))
    assert answer.status_code in (400, 403)
    assert hub.state() == before


def test_a_strangers_signature_is_refused(hub: WebHub, till: Scribe) -> None:
    assert hub.refused(till.segment(FIRST, key=STRANGER), 403) == "segment.forged"


def test_a_certificate_of_another_hub_is_refused(hub: WebHub, till: Scribe) -> None:
    public = till.key.public_key().public_bytes_raw()
    forged = issue(Certificate(1, 1, 0, 9999, 1, 10, public), STRANGER.sign)
    assert hub.refused(till.segment(FIRST, certificate=forged), 403) == "certificate.forged"
    assert hub.refused(till.segment(FIRST, certificate=b""), 403) == "certificate.malformed"


def test_a_till_cannot_write_under_the_id_of_another(hub: WebHub, till: Scribe) -> None:
    other = hub.enrolled(2)
    forged = till.segment(FIRST, key=other.key, certificate=other.certificate)
    assert hub.refused(forged, 403) == "segment.other_till"


def test_a_segment_for_another_hub_is_refused(hub: WebHub, till: Scribe) -> None:
    assert hub.refused(till.segment(FIRST, hub_id="f" * 32), 403) == "segment.other_hub"


def test_a_forgotten_till_whose_number_was_given_again_is_refused(
    hub: WebHub, till: Scribe
) -> None:
    stranger = hub.certified(9, till_number=1)
    stranger.open_run(FIRST)
    assert hub.refused(stranger.segment(FIRST), 403) == "segment.unknown_till"


def altered(entry: Entry, **changed: object) -> Entry:
    values = {name: getattr(entry, name) for name in Entry.__struct_fields__} | changed
    return Entry(**values)


@pytest.mark.parametrize("changed", [{"body": b"{ }"}, {"body": b"[]"}])
def test_a_body_that_is_not_what_was_signed_is_refused(
    hub: WebHub, till: Scribe, changed: dict[str, object]
) -> None:
    entries = [till.runs[FIRST][0], altered(till.runs[FIRST][1], **changed)]
    assert hub.refused(till.packed(entries, FIRST), 400) == "segment.inconsistent"


@pytest.mark.parametrize(
    "wrong",
    [
        {"seq": 4},
        {"run": "other"},
        {"till": "0" * 32},
        {"version": 2},
        {"kind": "x" * 65},
        {"kind": "a b"},
        {"id": ""},
        {"day": "today"},
        {"body_bytes": 7},
        {"amount_fen": 2**63},
        {"at_ms": -(2**63)},
        {"private_sha256": b"x"},
    ],
)
def test_an_entry_that_no_honest_till_writes_is_refused(
    hub: WebHub, till: Scribe, wrong: dict[str, object]
) -> None:
    till.write(FIRST, changed=wrong)
    assert hub.refused(till.segment(FIRST), 400) == "segment.inconsistent"


def test_entries_out_of_order_are_refused(hub: WebHub, till: Scribe) -> None:
    till.write(FIRST)
    first, second, last = till.runs[FIRST]
    assert hub.refused(till.packed([first, last, second], FIRST), 400) == "segment.inconsistent"
    assert hub.refused(till.packed([first, last], FIRST), 400) == "segment.inconsistent"


def test_what_is_not_there_is_a_problem_too(hub: WebHub) -> None:
    assert hub.refused(b"", 404, "/v1/nothing") == "about:blank"
    answer = hub.client.get("/v1/segments")
    assert (answer.status_code, answer.json()["title"]) == (405, "Method Not Allowed")


def test_a_database_that_fails_is_503_and_nothing_is_stored(
    hub: WebHub, till: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise OperationalError("INSERT", None, Exception("disk I/O error"))

    with monkeypatch.context() as patched:
        patched.setattr("sync.stores.hub_bookings.add_alarms", fail)
        assert hub.refused(till.segment(FIRST), 503) == "about:blank"
    assert hub.push(till.segment(FIRST)).marks[0].seq == 2


def test_the_summary_is_for_the_hubs_own_machine(hub: WebHub) -> None:
    assert hub.client.get("/v1/summary").status_code == 200
    proxied = hub.client.get("/v1/summary", headers={"x-forwarded-for": "192.0.2.7"})
    assert proxied.status_code == 403


def test_health_and_documentation_answer_without_a_network(hub: WebHub) -> None:
    assert hub.client.get("/healthz").json() == {"status": "ok", "hub_id": hub.keys.hub_id}
    page = hub.client.get("/docs").text
    described = json.loads(hub.client.get("/openapi.json").content)
    for path in described["paths"]:
        assert path in page
    assert {"/v1/segments", "/v1/enrol", "/healthz"} <= set(described["paths"])
    assert "http://" not in page
    assert "https://" not in page
