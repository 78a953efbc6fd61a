"""A till of a test's own with a few goods in its catalogue, under a clock that the test sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from pos.rules.items import SHIPS_MAY, Item, Tier
from pos.stores import catalogue
from sync.clock import Clock
from sync.rules.refusal import Refused
from sync.services.till import OpenTill, open_till
from sync.setup import Setup
from xuanpin import make_setup

NOON_MS = 1_795_320_000_000  # 2026-11-22 12:00 in China
DAY_MS = 86_400_000
TEA, TEA_CODE = "HN-005", "9520123456788"
CAKE, BAG, YAM, BRICKS = "HN-010", "BAG-L", "HN-009", "CH-001"

GOODS = (
    Item(
        sku=TEA,
        name_zh="信阳毛尖250g",
        name_en="Xinyang Maojian",
        unit="罐",
        retail_fen=16800,
        plus_fen=14800,
        tiers=(Tier(5, 11800), Tier(30, 9800)),
        barcodes=(TEA_CODE,),
        offer_id="952100005",
        mnemonic="xymj",
        ships=SHIPS_MAY,
    ),
    Item(
        sku=CAKE,
        name_zh="花生糕",
        unit="盒",
        retail_fen=1885,
        plus_fen=1680,
        barcodes=("9521000000100",),
        mnemonic="hsg",
    ),
    Item(sku=BAG, kind="bag", name_zh="购物袋大", unit="个", retail_fen=50),
    Item(
        sku=YAM,
        name_zh="铁棍山药",
        unit="kg",
        retail_fen=1980,
        plus_fen=1780,
        weighed=True,
        barcodes=("PLU:00301",),
        mnemonic="tgsy",
    ),
    Item(sku=BRICKS, name_zh="积木花束", unit="盒", retail_fen=4990, centers=("chenghai",)),
)


@dataclass
class SetClock:
    """A clock that stands where a test puts it."""

    at_ms: int = NOON_MS

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> int:
        return self.at_ms - NOON_MS

    def boot_lasts(self) -> bool:
        return True

    def boot_id(self) -> str:
        return "boot"


def make_test_setup(root: Path, clock: Clock | None = None) -> Setup:
    packaged = Path(__file__).parents[2] / "config.toml"
    return structs.replace(
        make_setup(packaged, language="en"), root=root, clock=clock or SetClock()
    )


def opened(setup: Setup, *, selling: bool = True) -> OpenTill:
    till = open_till(setup, "counter" if selling else "read")
    assert not isinstance(till, Refused)
    return till


def stock(till: OpenTill, goods: Sequence[Item] = GOODS) -> None:
    with till.reference.transaction() as db:
        catalogue.upsert(db, goods)


def journal_kinds(till: OpenTill) -> list[str]:
    """Return what this till's own run journalled since it opened, oldest first."""
    from sync.stores.journal import entries_of

    entries = entries_of(till.journal.read(), till.run.run, 1, 1000)
    return [entry.header.kind for entry in entries]


def rows(till: OpenTill, table: str) -> int:
    count = till.journal.read().execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count[0])
