"""Where an item's QR leads."""

import doctest

import pytest

from pos.rules import order_link as links
from pos.rules.items import Item, Kind
from pos.rules.order_link import order_link
from pos.rules.scans import OfferLink, read_scan
from pos.rules.settings import OrderLinkSettings
from sync.rules.refusal import Refused

TEA = Item(sku="TEA 250/1", name_zh="毛尖", unit="罐", retail_fen=1, offer_id="612345678901")
OWN = OrderLinkSettings(page="own", own_url="https://example.com/{center}/i/{sku}")


def test_the_docstring_is_true() -> None:
    assert doctest.testmod(links).failed == 0


def test_an_offer_link_scans_back() -> None:
    link = order_link(TEA, OrderLinkSettings(), "yiwu")
    assert isinstance(link, str)
    assert read_scan(link, ()) == OfferLink(TEA.offer_id)


def test_our_own_page_quotes_what_it_is_given() -> None:
    assert order_link(TEA, OWN, "yiwu") == "https://example.com/yiwu/i/TEA%20250%2F1"


def test_our_own_page_needs_no_offer() -> None:
    plain = Item(sku="X", name_zh="货", unit="件", retail_fen=1)
    assert order_link(plain, OWN, "yiwu") == "https://example.com/yiwu/i/X"
    refused = order_link(plain, OrderLinkSettings(), "yiwu")
    assert isinstance(refused, Refused)
    assert refused.reason == "link.no_offer"


@pytest.mark.parametrize("kind", ["bag", "plan"])
def test_bags_and_the_plan_have_no_page(kind: Kind) -> None:
    item = Item(sku="X", kind=kind, name_zh="货", unit="件", retail_fen=1, offer_id="1")
    assert isinstance(order_link(item, OWN, "yiwu"), Refused)
