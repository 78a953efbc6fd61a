"""Importing goods lists: CSV, XLSX and JSON; everything is written, or nothing."""

import datetime
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter

from pos.rules.items import Item
from pos.rules.rows import COLUMNS
from pos.services import importing
from pos.services.importing import demo_goods, import_goods
from pos.stores import catalogue, goods_files
from sync.database import Database
from sync.language import Language
from sync.rules.bad_rows import BadRows
from sync.rules.refusal import Fault

from .goods_lists import CENTERS, NOW_MS, bad_cells, contents, empty_catalogue, imported, refusal

HEADER = "sku,name_zh,unit,retail,barcodes"
TWO = f"{HEADER}\nA,信阳毛尖,罐,168,9520123456788\nB,花生糕,盒,18.8,\n"


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[Database]:
    with empty_catalogue(tmp_path) as database:
        yield database


def written(directory: Path, text: str | bytes, name: str = "goods.csv") -> Path:
    path = directory / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def skus(database: Database) -> list[str]:
    return [sku for (sku,) in database.read().execute("SELECT sku FROM item ORDER BY sku")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_comes_in_the_encodings_of_chinese_excel(
    reference: Database, tmp_path: Path, encoding: str, line_end: str
) -> None:
    path = written(tmp_path, TWO.replace("\n", line_end).encode(encoding))
    assert imported(reference, path).added == 2
    item = catalogue.by_code(reference.read(), ("9520123456788",), "yiwu", NOW_MS)
    assert item is not None
    assert (item.name_zh, item.retail_fen) == ("信阳毛尖", 16800)
    assert item.mnemonic.split("|")[0] == "xymj"


def test_a_list_imported_twice_changes_nothing(reference: Database, tmp_path: Path) -> None:
    path = written(tmp_path, TWO)
    imported(reference, path)
    before = contents(reference)
    assert imported(reference, path) == importing.Imported(
        2, added=0, changed=0, unchanged=2, plus_above_retail=0
    )
    assert contents(reference) == before


def test_upsert_adds_and_changes_but_never_deletes(reference: Database, tmp_path: Path) -> None:
    imported(reference, written(tmp_path, TWO))
    path = written(tmp_path, "sku,name_zh,unit,retail\nB,花生糕,盒,17\nC,艾条,盒,25.8\n")
    assert imported(reference, path) == importing.Imported(
        2, added=1, changed=1, unchanged=0, plus_above_retail=0
    )
    assert skus(reference) == ["A", "B", "C"]


def test_plus_prices_above_retail_are_told(reference: Database, tmp_path: Path) -> None:
    header = "sku,name_zh,unit,retail,plus\n"
    rows = "A,信阳毛尖,盒,168,168\nB,花生糕,盒,17,18\nC,艾条,盒,25.8,\nD,铁棍山药,盒,9,9.01\n"
    assert imported(reference, written(tmp_path, header + rows)).plus_above_retail == 2


def test_every_bad_cell_is_named_and_nothing_is_written(
    reference: Database, tmp_path: Path
) -> None:
    imported(reference, written(tmp_path, TWO))
    rows = [
        "N1,甲,个,1.234,9520123456789",
        "",
        "N2,乙,个,2,",
        "N2,,个,2,",
        "N2,乙,个,2,",
        "N3,丙,个,3,9520123456788",
    ]
    assert bad_cells(reference, written(tmp_path, "\n".join([HEADER, *rows]))) == [
        (2, "retail", "money.not_an_amount"),
        (2, "barcodes", "scan.check_digit"),
        (5, "name_zh", "import.missing"),
        (6, "sku", "import.sku_twice"),
        (7, "barcodes", "import.barcode_owned"),
    ]


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_a_barcode_belongs_to_one_sku_in_any_spelling(
    reference: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(goods_files, "ROWS_AT_ONCE", at_once)
    rows = ["A,甲,个,1,012345678905", "B,乙,个,1,", "C,丙,个,1,X|0012345678905"]
    path = written(tmp_path, "\n".join([HEADER, *rows]))
    assert bad_cells(reference, path) == [(4, "barcodes", "import.barcode_owned")]


@pytest.mark.parametrize("at_once", [1, 100])
@pytest.mark.parametrize("heir_first", [True, False])
def test_a_barcode_moves_when_its_owner_gives_it_up_in_the_same_list(
    reference: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    heir_first: bool,
) -> None:
    monkeypatch.setattr(goods_files, "ROWS_AT_ONCE", at_once)
    imported(reference, written(tmp_path, TWO))
    rows = ["A,信阳毛尖,罐,168,", "N,新茶,罐,99,9520123456788"]
    path = written(tmp_path, "\n".join([HEADER, *(reversed(rows) if heir_first else rows)]))
    assert imported(reference, path).added == 1
    item = catalogue.by_code(reference.read(), ("9520123456788",), "yiwu", NOW_MS)
    assert item is not None
    assert item.sku == "N"


@pytest.mark.parametrize("at_once", [1, 100])
def test_a_barcode_does_not_move_while_its_owner_keeps_it(
    reference: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(goods_files, "ROWS_AT_ONCE", at_once)
    imported(reference, written(tmp_path, TWO))
    rows = ["N,新茶,罐,99,9520123456788", "A,信阳毛尖,罐,168,9520123456788"]
    path = written(tmp_path, "\n".join([HEADER, *rows]))
    assert bad_cells(reference, path) == [(3, "barcodes", "import.barcode_owned")]


def test_a_hopeless_list_is_given_up(
    reference: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goods_files, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(importing, "MOST_PROBLEMS", 3)
    rows = [f"S{n},甲,个,x," for n in range(10)]
    done = import_goods(reference, written(tmp_path, "\n".join([HEADER, *rows])), CENTERS)
    assert isinstance(done, BadRows)
    assert (len(done.problems), done.more) == (3, True)
    assert done.refused.values["count"] == "3+"


def test_progress_ends_at_the_end(
    reference: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goods_files, "ROWS_AT_ONCE", 1)
    seen: list[tuple[int, int]] = []
    path = written(tmp_path, TWO)
    import_goods(reference, path, CENTERS, lambda done, size: seen.append((done, size)))
    assert seen == sorted(seen)
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("goods.csv", b"", "import.missing_columns"),
        ("goods.csv", HEADER.encode(), "import.no_rows"),
        ("goods.csv", f'{HEADER}\nA,"甲,个,1,'.encode(), "import.broken_file"),
        ("goods.csv", TWO.replace(",", "\t").encode(), "import.separator"),
        ("goods.csv", TWO.replace(",", ";").encode("gb18030"), "import.separator"),
        ("goods.csv", TWO.encode("utf-16"), "import.encoding"),
        ("goods.csv", b"PK\x03\x04\x00\x00", "import.encoding"),
        ("goods.xlsx", b"not a zip", "import.broken_file"),
        ("goods.json", b"[{", "import.broken_file"),
        ("goods.json", b"[" * 200_000, "import.broken_file"),
        ("goods.json", b'{"items":' * 200_000, "import.broken_file"),
        ("goods.json", b"[1]", "import.json_shape"),
        ("goods.json", b"{}", "import.json_shape"),
        ("goods.pdf", b"", "import.file_kind"),
    ],
)
def test_what_is_no_list_is_refused(
    reference: Database, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    assert refusal(reference, written(tmp_path, content, name)).reason == reason
    assert skus(reference) == []


@pytest.mark.parametrize(("separator", "named"), [("\t", "TAB"), (";", "“;”")])
def test_another_separator_is_named(
    reference: Database, tmp_path: Path, separator: str, named: str
) -> None:
    refused = refusal(reference, written(tmp_path, TWO.replace(",", separator)))
    assert refused.values["separator"] == named
    assert "commas" in refused.hint


@pytest.mark.parametrize("name", ["none.csv", "none.xlsx", "none.json"])
def test_a_file_that_is_not_there_is_a_fault(
    reference: Database, tmp_path: Path, name: str
) -> None:
    with pytest.raises(Fault) as fault:
        import_goods(reference, tmp_path / name, CENTERS)
    assert fault.value.refused.message == "{path} does not exist."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.csv", None),
        ("goods.csv", f'{HEADER}\nA,"甲,个,1,'.encode()),
        ("goods.json", b"[{"),
        ("goods.json", b"\xff\xfe["),
        ("goods.xlsx", b"not a zip"),
    ],
)
def test_no_library_s_english_stands_in_a_chinese_sentence(
    reference: Database, tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / name if content is None else written(tmp_path, content, name)
    try:
        refused = refusal(reference, path)
    except Fault as fault:
        refused = fault.refused
    said = Language("zh", ["sync", "pos"]).refusal(refused).replace(str(path), "")
    assert re.findall("[A-Za-z]{2,}", said.replace("CSV", "").replace("JSON", "")) in ([], ["XLSX"])


def workbook(path: Path, rows: list[list[object]], start: int = 0) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        time = book.add_format({"num_format": "hh:mm"})
        for at, row in enumerate(rows, start):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime.time):
                    sheet.write_datetime(at, place, cell, time)
                else:
                    sheet.write(at, place, cell)
    return path


def test_numbers_of_a_spreadsheet_are_read_as_they_are_shown(
    reference: Database, tmp_path: Path
) -> None:
    rows: list[list[object]] = [
        [*HEADER.split(","), "weighed"],
        ["A", "甲", "个", 29.9, 9520123456788, 0],
        [1001, "乙", "kg", 0.1 + 0.2, "", True],
    ]
    assert imported(reference, workbook(tmp_path / "goods.xlsx", rows)).added == 2
    first, second = (catalogue.by_sku(reference.read(), sku, NOW_MS) for sku in ("A", "1001"))
    assert first is not None
    assert second is not None
    assert (first.retail_fen, first.barcodes) == (2990, ("9520123456788",))
    assert (second.retail_fen, second.weighed) == (30, True)


def test_only_a_barcode_is_asked_for_the_zeros_that_a_spreadsheet_drops(
    reference: Database, tmp_path: Path
) -> None:
    number = 9521234567  # ten digits, the last of which happens to check the others
    rows: list[list[object]] = [
        ["sku", "name_zh", "unit", "retail", "offer_id", "Barcodes"],
        [number, "甲", "个", 1, number, ""],
        ["B", "乙", "个", 1, number, number],
    ]
    bad = bad_cells(reference, workbook(tmp_path / "bad.xlsx", rows))
    assert bad == [(3, "barcodes", "import.cell_precision")]
    assert imported(reference, workbook(tmp_path / "goods.xlsx", rows[:2])).added == 1


def test_what_a_spreadsheet_has_spoilt_is_never_guessed(
    reference: Database, tmp_path: Path
) -> None:
    rows: list[list[object]] = [
        ["sku", "name_zh", "unit", "retail", "barcodes", "offer_id", "tiers"],
        ["A", "甲", "个", 1, 12345678905, "", ""],
        [],
        ["B", "乙", "个", 1, "", 912345678901234567, ""],
        ["C", "丙", "个", 1, "", "", datetime.time(12, 22)],
    ]
    assert bad_cells(reference, workbook(tmp_path / "goods.xlsx", rows, start=1)) == [
        (3, "barcodes", "import.cell_precision"),
        (5, "offer_id", "import.cell_precision"),
        (6, "tiers", "import.cell_date"),
    ]


def test_cells_that_show_an_error_do_not_empty_what_is_there(
    reference: Database, tmp_path: Path
) -> None:
    header: list[object] = ["sku", "name_zh", "unit", "retail", "plus", "barcodes"]
    good = [header, ["A", "甲", "个", 10, 8, "9520123456788"]]
    imported(reference, workbook(tmp_path / "good.xlsx", good))
    path = tmp_path / "bad.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, header)
        sheet.write_row(1, 0, ["A", "甲", "个", 10])
        sheet.write_formula(1, 4, "=NA()", None, "#N/A")
        sheet.write_formula(1, 5, "=B9&#REF!", None, "#REF!")
        sheet.write_formula(3, 0, "=1/0", None, "#DIV/0!")
        sheet.write_row(4, 0, ["C", "丙", "个"])
        sheet.write_formula(4, 3, "=2*3", None, 6)
        sheet.write_formula(4, 4, '=""', None, "")
    bad = bad_cells(reference, path)
    assert (4, "sku", "import.cell_error") in bad
    assert [each for each in bad if each[0] != 4] == [
        (2, "plus", "import.cell_error"),
        (2, "barcodes", "import.cell_error"),
        (5, "plus", "import.cell_formula"),
    ]


def test_true_is_no_price(reference: Database, tmp_path: Path) -> None:
    rows: list[list[object]] = [[*HEADER.split(",")], ["A", "甲", "个", True]]
    wrong = [(2, "retail", "money.not_an_amount")]
    assert bad_cells(reference, workbook(tmp_path / "goods.xlsx", rows)) == wrong
    text = '[{"sku":"A","name_zh":"甲","unit":"个","retail":1,"plus":false}]'
    wrong = [(1, "plus", "money.not_an_amount")]
    assert bad_cells(reference, written(tmp_path, text, "goods.json")) == wrong


def test_json_takes_texts_numbers_and_lists(reference: Database, tmp_path: Path) -> None:
    goods = [
        {
            "sku": "A",
            "name_zh": "甲",
            "unit": "个",
            "retail": 29.9,
            "plus": "25.90",
            "barcodes": ["9520123456788", "X-1"],
            "tiers": ["12:22", "60:18.5"],
            "offer_id": 912345678901234567,
            "weighed": False,
            "start_quantity": 12,
        },
        {"sku": "B", "name_zh": "乙", "unit": "个", "retail": 3, "plus": None},
    ]
    for document in (goods, {"items": goods}):
        imported(reference, written(tmp_path, json.dumps(document), "goods.json"))
        item = catalogue.by_sku(reference.read(), "A", NOW_MS)
        assert item is not None
        assert (item.retail_fen, item.plus_fen, item.start_quantity) == (2990, 2590, 12)
        assert item.barcodes == ("9520123456788", "X-1")
        assert item.offer_id == "912345678901234567"


def test_bad_json_values_are_named_by_their_object(reference: Database, tmp_path: Path) -> None:
    goods = [
        {"sku": "A", "name_zh": "甲", "unit": "个", "retail": 1e-7},
        {"sku": "B", "name_zh": "乙", "unit": "个", "retail": {"yuan": 1}},
        {"sku": "C", "name_zh": "丙", "unit": "个"},
    ]
    assert bad_cells(reference, written(tmp_path, json.dumps(goods), "goods.json")) == [
        (1, "retail", "money.not_an_amount"),
        (2, "retail", "import.json_value"),
        (3, "retail", "import.missing"),
    ]


def demo_items(database: Database, center: str) -> list[Item]:
    return catalogue.search(database.read(), "示例", center, NOW_MS, 100) or [
        item
        for sku in skus(database)
        if (item := catalogue.by_sku(database.read(), sku, NOW_MS)) and center in item.centers
    ]


def test_the_demo_goods_fill_three_centers(reference: Database) -> None:
    assert imported(reference, demo_goods()).added == 62
    for center in CENTERS:
        assert len(demo_items(reference, center)) == 20
    bags = catalogue.search(reference.read(), "购物袋", "yiwu", NOW_MS, 9)
    assert [(bag.kind, bag.retail_fen, bag.centers) for bag in bags] == [
        ("bag", 50, ()),
        ("bag", 30, ()),
    ]


def test_the_demo_goods_carry_no_codes_of_others(reference: Database) -> None:
    imported(reference, demo_goods())
    codes = [code for (code,) in reference.read().execute("SELECT code FROM item_code")]
    assert all(code.startswith("0952") or code == "PLU:301" for code in codes)


def test_demo_toys_carry_certificate_and_age(reference: Database) -> None:
    imported(reference, demo_goods())
    for item in demo_items(reference, "chenghai"):
        assert set(dict(item.attributes)) == {"ccc", "age"}


def test_every_column_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")
    assert [column for column in COLUMNS if f"| `{column}` |" not in text] == []
