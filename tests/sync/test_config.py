"""The configuration file: found in one order, read strictly, refused by name."""

from pathlib import Path

import pytest

from sync import config
from sync.declared import PACKAGE
from sync.hub_client import make_client
from sync.language import Language
from sync.rules.refusal import Fault, Refused
from sync.setup import CenterSettings, HubSettings, TillSettings, data_root

EN = Language("en", ["sync"])
CENTER = "[centers.x]\nnumber = 1\nname_zh = '甲'"


def write(directory: Path, text: str) -> Path:
    path = directory / "config.toml"
    path.write_text(text, "utf-8")
    return path


def refusal(path: Path) -> str:
    read = config.read(path, PACKAGE.sections)
    assert isinstance(read, Refused)
    return EN.refusal(read)


def test_what_the_file_leaves_out_has_its_default(tmp_path: Path) -> None:
    path = write(
        tmp_path, '[till]\nid = "YW-07"\n[centers.yiwu]\nnumber=3\nname_zh="义"\nname_en="Y"'
    )
    settings = config.read(path, PACKAGE.sections)
    assert not isinstance(settings, Refused)
    assert settings.get(TillSettings) == TillSettings(id="YW-07")
    assert settings.get(HubSettings) == HubSettings()
    assert settings.named(CenterSettings)["yiwu"].number == 3


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("", {"zhengzhou", "chenghai", "yiwu"}),
        ("[till]\nid = 'A'", {"zhengzhou", "chenghai", "yiwu"}),
        ("[centers]", set()),
        ("[centers.x]\nnumber=9\nname_zh='x'\nname_en='x'", {"x"}),
    ],
)
def test_centers_that_a_file_does_not_speak_of_are_the_packaged_ones(
    tmp_path: Path, text: str, known: set[str]
) -> None:
    settings = config.read(write(tmp_path, text), PACKAGE.sections)
    assert not isinstance(settings, Refused)
    assert set(settings.named(CenterSettings)) == known


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("listen_port", port) for port in ("-1", "65536", "'8000'")),
        *(("timeout_s", seconds) for seconds in ("0", "121", "1.5")),
        *(("push_every_s", seconds) for seconds in ("0", "3601")),
        *(
            ("url", f"'{url}'")
            for url in (
                "ftp:/x",
                "ftp://hub",
                "http://",
                "http://[",
                "http://:80",
                "http://hub:x",
                "http://hub:0",
                "http://hub:65536",
                "http://hub:80x",
                "http://hub ",
                "http://hub more",
                "http://user@hub",
                "http://hub..example",
                f"http://{'a' * 64}.example",
                "hub:8000",
            )
        ),
    ],
)
def test_a_hub_that_cannot_be_is_refused_by_key(tmp_path: Path, key: str, value: str) -> None:
    assert f"bad value for hub.{key}: " in refusal(write(tmp_path, f"[hub]\n{key} = {value}"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://192.0.2.10:8000",
        "https://hub",
        "HTTP://hub.example.com/",
        "http://[::1]:80",
        "http://选品.example/till/hub",
        f"http://my_hub-1.{'a' * 63}.:8000",
    ],
)
def test_where_a_hub_can_be(tmp_path: Path, url: str) -> None:
    path = write(tmp_path, f"[hub]\nurl = '{url}'\nlisten_port = 0\ntimeout_s = 120")
    settings = config.read(path, PACKAGE.sections)
    assert not isinstance(settings, Refused)
    assert settings.get(HubSettings).url == url
    if url:
        client = make_client(url, 1)
        assert not isinstance(client, Refused)
        client.close()


def test_a_relative_data_directory_starts_at_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path)
    for path, given, root in (
        (tmp_path / "shop", "data", tmp_path / "shop" / "data"),
        (Path("shop"), "../data", tmp_path / "shop" / ".." / "data"),
        (tmp_path / "shop", "/elsewhere", Path("/elsewhere")),
        (tmp_path / "shop", "~/data", Path.home() / "data"),
    ):
        settings = config.read(write(path, f"[till]\ndata_directory = '{given}'"), PACKAGE.sections)
        assert not isinstance(settings, Refused)
        assert data_root(settings) == root


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[till]\ncentre = 'x'", "unknown key till.centre. Did you mean “center”?"),
        ("[tills]\nid = 'x'", "unknown key tills. Did you mean “till”?"),
        ("[hub]\nlisten_port = '80'", "bad value for hub.listen_port: a whole number is expected."),
        ("[ui]\nlanguage = 'cn'", "for ui.language: “cn” is none of zh, en."),
        ("[centers.x]\nname_zh = 'x'", "bad value for centers.x: its number is missing."),
        ("centers = 3", "bad value for centers: a table is expected."),
        ("[till]\nid = \n", "not a TOML file: line 2 cannot be read from column 6 on."),
        ("[till]\nid = 'a'\nid = 'b'\n", "TOML file: line 3 sets again what stands above it."),
        ("[till]\nid = 'a'\nid = 'b'", "TOML file: the last line sets again what stands above"),
        ("[till]\nid = 'ZZ", "not a TOML file: it ends in the middle of a value."),
        ("[till\nid = 3", "not a TOML file: line 1 cannot be read from column 6 on."),
        ("a = " + "[" * 100_000, "not a TOML file: it is nested too deeply."),
        ("a = " + "9" * 5000, "not a TOML file: a number in it is too long."),
        ("[till]\ndata_directory = '~nobody-here/x'", "the home directory in “~nobody-here/x”"),
        ('[till]\ndata_directory = "a\\u0000b"', "till.data_directory: “a\\x00b” cannot be"),
        ('[till]\ncashier = "Li\\nWu"', "value for till.cashier: it has line breaks or control"),
        ('[till]\ncashier = "Li\\u001b[2J"', "value for till.cashier: it has line breaks"),
        (f'{CENTER}\nname_en = "A\\u2028B"', "value for centers.x.name_en: it has line breaks"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    line = refusal(path)
    assert str(path) in line
    assert said in line
    assert "\n" not in line


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes("[till]\nid = '收'".encode("gb18030"))
    assert refusal(path) == f"{path}: not a TOML file: it is not text in UTF-8."


def test_the_order_in_which_files_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = tmp_path / "user" / "xuanpin"
    here = tmp_path / "here"
    for directory in (user, here):
        directory.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.delenv(config.ENVIRONMENT, raising=False)
    monkeypatch.chdir(here)
    assert config.find(None) == config.packaged()
    write(user, "")
    assert config.find(None) == user / "config.toml"
    write(here, "")
    assert config.find(None) == Path("config.toml")
    named = write(tmp_path, "")
    monkeypatch.setenv(config.ENVIRONMENT, str(named))
    assert config.find(None) == named
    assert config.find(user / "config.toml") == user / "config.toml"


def test_a_named_file_that_is_missing_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        config.find(tmp_path / "none.toml")
    assert str(tmp_path) in str(caught.value)
