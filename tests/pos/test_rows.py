"""The cells of a goods list: what they become, and every way in which they are refused."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.rules.columns import read_barcodes, read_price, read_tiers
from pos.rules.headers import read_header
from pos.rules.items import Item, Tier
from pos.rules.rows import COLUMNS, REQUIRED, RowReader
from pos.rules.tables import Given, Spoilt, table_of_rows
from sync.rules.money import parse_yuan
from sync.rules.refusal import Refused

LEAST = {"sku": "A-1", "name_zh": "信阳毛尖", "unit": "罐", "retail": "168"}
KNOWN = Item(
    sku="A-1",
    name_zh="信阳毛尖",
    unit="罐",
    retail_fen=100,
    plus_fen=90,
    tiers=(Tier(5, 80),),
    barcodes=("9520123456788",),
    mnemonic="own",
)


def read(cells: Mapping[str, Given], known: Item | None = None) -> Item | list[tuple[str, str]]:
    """Read one row; a bad one answers with the columns and reasons of what is wrong."""
    header = read_header(list(cells), COLUMNS, REQUIRED)
    assert not isinstance(header, Refused), header
    reader = RowReader(header, ["zhengzhou", "yiwu"], lambda name: f"made-{len(name)}")
    before = {} if known is None else {known.sku: known}
    table = table_of_rows([(7, list(cells.values()))], len(cells))
    rows, items, problems = reader.read(table, before)
    assert len(rows) == len(items) == (not problems)
    assert {problem.row for problem in problems} <= {7}
    return items[0] if items else [(p.column, p.refused.reason) for p in problems]


def test_four_columns_are_enough() -> None:
    assert read(LEAST) == Item(
        sku="A-1", name_zh="信阳毛尖", unit="罐", retail_fen=16800, mnemonic="made-4"
    )


def test_every_column_has_its_meaning() -> None:
    row = LEAST | {
        "kind": "goods",
        "barcodes": "9520123456788 | 012345678905|0012345678905",
        "name_en": "Xinyang Maojian",
        "plus": "148.5",
        "tiers": "30:98.00|5:118",
        "mix_group": "茶",
        "source": "严选",
        "factory": "示例茶厂",
        "cluster": "浉河",
        "center": "yiwu| zhengzhou",
        "offer_id": "0001",
        "weighed": "0",
        "ships": "2",
        "start_quantity": "１2",
        "mnemonic": "XYMJ | xy",
        "attributes": "pack=6|note=a=b",
    }
    assert set(row) == set(COLUMNS)
    assert read(row) == Item(
        sku="A-1",
        name_zh="信阳毛尖",
        name_en="Xinyang Maojian",
        unit="罐",
        retail_fen=16800,
        plus_fen=14850,
        tiers=(Tier(5, 11800), Tier(30, 9800)),
        mix_group="茶",
        source="严选",
        factory="示例茶厂",
        cluster="浉河",
        centers=("yiwu", "zhengzhou"),
        offer_id="0001",
        ships=2,
        start_quantity=12,
        mnemonic="xymj|xy",
        barcodes=("9520123456788", "012345678905"),
        attributes=(("pack", "6"), ("note", "a=b")),
    )


def test_weighed_goods_have_prices_per_kilogram_and_thresholds_in_grams() -> None:
    item = read(LEAST | {"unit": "公斤", "weighed": "1", "tiers": "2.5:17|50:13.5"})
    assert isinstance(item, Item)
    assert item.tiers == (Tier(2500, 1700), Tier(50000, 1350))


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("sku", "A 1"),
        ("sku", "A" * 65),
        ("kind", "plan"),
        ("barcodes", "9520123456789"),
        ("barcodes", "9520123456788|"),
        ("barcodes", "PLU:x"),
        ("name_zh", "毛\n尖"),
        ("name_zh", "毛" * 101),
        ("name_zh", " "),
        ("unit", "九个字的单位写不下啊"),
        ("retail", "12.345"),
        ("retail", "-1"),
        ("retail", "1e3"),
        ("retail", "abc"),
        ("retail", ""),
        ("plus", "1,5"),
        ("tiers", "12"),
        ("tiers", "12:22|12:21"),
        ("tiers", "0:5"),
        ("tiers", "12:22||"),
        ("tiers", "1.5:3"),
        ("center", "zhengzou"),
        ("offer_id", "12 34"),
        ("weighed", "yes"),
        ("ships", "3"),
        ("start_quantity", "0"),
        ("start_quantity", "1.5"),
        ("mnemonic", "毛尖"),
        ("attributes", "ccc"),
        ("attributes", "a=1|a=2"),
    ],
)
def test_a_bad_cell_is_named_alone(column: str, text: str) -> None:
    answer = read(LEAST | {column: text})
    assert isinstance(answer, list)
    assert [name for name, _ in answer] == [column]


def test_all_bad_cells_of_a_row_are_named() -> None:
    answer = read(LEAST | {"retail": "x", "ships": "9", "name_zh": ""})
    assert isinstance(answer, list)
    assert sorted(name for name, _ in answer) == ["name_zh", "retail", "ships"]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"kind": "bag", "retail": "0"}, "retail"),
        ({"kind": "bag", "plus": "1"}, "plus"),
        ({"kind": "bag", "tiers": "5:1"}, "tiers"),
        ({"weighed": "1", "unit": "斤"}, "unit"),
    ],
)
def test_cells_that_contradict_each_other_are_named(row: dict[str, str], column: str) -> None:
    assert read(LEAST | row) == [(column, "import.contradiction")]


def test_a_column_that_is_not_there_keeps_what_the_item_has() -> None:
    item = read(LEAST, KNOWN)
    assert isinstance(item, Item)
    assert (item.retail_fen, item.plus_fen, item.mnemonic) == (16800, 90, "own")
    assert item.barcodes == KNOWN.barcodes


def test_an_empty_cell_empties_the_field() -> None:
    item = read(LEAST | {"plus": "", "barcodes": "", "tiers": "", "mnemonic": ""}, KNOWN)
    assert isinstance(item, Item)
    assert (item.plus_fen, item.barcodes, item.tiers) == (None, (), ())
    assert item.mnemonic == "made-4"


def test_an_unsaid_value_keeps_the_field_and_cannot_be_required() -> None:
    item = read(LEAST | {"plus": None, "tiers": None}, KNOWN)
    assert isinstance(item, Item)
    assert (item.plus_fen, item.tiers) == (90, KNOWN.tiers)
    assert read(LEAST | {"unit": None}, KNOWN) == [("unit", "import.missing")]
    fresh = read(LEAST | {"plus": None})
    assert isinstance(fresh, Item)
    assert fresh.plus_fen is None


def test_another_name_gets_another_mnemonic() -> None:
    item = read(LEAST | {"name_zh": "红茶"}, KNOWN)
    assert isinstance(item, Item)
    assert item.mnemonic == "made-2"


def test_quantity_prices_do_not_silently_change_their_unit() -> None:
    row = LEAST | {"unit": "kg", "weighed": "1"}
    assert read(row, KNOWN) == [("weighed", "import.contradiction")]


def test_a_cell_that_the_file_has_spoilt_says_why() -> None:
    assert read(LEAST | {"plus": Spoilt(Refused("why", "message"))}) == [("plus", "why")]


def test_rows_may_be_short_but_not_longer_than_the_header() -> None:
    reader = RowReader(("sku", "name_zh", "unit", "retail", "plus", ""), [], str)
    rows = [(2, ["A", "甲", "个", "1"]), (3, ["B", "乙", "个", "1", "", "note", "2"])]
    good, _, problems = reader.read(table_of_rows(rows, 6), {})
    assert list(good) == [2]
    assert [(p.row, p.refused.reason) for p in problems] == [(3, "import.too_many_cells")]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (["sku", "name_zh", "unit"], "import.missing_columns"),
        ([], "import.missing_columns"),
        ([*LEAST, "barcode"], "import.unknown_column"),
        ([*LEAST, "价格"], "import.unknown_column"),
        ([*LEAST, "SKU "], "import.column_twice"),
    ],
)
def test_a_bad_header_is_refused(header: list[str], reason: str) -> None:
    answer = read_header(header, COLUMNS, REQUIRED)
    assert isinstance(answer, Refused)
    assert answer.reason == reason


def test_a_misspelt_column_is_told_its_nearest() -> None:
    answer = read_header([*LEAST, "barcode"], COLUMNS, REQUIRED)
    assert isinstance(answer, Refused)
    assert answer.values["nearest"] == "barcodes"


@given(st.from_regex(r"[0-9]{0,11}\.?[0-9]{0,3}", fullmatch=True) | st.text(max_size=8))
def test_prices_read_quickly_read_the_same(text: str) -> None:
    quick, slow = read_price(text), parse_yuan(text)
    assert quick == slow


@given(st.text("0123456789", min_size=13, max_size=13))
def test_barcodes_read_quickly_read_the_same(code: str) -> None:
    quick, slow = read_barcodes(code), read_barcodes(f"{code}|{code}")
    assert quick == slow


@given(st.lists(st.tuples(st.integers(1, 9999), st.integers(0, 99999)), min_size=1, max_size=5))
def test_tiers_come_in_order_and_keep_their_prices(tiers: list[tuple[int, int]]) -> None:
    text = "|".join(f"{start}:{fen // 100}.{fen % 100:02d}" for start, fen in tiers)
    read_back = read_tiers(text)
    if len({start for start, _ in tiers}) < len(tiers):
        assert isinstance(read_back, Refused)
    else:
        assert read_back == tuple(sorted((start * 1000, fen) for start, fen in tiers))
