"""The sale's settings: read strictly, refused with file and key."""

from pathlib import Path

import pytest

from pos.declared import PACKAGE
from pos.rules.settings import OrderLinkSettings, RoundingSettings, ScaleLayout, ScanSettings
from sync import config
from sync.config import Settings
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
        ('[scan]\nscales = [{ label = "21PPPPPC" }]', "scan.scales[0]"),
        ('[scan]\nscales = [{ label = "毛尖" }]', "scan.scales[0]"),
        ('[scan]\nscales = [{ label = "21PPPPPAAAAAC", amount_unit_fen = 0 }]', "scan.scales[0]"),
        ('[scan]\nscales = [{ label = "21PPPPPAAAAAC", units = 1 }]', "scan.scales[0]"),
        ('[order_link]\npage = "own"', "order_link"),
        ('[order_link]\noffer_url = "https://example.com/{offer}"', "order_link"),
        ('[order_link]\noffer_url = "https://example.com/"', "order_link"),
        ('[order_link]\nown_url = "example.com/{sku}"', "order_link"),
        ('[order_link]\nreceipt_url = "https://example.com/{token"', "order_link"),
    ],
)
def test_bad_settings_are_refused_by_key(tmp_path: Path, text: str, key: str) -> None:
    refused = read(tmp_path, text)
    assert isinstance(refused, Refused)
    assert refused.values["key"] == key
