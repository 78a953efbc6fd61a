"""Goods that are nobody's: Chinese names, EAN-13 codes and prices, the same at every run."""

import csv
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from pos.rules.items import SHIPS_MAY, Item, Tier

_SEED = 1688
_STRIDE = 2_654_435_761

_PLACES = "信阳 xy|新郑 xz|开封 kf|南阳 ny|长垣 cy|洛阳 ly|许昌 xc|禹州 yz|西峡 xx|澄海 ch|诸暨 zj"
_KINDS = (
    "特级 tj|手工 sg|原味 yw|家庭装 jtz|轻便 qb|加厚 jh|儿童 et|便携 bx|五香 wx|经典 jd|古法 gf"
)
_GOODS = (
    "毛尖 mj|大枣 dz|花生糕 hsg|烩面 hm|口罩 kz|牡丹饼 mdb|假发 jf|瓷杯 cb|香菇脆 xgc|积木 jm"
    "|棉袜 mw|毛巾 mj|雨伞 ys|拼图 pt|足浴包 zyb|卷尺 jc|辣条 lt|魔方 mf|保温杯 bwb|收纳盒 snh"
)
_PACKS = "礼盒 lh|单件 dj|三件套 sjt|大包 db|小袋 xd|罐装 gz"
_UNITS = ("盒", "袋", "件", "包")
_SOURCES = ("严选", "源选", "平替")
_COLUMNS = (
    *("sku", "barcodes", "name_zh", "name_en", "unit", "retail", "plus", "tiers"),
    *("source", "factory", "cluster", "offer_id", "ships", "mnemonic"),
)


def make_goods(count: int) -> Iterator[Item]:
    """Make so many goods, each with a code of its own, a PLUS price and one tier."""
    named = _names()
    for number in range(count):
        drawn = scattered(number)
        name, initials, place = named[drawn % len(named)]
        retail_fen = 300 + drawn % 270 * 10
        yield Item(
            sku=f"B{number:07d}",
            name_zh=name,
            name_en=f"Sample goods {number}",
            unit=_UNITS[drawn % len(_UNITS)],
            retail_fen=retail_fen,
            plus_fen=retail_fen * 9 // 10,
            tiers=(Tier(20, retail_fen * 7 // 10),),
            source=_SOURCES[drawn % len(_SOURCES)],
            factory=f"{place}示例工坊{number % 97}号",
            cluster=place,
            offer_id=str(952_000_000_000 + number),
            ships=SHIPS_MAY,
            mnemonic=initials,
            barcodes=(barcode(number),),
        )


def _names() -> list[tuple[str, str, str]]:
    """Return every name that the words make, with its initials and where it comes from."""
    tables = [
        [word.split(" ") for word in table.split("|")]
        for table in (_PLACES, _KINDS, _GOODS, _PACKS)
    ]
    return [
        (
            "".join(hanzi for hanzi, _ in words),
            "".join(letters for _, letters in words),
            words[0][0],
        )
        for words in itertools.product(*tables)
    ]


def scattered(number: int) -> int:
    """Return a number that looks drawn at random, and is the same every time."""
    return number * _STRIDE + _SEED


def barcode(number: int) -> str:
    """Return the EAN-13 code of the goods of this number."""
    twelve = str(952_000_000_000 + number)
    digits = twelve.encode()
    weighted = sum(digits[::2]) + 3 * sum(digits[1::2]) - 24 * ord("0")
    return f"{twelve}{-weighted % 10}"


def write_list(path: Path, goods: Iterable[Item], *, mnemonics: bool) -> None:
    """Write goods as the CSV that `xuanpin pos import` takes, with their mnemonics or without."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for item in goods:
            writer.writerow(
                [
                    item.sku,
                    "|".join(item.barcodes),
                    item.name_zh,
                    item.name_en,
                    item.unit,
                    _yuan(item.retail_fen),
                    _yuan(item.plus_fen or item.retail_fen),
                    "|".join(f"{tier.start}:{_yuan(tier.price_fen)}" for tier in item.tiers),
                    item.source,
                    item.factory,
                    item.cluster,
                    item.offer_id,
                    item.ships,
                    item.mnemonic if mnemonics else "",
                ]
            )


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
