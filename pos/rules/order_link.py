"""Where an item's QR leads: its 1688 offer, or a page of our own.

Long links only: 1688's short ones need the network to be read.
"""

from urllib.parse import quote

from pos.rules.items import Item
from pos.rules.settings import OrderLinkSettings
from sync.rules.refusal import N_, Bilingual, Refused


def order_link(item: Item, settings: OrderLinkSettings, center: str) -> str | Refused:
    """Return the address at which a visitor can order this item.

    `center` is the short name of the center that shows it. Bags and the plan have none, nor
    has an item without an offer where the page is its offer.

    >>> tea = Item(sku="TEA", name_zh="毛尖", unit="罐", retail_fen=1, offer_id="612345678901")
    >>> order_link(tea, OrderLinkSettings(), "zhengzhou")
    'https://detail.1688.com/offer/612345678901.html'
    """
    template = settings.own_url if settings.page == "own" else settings.offer_url
    if item.kind != "goods" or ("{offer_id}" in template and not item.offer_id):
        return Refused(
            "link.no_offer",
            N_("{name} has no page to order from."),
            N_("Import its 1688 offer id, or sell it here."),
            {"name": Bilingual(item.name_zh, item.name_en)},
        )
    return template.format(
        offer_id=quote(item.offer_id, safe=""),
        sku=quote(item.sku, safe=""),
        center=quote(center, safe=""),
    )
