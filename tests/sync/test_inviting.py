"""Inviting and enrolling at the hub: one code, one till, and nothing for those without it."""

import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from sync.keys import write_phone_key
from sync.rules import enrolling
from sync.rules.certificate import Certificate, install_of, read
from sync.rules.days import china_day, day_start_ms
from sync.rules.enrolling import Ask, Code, Given
from sync.rules.refusal import Refused
from sync.services.inviting import INVITE_MS
from tests.hub_databases import NewDatabase

from .hub_scenes import FIRST, WebHub, web_hub

NONCE = b"n" * enrolling.NONCE_BYTES


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[WebHub]:
    with web_hub(tmp_path, new_database()) as hub:
        yield hub


def key_of(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def asked(
    text: str, number: int = 1, nonce: bytes = NONCE, *, name: str = "", center: int = 0
) -> tuple[Code, bytes]:
    code = enrolling.read_code(text)
    assert isinstance(code, Code)
    key = key_of(number)
    public = key.public_key().public_bytes_raw()
    wanted = Ask(install_of(public), public, nonce, name, center)
    return code, enrolling.ask(code, wanted, key.sign)


def enrol(hub: WebHub, text: str, number: int = 1, nonce: bytes = NONCE) -> Given:
    code, request = asked(text, number, nonce)
    answer = hub.client.post("/v1/enrol", content=request)
    assert answer.status_code == 200, answer.text
    given = enrolling.read_given(code, request, answer.content)
    assert isinstance(given, Given), given
    return given


def certificate(hub: WebHub, given: Given) -> Certificate:
    read_back = read(given.certificate, hub.keys.public)
    assert isinstance(read_back, Certificate)
    return read_back


def test_an_invited_till_gets_everything_it_needs(hub: WebHub) -> None:
    given = enrol(hub, hub.invite("CH-03", 2, "chenghai"))
    assert (given.name, given.number, given.center, given.center_name) == (
        "CH-03",
        1,
        2,
        "chenghai",
    )
    assert given.hub_id == hub.keys.hub_id
    assert (given.hub_public, given.hub_seal_public) == (hub.keys.public, hub.keys.seal_public)
    granted = certificate(hub, given)
    assert (granted.number, granted.center) == (1, 2)
    assert granted.install == install_of(key_of(1).public_key().public_bytes_raw())
    assert granted.covers(china_day(hub.clock.wall_ms))


def test_tills_of_one_center_share_a_phone_key_and_no_other_does(hub: WebHub) -> None:
    one = enrol(hub, hub.invite("ZZ-01"), 1)
    two = enrol(hub, hub.invite("ZZ-02"), 2)
    other = enrol(hub, hub.invite("CH-01", 2, "chenghai"), 3)
    assert one.phone_key == two.phone_key != other.phone_key
    assert (one.number, two.number, other.number) == (1, 2, 3)
    for path in hub.opened.directory.rglob("*.key"):
        assert path.stat().st_mode & 0o777 == 0o600
    database = repr(hub.state())
    assert repr(one.phone_key) not in database
    assert one.phone_key.hex() not in database


def test_a_center_that_has_a_phone_key_of_its_own_keeps_it(hub: WebHub) -> None:
    write_phone_key(hub.keys.center_directory(1), b"k" * 32)
    assert enrol(hub, hub.invite("ZZ-01"), 1).phone_key == b"k" * 32
    assert enrol(hub, hub.invite("CH-01", 2, "chenghai"), 2).phone_key != b"k" * 32


def test_card_counters_never_overlap(hub: WebHub) -> None:
    ranges = [certificate(hub, enrol(hub, hub.invite(f"ZZ-{n:02d}"), n)) for n in (1, 2, 3)] + [
        certificate(hub, enrol(hub, hub.invite("ZZ-01"), 1))
    ]
    taken = [range(c.counter_first, c.counter_first + c.counter_count) for c in ranges]
    taken.sort(key=lambda each: each.start)
    assert all(one.stop <= next_.start for one, next_ in itertools.pairwise(taken))


def test_a_lost_answer_is_given_again_to_the_same_till_only(hub: WebHub) -> None:
    code = hub.invite()
    first = enrol(hub, code)
    state = hub.state()
    assert enrol(hub, code, nonce=b"m" * 12) == first
    assert hub.state() == state
    assert hub.refused(asked(code, number=2)[1], 404, "/v1/enrol") == "enrol.unknown_code"


@pytest.mark.parametrize(
    ("name", "center", "reason"),
    [("ZZ-09", 1, "enrol.other_name"), ("ZZ-01", 3, "enrol.other_center")],
)
def test_a_code_serves_no_till_of_another_name_or_center(
    hub: WebHub, name: str, center: int, reason: str
) -> None:
    code = hub.invite("ZZ-01")
    state = hub.state()
    request = asked(code, name=name, center=center)[1]
    assert hub.refused(request, 422, "/v1/enrol") == reason
    assert hub.state() == state
    right = asked(code, name="ZZ-01", center=1)[1]
    assert hub.client.post("/v1/enrol", content=right).status_code == 200


def test_a_code_runs_out_after_ten_minutes_and_is_forgotten(hub: WebHub) -> None:
    code = hub.invite()
    hub.clock.pass_ms(INVITE_MS - 1)
    assert hub.rows("invite") == 1
    hub.clock.pass_ms(1)
    assert hub.refused(asked(code)[1], 404, "/v1/enrol") == "enrol.unknown_code"
    hub.invite("ZZ-02")
    assert hub.rows("invite") == 1


def test_a_till_enrolled_again_keeps_its_number_and_takes_the_new_name(hub: WebHub) -> None:
    first = enrol(hub, hub.invite("ZZ-01"))
    enrol(hub, hub.invite("ZZ-02"), 2)
    again = enrol(hub, hub.invite("ZZ-09"))
    assert again.number == first.number
    assert [till.name for till in hub.summary().tills] == ["ZZ-09", "ZZ-02"]


def test_a_name_belongs_to_one_till(hub: WebHub) -> None:
    enrol(hub, hub.invite("ZZ-01"))
    request = asked(hub.invite("ZZ-01"), number=2)[1]
    assert hub.refused(request, 422, "/v1/enrol") == "enrol.name_taken"


@pytest.mark.parametrize("day", ["1970-01-01", "2300-01-01"])
def test_a_hub_whose_clock_is_lost_vouches_for_no_till(hub: WebHub, day: str) -> None:
    hub.clock.wall_ms = day_start_ms(date.fromisoformat(day))
    request = asked(hub.invite("ZZ-01"))[1]
    assert hub.refused(request, 422, "/v1/enrol") == "enrol.hub_date"


def test_a_hub_has_999_numbers(hub: WebHub) -> None:
    last = hub.certified(9, till_number=999)
    last.open_run(FIRST)
    hub.push(last.segment(FIRST))
    assert hub.refused(asked(hub.invite("ZZ-01"))[1], 422, "/v1/enrol") == "enrol.full"


@pytest.mark.parametrize("name", ["", " ", "x" * 33, "a\nb", " ZZ-01", "a b", "a/b", "../b"])
def test_a_bad_name_is_no_invitation(hub: WebHub, name: str) -> None:
    refused = hub.inviting.invite(name, 1, "zhengzhou")
    assert isinstance(refused, Refused)
    assert refused.reason == "till.bad_name"
    assert hub.rows("invite") == 0


def test_noise_guesses_and_altered_requests_are_refused(hub: WebHub) -> None:
    code, request = asked(hub.invite())
    assert hub.refused(b"{", 400, "/v1/enrol") == "enrol.unreadable"
    assert hub.refused(b'{"invite":"\xf0\x28"}', 400, "/v1/enrol") == "enrol.unreadable"
    assert hub.refused(b" " * 10_000, 413, "/v1/enrol") == "enrol.too_large"
    guess = enrolling.make_code(b"g" * 13)
    assert hub.refused(asked(guess)[1], 404, "/v1/enrol") == "enrol.unknown_code"
    knows_the_invite_only = structs.replace(code, secret=b"wrong")
    public = key_of(1).public_key().public_bytes_raw()
    wanted = Ask(install_of(public), public, NONCE)
    forged = enrolling.ask(knows_the_invite_only, wanted, key_of(1).sign)
    assert hub.refused(forged, 403, "/v1/enrol") == "enrol.not_authentic"
    somebody_elses_key = enrolling.ask(code, wanted, key_of(2).sign)
    assert hub.refused(somebody_elses_key, 403, "/v1/enrol") == "enrol.not_authentic"
    assert hub.client.post("/v1/enrol", content=request).status_code == 200


def test_a_damaged_phone_key_is_503_and_enrols_nobody(hub: WebHub) -> None:
    enrol(hub, hub.invite("ZZ-01"))
    path = hub.keys.center_directory(1) / "phone.key"
    path.parent.mkdir(parents=True)
    path.write_text("damaged")
    assert hub.refused(asked(hub.invite("ZZ-02"), 2)[1], 503, "/v1/enrol") == "about:blank"
