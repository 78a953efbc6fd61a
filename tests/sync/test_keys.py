"""Key files: made once, never world-readable, refused when damaged."""

import stat
from pathlib import Path

import pytest

from sync.keys import (
    HUB_KEY,
    TILL_KEY,
    load_or_create_hub_keys,
    load_or_create_till_keys,
    read_phone_key,
    write_phone_key,
)
from sync.rules.certificate import install_of
from sync.rules.refusal import Fault, Refused
from sync.rules.sealing import seal
from sync.rules.signatures import verify


def test_a_tills_key_is_made_once_and_signs(tmp_path: Path) -> None:
    keys = load_or_create_till_keys(tmp_path)
    again = load_or_create_till_keys(tmp_path)
    assert (again.install, again.public) == (keys.install, keys.public)
    assert keys.install == install_of(keys.public)
    assert verify(keys.public, again.sign(b"data"), b"data")
    assert not verify(keys.public, again.sign(b"data"), b"other")


def test_two_tills_are_two_installs(tmp_path: Path) -> None:
    first = load_or_create_till_keys(tmp_path / "a")
    assert first.install != load_or_create_till_keys(tmp_path / "b").install


def test_only_the_hub_opens_what_is_sealed_to_it(tmp_path: Path) -> None:
    hub = load_or_create_hub_keys(tmp_path / "hub")
    other = load_or_create_hub_keys(tmp_path / "other")
    sealed = seal(hub.seal_public, b"138 0000 1234", bytes(range(32)))
    assert b"1234" not in sealed
    assert load_or_create_hub_keys(tmp_path / "hub").unseal(sealed) == b"138 0000 1234"
    assert isinstance(other.unseal(sealed), Refused)
    for at in (0, 31, 32, len(sealed) - 1):
        altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        assert isinstance(hub.unseal(altered), Refused)
    assert isinstance(hub.unseal(b""), Refused)


def test_key_files_are_for_their_owner_only(tmp_path: Path) -> None:
    load_or_create_till_keys(tmp_path)
    load_or_create_hub_keys(tmp_path)
    write_phone_key(tmp_path, b"k" * 32)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert read_phone_key(tmp_path) == b"k" * 32


def test_there_is_no_phone_key_before_enrolment(tmp_path: Path) -> None:
    assert read_phone_key(tmp_path) is None


def flipped(data: bytes) -> bytes:
    at = data.index(b'"secrets":["') + 14
    return data[:at] + (b"0" if data[at : at + 1] != b"0" else b"1") + data[at + 1 :]


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:-20], flipped, lambda data: b"\xff" * 200],
    ids=["empty", "cut", "one digit", "noise"],
)
def test_a_damaged_key_is_refused_and_left_alone(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    load_or_create_till_keys(tmp_path)
    path = tmp_path / TILL_KEY
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(Fault) as caught:
        load_or_create_till_keys(tmp_path)
    assert caught.value.refused.reason == "key.damaged"
    assert path.read_bytes() == before


def test_a_hubs_key_is_no_tills_key(tmp_path: Path) -> None:
    load_or_create_hub_keys(tmp_path)
    (tmp_path / HUB_KEY).rename(tmp_path / TILL_KEY)
    with pytest.raises(Fault):
        load_or_create_till_keys(tmp_path)
