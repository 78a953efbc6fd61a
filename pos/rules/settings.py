"""The sale's own settings: cash rounding, a scale's labels, where an item's link leads."""

import re
from typing import Annotated, Literal

import msgspec

from sync.rules.config_problems import SettingError
from sync.rules.refusal import N_

Rounding = Literal["off", "jiao", "yuan"]
ROUNDING_STEP_FEN: dict[Rounding, int] = {"off": 1, "jiao": 10, "yuan": 100}
_PICTURE = re.compile(r"\d{1,4}P{1,6}[AWX]{1,12}C?")


class RoundingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[rounding]: what cash is rounded down to (抹零); wallets always pay exactly."""

    cash: Rounding = "jiao"


class ScaleLayout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One layout of in-store label, drawn digit by digit: `21PPPPPAAAAAC`.

    Digits stand for themselves; P is the item's PLU, A an amount, W a weight, X anything,
    C the check digit. One A is worth `amount_unit_fen`, one W `weight_unit_g`. Some scales
    print a wrong check digit: `check = false` believes them.
    """

    label: str
    amount_unit_fen: Annotated[int, msgspec.Meta(ge=1)] = 1
    weight_unit_g: Annotated[int, msgspec.Meta(ge=1)] = 1
    check: bool = True

    def __post_init__(self) -> None:
        """Refuse a drawing that no label can have; the message goes behind file and key."""
        if not _PICTURE.fullmatch(self.label) or not re.search("[AW]", self.label):
            raise SettingError(
                "label",
                N_(
                    "“{label}” is not drawn like 21PPPPPAAAAAC "
                    "(digits, P for PLU, A for amount or W for weight, C last)"
                ),
                label=self.label,
            )


DEFAULT_SCALES = (
    ScaleLayout("21PPPPPAAAAAC"),
    ScaleLayout("22PPPPPWWWWWC"),
    ScaleLayout("26PPPPPAAAAAWWWWWC"),
)


class ScanSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[scan]: how the labels of this center's scales are laid out."""

    scales: tuple[ScaleLayout, ...] = DEFAULT_SCALES


class OrderLinkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[order_link]: which page an item's QR opens: its 1688 offer, or a page of our own.

    Templates hold `{offer_id}`, `{sku}` and `{center}`; `receipt_url` holds `{token}` and is
    empty when receipts carry the bare token.
    """

    page: Literal["offer", "own"] = "offer"
    offer_url: str = "https://detail.1688.com/offer/{offer_id}.html"
    own_url: str = ""
    receipt_url: str = ""

    def __post_init__(self) -> None:
        """Refuse templates that would print links that lead nowhere."""
        for name, places in (
            ("offer_url", ("offer_id", "sku", "center")),
            ("own_url", ("offer_id", "sku", "center")),
            ("receipt_url", ("token",)),
        ):
            _check_template(name, getattr(self, name), places)
        if self.page == "own" and not self.own_url:
            raise SettingError("own_url", N_("page “own” needs it"))


def _check_template(name: str, template: str, places: tuple[str, ...]) -> None:
    if not template:
        return
    found = re.findall(r"\{(\w*)\}", template)
    rest = re.sub(r"\{\w*\}", "", template)
    if not template.startswith(("https://", "http://")) or set("{} ") & set(rest):
        raise SettingError(name, N_("“{template}” is not a web address"), template=template)
    if not found or not set(found) <= set(places):
        valid = ", ".join("{" + place + "}" for place in places)
        raise SettingError(name, N_("it needs one of {valid} and no other place"), valid=valid)
