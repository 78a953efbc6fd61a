"""Goods and price lists published at the hub: the checks of an import, against what is fed."""

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
import xlsxwriter

from pos.rules.items import Item, Tier
from pos.rules.price_schedule import Price
from pos.stores.published_goods import read_catalogue, read_prices
from sync.package import FeedRow, Publication, Remark
from sync.rules.bad_rows import BadRows
from sync.rules.refusal import Fault, Refused
from sync.services.publishing import Published
from tests.hub_databases import NewDatabase
from tests.sync.feed_scenes import feeding_hub, meanwhile

CENTERS = {"zhengzhou": 1, "yiwu": 3}
TEA_CODE, OTHER_CODE = "9520123456788", "9521000000100"
GOODS = "sku,name_zh,unit,retail,barcodes"
PRICES = "sku,valid_from,retail,plus,tiers"
Reader = Callable[[Publication], Iterable[tuple[int, FeedRow]] | BadRows | Refused]


@dataclass
class Hub:
    """What a hub feeds, for want of one."""

    items: dict[str, Item] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    scanned: int = 0

    def fed(self, feed: str, keys: Iterable[str]) -> Mapping[str, bytes]:
        assert feed == "catalogue"
        return {key: msgspec.json.encode(self.items[key]) for key in keys if key in self.items}

    def all_fed(self, feed: str) -> Iterable[FeedRow]:
        assert feed == "catalogue"
        self.scanned += 1
        return [FeedRow(sku, msgspec.json.encode(item)) for sku, item in self.items.items()]

    def read(self, reader: Reader, path: Path) -> list[FeedRow] | BadRows | Refused:
        told: list[tuple[int, int]] = []
        answer = reader(
            Publication(
                path=path,
                centers=CENTERS,
                fed=self.fed,
                all_fed=self.all_fed,
                progress=lambda *step: told.append(step),
                remark=self.remarks.append,
            )
        )
        if isinstance(answer, (BadRows, Refused)):
            return answer
        rows = list(answer)
        assert {center for center, _ in rows} == {0}
        assert told[-1][0] == told[-1][1]
        return [row for _, row in rows]

    def publish(self, path: Path) -> dict[str, Item]:
        rows = self.read(read_catalogue, path)
        assert isinstance(rows, list), rows
        items = {row.key: msgspec.json.decode(row.data, type=Item) for row in rows}
        assert [(key, item.sku) for key, item in items.items()] == [(key, key) for key in items]
        self.items |= items
        return items

    def prices(self, path: Path) -> dict[str, Price]:
        rows = self.read(read_prices, path)
        assert isinstance(rows, list), rows
        return {row.key: msgspec.json.decode(row.data, type=Price) for row in rows}

    def bad(self, reader: Reader, path: Path) -> list[tuple[int, str, str]]:
        answer = self.read(reader, path)
        assert isinstance(answer, BadRows), answer
        return [(p.row, p.column, p.refused.reason) for p in answer.problems]


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str, name: str = "list.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines), encoding)
        return path

    return write


Written = Callable[..., Path]


def test_a_first_list_becomes_items_by_sku_with_mnemonics_made(hub: Hub, written: Written) -> None:
    items = hub.publish(written(GOODS, f"A,信阳毛尖,罐,168,{TEA_CODE}", "B,花生糕,盒,18.80,"))
    assert list(items) == ["A", "B"]
    assert items["A"].barcodes == (TEA_CODE,)
    assert "xymj" in items["A"].mnemonic.split("|")


def test_what_a_list_does_not_say_stays_as_it_is_fed(hub: Hub, written: Written) -> None:
    hub.publish(written(GOODS, f"A,信阳毛尖,罐,168,{TEA_CODE}"))
    items = hub.publish(written("sku,name_zh,unit,retail", "A,信阳毛尖,罐,158"))
    assert (items["A"].retail_fen, items["A"].barcodes) == (15800, (TEA_CODE,))
    assert hub.scanned == 1, "no code is claimed anew: nobody else's need be looked at"


def test_plus_prices_that_no_member_would_pay_are_fed_and_remarked_on(
    hub: Hub, written: Written
) -> None:
    header = "sku,name_zh,unit,retail,plus"
    hub.publish(written(header, "A,甲,个,1,1", "B,乙,个,1,", "C,丙,个,1,0.99"))
    hub.prices(written("sku,valid_from,retail,plus", "A,2026-12-01,2,2"))
    assert hub.remarks == []
    hub.publish(written(header, "A,甲,个,1,1.01", "B,乙,个,1,", "C,丙,个,1,10"))
    hub.prices(written("sku,valid_from,retail,plus", "A,2026-12-01,2,3"))
    assert [(each.reason, each.count) for each in hub.remarks] == [
        ("plus_above_retail", 2),
        ("plus_above_retail", 1),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_lists_in_every_encoding_of_an_import(hub: Hub, written: Written, encoding: str) -> None:
    items = hub.publish(written(GOODS, "A,信阳毛尖,罐,168,", encoding=encoding))
    assert items["A"].name_zh == "信阳毛尖"


@pytest.mark.parametrize(
    ("rows", "bad"),
    [
        (["A,,罐,x,"], [(2, "name_zh", "import.missing"), (2, "retail", "money.not_an_amount")]),
        (["A,甲,个,1,", "A,甲,个,1,"], [(3, "sku", "import.sku_twice")]),
        (
            [f"A,甲,个,1,{TEA_CODE}", f"B,乙,个,1,{TEA_CODE}"],
            [(3, "barcodes", "import.barcode_owned")],
        ),
        (["A,甲,个,1,9520123456789"], [(2, "barcodes", "scan.check_digit")]),
    ],
)
def test_every_bad_cell_is_named(
    hub: Hub, written: Written, rows: list[str], bad: list[tuple[int, str, str]]
) -> None:
    assert hub.bad(read_catalogue, written(GOODS, *rows)) == bad


def test_a_barcode_that_another_item_has_is_refused(hub: Hub, written: Written) -> None:
    hub.publish(written(GOODS, f"A,甲,个,1,{TEA_CODE}"))
    path = written(GOODS, f"B,乙,个,1,0{TEA_CODE}")
    assert hub.bad(read_catalogue, path) == [(2, "barcodes", "import.barcode_owned")]


def test_a_barcode_moves_when_its_owner_stands_in_the_list_without_it(
    hub: Hub, written: Written
) -> None:
    hub.publish(written(GOODS, f"A,甲,个,1,{TEA_CODE}"))
    items = hub.publish(written(GOODS, f"B,乙,个,1,{TEA_CODE}", f"A,甲,个,1,{OTHER_CODE}"))
    assert (items["B"].barcodes, items["A"].barcodes) == ((TEA_CODE,), (OTHER_CODE,))


def test_a_barcode_does_not_move_while_its_owner_keeps_it(hub: Hub, written: Written) -> None:
    hub.publish(written(GOODS, f"A,甲,个,1,{TEA_CODE}"))
    path = written(GOODS, f"B,乙,个,1,{TEA_CODE}", f"A,甲,个,2,{TEA_CODE}")
    assert hub.bad(read_catalogue, path) == [(3, "barcodes", "import.barcode_owned")]


@pytest.mark.parametrize("reader", [read_catalogue, read_prices])
def test_what_is_no_list_is_refused(hub: Hub, written: Written, reader: Reader) -> None:
    for path in (written("sku,nome", "A,x"), written("x", name="list.pdf"), written("")):
        answer = hub.read(reader, path)
        assert isinstance(answer, Refused)
        assert answer.message.format(**answer.values)
    with pytest.raises(Fault):
        hub.read(reader, path.with_name("nothing.csv"))


def test_a_list_without_rows_is_refused(hub: Hub, written: Written) -> None:
    for reader, header in ((read_catalogue, GOODS), (read_prices, PRICES)):
        answer = hub.read(reader, written(header))
        assert isinstance(answer, Refused)
        assert answer.reason == "import.no_rows"


@pytest.fixture
def stocked(hub: Hub) -> Hub:
    for item in (
        Item(sku="A", name_zh="毛尖", unit="罐", retail_fen=16800, plus_fen=14800),
        Item(sku="Y", name_zh="山药", unit="kg", retail_fen=1980, weighed=True),
        Item(sku="BAG", name_zh="购物袋", unit="个", kind="bag", retail_fen=50),
    ):
        hub.items[item.sku] = item
    return hub


def test_prices_by_item_and_first_minute(stocked: Hub, written: Written) -> None:
    path = written(
        PRICES,
        "A,2026-12-01,158,138,10:120.00|30:99",
        "A,2026-12-12 00:00,128,,",
        "Y,2026-12-01T08:30,17.80,,2.5:15",
        "BAG,2026-12-01,0.80,,",
    )
    assert stocked.prices(path) == {
        "A|2026-12-01T00:00": Price(15800, 13800, (Tier(10, 12000), Tier(30, 9900))),
        "A|2026-12-12T00:00": Price(12800),
        "Y|2026-12-01T08:30": Price(1780, None, (Tier(2500, 1500),), weighed=True),
        "BAG|2026-12-01T00:00": Price(80),
    }


def test_prices_as_json(stocked: Hub, written: Written) -> None:
    text = '[{"sku":"A","valid_from":"2026-12-01","retail":158.00,"tiers":["10:120"]}]'
    price = Price(15800, None, (Tier(10, 12000),))
    assert stocked.prices(written(text, name="p.json")) == {"A|2026-12-01T00:00": price}


def test_the_days_and_times_of_a_spreadsheet_are_moments(stocked: Hub, tmp_path: Path) -> None:
    path = tmp_path / "prices.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        formats = [book.add_format({"num_format": each}) for each in ("yyyy-mm-dd", "d/m/yy hh:mm")]
        sheet.write_row(0, 0, ["sku", "valid_from", "retail"])
        moments = ("2026-12-01T00:00", "2026-12-02T08:40")
        for number, (moment, look) in enumerate(zip(moments, formats, strict=True), 1):
            sheet.write_string(number, 0, "A")
            sheet.write_datetime(number, 1, datetime.datetime.fromisoformat(moment), look)
            sheet.write_number(number, 2, 158)
    assert list(stocked.prices(path)) == ["A|2026-12-01T00:00", "A|2026-12-02T08:40"]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("X,2026-12-01,1,,", "sku", "prices.unknown_sku"),
        (",2026-12-01,1,,", "sku", "import.missing"),
        ("A,,1,,", "valid_from", "import.missing"),
        ("A,tomorrow,1,,", "valid_from", "prices.valid_from"),
        ("A,2226-12-01,1,,", "valid_from", "prices.year"),
        ("A,2026-12-01,,,", "retail", "import.missing"),
        ("A,2026-12-01,1.234,,", "retail", "money.not_an_amount"),
        ("A,2026-12-01,1,-1,", "plus", "money.not_an_amount"),
        ("A,2026-12-01,1,,2.5:1", "tiers", "import.contradiction"),
        ("A,2026-12-01,1,,2", "tiers", "import.tiers"),
        ("BAG,2026-12-01,0,,", "retail", "import.contradiction"),
        ("BAG,2026-12-01,1,0.5,", "plus", "import.contradiction"),
        ("BAG,2026-12-01,1,,2:0.5", "tiers", "import.contradiction"),
        ("A,2026-11-30T00:00,1,,", "valid_from", "prices.twice"),
        ("A,2026-12-01,1,,,5", "", "import.too_many_cells"),
    ],
)
def test_every_bad_price_is_named(
    stocked: Hub, written: Written, row: str, column: str, reason: str
) -> None:
    path = written(PRICES, "A,2026-11-30,150,,", row)
    assert (3, column, reason) in stocked.bad(read_prices, path)


def test_two_lists_published_at_once_cannot_give_one_barcode_to_two_skus(
    written: Written, new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = written(GOODS, f"A,信阳毛尖,罐,168,{TEA_CODE}", name="ours.csv")
    theirs = written(GOODS, f"B,花生糕,盒,18.80,{TEA_CODE}", name="theirs.csv")
    with feeding_hub(tmp_path, new_database()) as center:
        meanwhile(monkeypatch, lambda: center.publishing().publish("catalogue", theirs))
        done = center.publishing().publish("catalogue", ours)
        assert isinstance(done, BadRows), done
        assert [p.refused.reason for p in done.problems] == ["import.barcode_owned"]
        assert set(center.rows("catalogue")) == {"B"}


def test_prices_are_not_published_for_goods_that_are_taken_out_meanwhile(
    written: Written, new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goods = written(GOODS, "A,信阳毛尖,罐,168,", name="goods.csv")
    prices = written(PRICES, "A,2026-12-01,158,,", name="prices.csv")
    with feeding_hub(tmp_path, new_database()) as center:
        assert isinstance(center.publishing().publish("catalogue", goods), Published)
        meanwhile(monkeypatch, lambda: center.remove(["A"], "catalogue"))
        done = center.publishing().publish("prices", prices)
        assert isinstance(done, BadRows), done
        assert center.rows("prices") == {}
