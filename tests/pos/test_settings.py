"""The sale's settings: read strictly, refused with file and key."""

from pathlib import Path

import pytest

from pos.declared import PACKAGE
from pos.rules.settings import OrderLinkSettings, RoundingSettings, ScaleLayout, ScanSettings
from sync import config
from sync.config import Settings
from sync.language import Language
from sync.rules.refusal import Refused


def read(tmp_path: Path, text: str) -> Settings | Refused:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return config.read(path, PACKAGE.sections)


def test_settings_are_read(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
        [rounding]
        cash = "yuan"
        [scan]
        scales = [{ label = "20PPPPWWWWWWC", weight_unit_g = 2, check = false }]
        [order_link]
        page = "own"
        own_url = "https://example.com/{sku}"
        """,
    )
    assert isinstance(settings, Settings)
    assert settings.get(RoundingSettings).cash == "yuan"
    assert settings.get(ScanSettings).scales == (
        ScaleLayout("20PPPPWWWWWWC", weight_unit_g=2, check=False),
    )
    assert settings.get(OrderLinkSettings).own_url == "https://example.com/{sku}"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[rounding]\ncash = "up"', "rounding.cash"),
        ('[scan]\nscales = [{ label = "21PPPPPC" }]', "scan.scales[0].label"),
        ('[scan]\nscales = [{ label = "毛尖" }]', "scan.scales[0].label"),
        (
            '[scan]\nscales = [{ label = "21PPPPPAAAAAC", amount_unit_fen = 0 }]',
            "scan.scales[0].amount_unit_fen",
        ),
        ('[scan]\nscales = [{ label = "21PPPPPAAAAAC", units = 1 }]', "scan.scales[0].units"),
        ('[order_link]\npage = "own"', "order_link.own_url"),
        ('[order_link]\noffer_url = "https://example.com/{offer}"', "order_link.offer_url"),
        ('[order_link]\noffer_url = "https://example.com/"', "order_link.offer_url"),
        ('[order_link]\nown_url = "example.com/{sku}"', "order_link.own_url"),
        ('[order_link]\nreceipt_url = "https://example.com/{token"', "order_link.receipt_url"),
    ],
)
def test_bad_settings_are_refused_by_key(tmp_path: Path, text: str, key: str) -> None:
    refused = read(tmp_path, text)
    assert isinstance(refused, Refused)
    assert refused.values["key"] == key


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[rounding]\ncash = "up"',
            "rounding.cash 的值不对：“up”不在可选值 off, jiao, yuan 之内",
        ),
        ("[rounding]\ncash = 1", "rounding.cash 的值不对：应填加引号的文字。"),
        ("[scan]\nscales = 1", "scan.scales 的值不对：应填方括号里的列表。"),
        ("[scan]\nscales = [{}]", "scan.scales[0] 的值不对：缺少 label。"),
        ("[scan]\nscales = [{ lable = '' }]", "设置项 scan.scales[0].lable。是不是“label”？"),
        ("[printer]\ndrawer = 1", "printer.drawer 的值不对：应填 true 或 false。"),
        ("[printer]\ntimeout_s = 61", "printer.timeout_s 的值不对：不能大于 60。"),
        ("[printer]\nwidth = 70", "printer.width 的值不对：“70”不在可选值 58, 80 之内。"),
        (
            '[printer]\ntransport = "usb"',
            "printer.address 的值不对：地址“”与 transport“usb”不符。",
        ),
        ('[keys]\npay = "f6"', "keys.pay 的值不对：“f6”已用于 hold。"),
        ('[order_link]\npage = "own"', "order_link.own_url 的值不对：page 为“own”时必须填写。"),
    ],
)
def test_a_chinese_refusal_has_no_english_in_it(tmp_path: Path, text: str, said: str) -> None:
    refused = read(tmp_path, text)
    assert isinstance(refused, Refused)
    assert said in Language("zh", ["sync", "pos"]).refusal(refused)
