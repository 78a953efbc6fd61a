"""Opening a hub's data: made at first use, kept afterwards, and refused where it cannot be."""

from pathlib import Path

import pytest

from sync.rules.refusal import Fault, Refused
from sync.services.hub_opening import OpenHub, open_hub_data

from .tills import make_setup


def test_keys_and_database_are_made_once_and_kept(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)
    ids = []
    for _ in range(2):
        opened = open_hub_data(setup)
        assert isinstance(opened, OpenHub)
        opened.close()
        ids.append(opened.keys.hub_id)
    assert ids[0] == ids[1]
    assert (tmp_path / "hub" / "hub.db").is_file()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("not-a-url", "parse"),
        ("sqlite://", "放在文件里"),
        ("sqlite:///:memory:", "放在文件里"),
        ("sqlite:////nowhere/at/all/hub.db", "/nowhere/at/all/hub.db"),
        ("postgresql+nodriver://nobody/x", "nodriver"),
        ("nothing://nobody/x", "nothing"),
        ("postgresql://nobody:abc/x", "abc"),
        ("sqlite:///%00", "文件或文件夹不存在"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, url: str, said: str
) -> None:
    setup = make_setup(tmp_path)
    refused = open_hub_data(setup, url)
    assert isinstance(refused, Refused)
    line = setup.say.refusal(refused)
    assert said in line
    assert "\n" not in line


def test_a_password_is_not_said(tmp_path: Path) -> None:
    refused = open_hub_data(make_setup(tmp_path), "postgresql+nodriver://me:secret@nobody/x")
    assert isinstance(refused, Refused)
    assert "secret" not in str(refused.values)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "noise.db"
    path.write_bytes(b"noise" * 1000)
    refused = open_hub_data(make_setup(tmp_path), f"sqlite:///{path}")
    assert isinstance(refused, Refused)
    assert path.read_bytes() == b"noise" * 1000


def test_a_damaged_key_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "hub.key").write_text("damaged")
    with pytest.raises(Fault, match=r"hub\.key"):
        open_hub_data(make_setup(tmp_path))
