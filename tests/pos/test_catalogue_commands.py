"""`import` and `items` as a person types them: an answer, or what is wrong and nothing written."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pos.faces.catalogue_commands import import_command, items_command
from pos.rules.price_schedule import Price, price_key
from pos.stores.price_schedule import apply, encode
from sync.package import FeedRow
from sync.rules.feed_cursor import Cursor
from sync.setup import Setup
from sync.stores import feeds

from .stocked_till import NOON_MS, make_test_setup, opened, rows


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return make_test_setup(tmp_path)


def run_import(setup: Setup, *arguments: str) -> Result:
    return CliRunner().invoke(import_command, arguments, obj=setup)


def run_items(setup: Setup, *arguments: str) -> Result:
    return CliRunner().invoke(items_command, arguments, obj=setup)


def goods_list(directory: Path, *lines: str) -> str:
    path = directory / "goods.csv"
    path.write_text("\n".join(("sku,name_zh,unit,retail", *lines)), "utf-8")
    return str(path)


def items_written(setup: Setup) -> int:
    with opened(setup, selling=False) as till:
        return len(list(till.reference.read().execute("SELECT sku FROM item")))


def test_the_demo_goods_can_be_found_after_one_command(setup: Setup) -> None:
    assert (
        run_import(setup, "--demo").stdout
        == "Rows imported: 62 (62 new, 0 changed, 0 as before).\n"
    )
    assert json.loads(run_items(setup, "xymj", "--json").stdout) == {
        "items": [
            {
                "sku": "HN-005",
                "kind": "goods",
                "name": "信阳毛尖250g",
                "name_en": "Xinyang Maojian green tea 250 g",
                "unit": "罐",
                "barcodes": ["9520123456788"],
                "retail_fen": 16800,
                "plus_fen": 14800,
                "tiers": [
                    {"start": 5, "price_fen": 11800},
                    {"start": 30, "price_fen": 9800},
                ],
            }
        ]
    }


def test_items_are_listed_for_people_too(setup: Setup) -> None:
    run_import(setup, "--demo")
    line = "HN-009  Iron-stick yam  ￥19.80/kg · PLUS ￥17.80 · 50kg ￥13.50  PLU:00301\n"
    assert run_items(setup, "山药").stdout == line
    assert run_items(setup, "没有").stdout == "Nothing found for “没有”.\n"
    assert json.loads(run_items(setup, "没有", "--json").stdout) == {"items": []}


def test_before_any_import_it_says_how_goods_come(setup: Setup) -> None:
    untouched = run_items(setup, "山药")
    assert untouched.exit_code == 2
    assert "xuanpin pos import" in untouched.stderr
    assert list(setup.root.iterdir()) == []
    opened(setup).close()
    empty = run_items(setup, "山药")
    assert empty.stdout.startswith("Till ZZ-01 has no goods yet. Bring them in with")
    assert json.loads(run_items(setup, "山药", "--json").stdout) == {"items": []}


def test_an_item_without_a_member_price_shows_retail_for_members(setup: Setup) -> None:
    run_import(setup, "--demo")
    (bag,) = json.loads(run_items(setup, "购物袋大", "--json").stdout)["items"]
    assert (bag["retail_fen"], bag["plus_fen"]) == (50, 50)


def test_a_price_that_has_begun_is_the_price_that_is_told(setup: Setup) -> None:
    run_import(setup, "--demo")
    begun, to_come = (
        FeedRow(price_key("HN-005", at_ms), encode(Price(fen)))
        for at_ms, fen in (
            (NOON_MS, 15800),
            (NOON_MS + 60_000, 12800),
        )
    )
    with opened(setup) as till, till.reference.transaction() as db:
        apply(db, [begun, to_come])
    (tea,) = json.loads(run_items(setup, "xymj", "--json").stdout)["items"]
    assert (tea["retail_fen"], tea["plus_fen"], tea["tiers"]) == (15800, 15800, [])


def test_a_fed_till_is_not_told_to_import(setup: Setup) -> None:
    with opened(setup) as till, till.reference.transaction() as db:
        feeds.keep_cursor(db, Cursor("f" * 32, "catalogue", 0, 1, 1), b"", NOON_MS)
    assert run_items(setup, "xymj").stdout == "Nothing found for “xymj”.\n"
    result = run_import(setup, "--demo")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "xuanpin sync publish catalogue FILE" in result.stderr


def test_bad_rows_are_named_line_by_line_and_nothing_is_written(
    setup: Setup, tmp_path: Path
) -> None:
    path = goods_list(tmp_path, "A,甲,个,1", "B,,个,x")
    result = run_import(setup, path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "Row 3, name_zh",
        "Row 3, retail",
        "Nothing was written; cells of the list that are bad",
    ]
    assert items_written(setup) == 0


def test_bad_rows_are_one_json_object(setup: Setup, tmp_path: Path) -> None:
    result = run_import(setup, goods_list(tmp_path, "A,甲,个,x"), "--json")
    assert result.exit_code == 2
    answer = json.loads(result.stdout)
    assert answer["refused"] == "import.bad_rows"
    (problem,) = answer["problems"]
    assert (problem["row"], problem["column"]) == (2, "retail")
    assert problem["reason"] == "money.not_an_amount"


@pytest.mark.parametrize("arguments", [(), ("goods.csv", "--demo")])
def test_there_is_exactly_one_list_to_import(setup: Setup, arguments: tuple[str, ...]) -> None:
    result = run_import(setup, *arguments)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_import_is_refused_while_a_counter_runs_and_looking_up_is_not(
    setup: Setup, tmp_path: Path
) -> None:
    run_import(setup, "--demo")
    with opened(setup):
        result = run_import(setup, goods_list(tmp_path, "A,甲,个,1"))
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
        assert run_items(setup, "xymj").stdout.startswith("HN-005")
    assert items_written(setup) == 62


def test_importing_opens_no_run(setup: Setup) -> None:
    run_import(setup, "--demo")
    with opened(setup, selling=False) as till:
        assert rows(till, "entry") == 0
