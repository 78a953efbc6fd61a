"""What the lab's hub publishes, and what a till must have of it: small lists that keep changing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlite_utils import Database as Rows

from sync.database import hub_snapshot
from sync.package import Package
from sync.rules.bad_rows import BadRows
from sync.rules.refusal import Refused
from sync.services.publishing import Published, Publishing
from sync.stores import hub_feeds
from tests.pos.stocked_till import BAG, CAKE, TEA, TEA_CODE

_SEASONAL = "SEASON-{}"
_MOMENTS = ("2026-11-20 08:00", "2026-11-22 12:00", "2026-11-23", "2026-12-01 08:30")
_TABLES: Mapping[str, tuple[str, ...]] = {
    "catalogue": (
        "SELECT sku, centers, offer_id, data FROM item",
        "SELECT code, sku FROM item_code JOIN item ON number = item_code.item",
        "SELECT initials, sku FROM item_initials JOIN item ON number = item_initials.item",
    ),
    "prices": ("SELECT * FROM item_price",),
    "members": ("SELECT * FROM membership",),
    "revocations": ("SELECT * FROM revocation",),
    "revoked_tills": ("SELECT * FROM revoked_till", "SELECT * FROM revoked_till_good"),
    "staff": ("SELECT * FROM staff",),
}
Fed = dict[str, list[tuple[Any, ...]]]


def publish(desk: Publishing, directory: Path, draws: Sequence[int]) -> str:
    """Publish a list of goods, a list of prices, or that something is sold no more."""
    path = directory / "published.csv"
    published: Published | BadRows | Refused
    match draws[0] % 4:
        case 0:
            path.write_text(_SEASONAL.format(draws[1] % 3), "utf-8")
            published = desk.remove("catalogue", path)
        case 1:
            path.write_text(_prices(draws[1]), "utf-8")
            published = desk.publish("prices", path)
        case _:
            path.write_text(_goods(draws[1]), "utf-8")
            published = desk.publish("catalogue", path)
    if isinstance(published, Published):
        return f"{published.feed} {published.changed} of {published.rows}"
    return "refused"


def _goods(draw: int) -> str:
    """Write what the lab's tills sell, at other prices, and something of the season."""
    price, season = 10 + draw % 50, draw % 3
    return (
        "sku,name_zh,unit,retail,barcodes,kind,mnemonic\n"
        f"{TEA},信阳毛尖250g,罐,{price}.00,{TEA_CODE},,xymj\n"
        f"{CAKE},花生糕,盒,{price}.50,9521000000100,,hsg\n"
        f"{BAG},购物袋大,个,0.50,,bag,gwd\n"
        f"{_SEASONAL.format(season)},时令{draw % 7},盒,{price}.80,,,sl\n"
    )


def _prices(draw: int) -> str:
    moment = _MOMENTS[draw % len(_MOMENTS)]
    return f"sku,valid_from,retail\n{CAKE},{moment},{1 + draw % 40}.20\n"


def fed_by(engine: Engine, packages: Sequence[Package], center: int) -> Fed:
    """Return what a till has that takes everything anew which the hub feeds its center.

    A feed that was never fed is left out: it leaves at a till whatever is there.
    """
    feeds = [feed for package in packages for feed in package.feeds()]
    fed: list[str] = []
    with closing(Rows(memory=True)) as db, hub_snapshot(engine) as connection:
        for package in packages:
            for steps in package.reference_migrations:
                steps.apply(db)
        for feed in feeds:
            scope = center if feed.per_center else 0
            if hub_feeds.state(connection, feed.name, scope).version:
                feed.apply(db, list(hub_feeds.all_fed(connection, feed.name, scope)))
                fed.append(feed.name)
        return rows_of(db, fed)


def rows_of(db: Rows, feeds: Iterable[str]) -> Fed:
    """Return what a till's reference data has of some feeds."""
    return {
        feed: sorted((row for query in _TABLES[feed] for row in db.execute(query)), key=repr)
        for feed in feeds
    }
