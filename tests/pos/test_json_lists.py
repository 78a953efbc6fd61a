"""Goods lists in JSON: what is wrong with one object is named, beside what is with others."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.database import Database

from .goods_lists import bad_cells, empty_catalogue, refusal


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[Database]:
    with empty_catalogue(tmp_path) as database:
        yield database


def goods(**more: Any) -> dict[str, Any]:
    return {"sku": "A", "name_zh": "甲", "unit": "个", "retail": 1, **more}


def written(directory: Path, document: object) -> Path:
    path = directory / "goods.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_what_is_no_object_is_named_and_so_is_all_else(reference: Database, tmp_path: Path) -> None:
    document = [5, goods(), goods(sku="B", retail="dear"), None, [goods(sku="C")]]
    assert bad_cells(reference, written(tmp_path, document)) == [
        (1, "", "import.json_item"),
        (3, "retail", "money.not_an_amount"),
        (4, "", "import.json_item"),
        (5, "", "import.json_item"),
    ]


def test_a_key_that_is_no_column_is_named_in_its_row(reference: Database, tmp_path: Path) -> None:
    document = [
        goods(),
        goods(sku="B", plsu=1, retail="dear"),
        goods(sku="C", unit=""),
        goods(sku="D", colour="red"),
    ]
    assert sorted(bad_cells(reference, written(tmp_path, document))) == [
        (2, "plsu", "import.unknown_column"),
        (2, "retail", "money.not_an_amount"),
        (3, "unit", "import.missing"),
        (4, "colour", "import.unknown_column"),
    ]


def test_a_key_that_all_objects_have_is_a_column_of_the_list(
    reference: Database, tmp_path: Path
) -> None:
    document = [goods(plsu=1), goods(sku="B", plsu=2)]
    refused = refusal(reference, written(tmp_path, document))
    assert (refused.reason, refused.values["nearest"]) == ("import.unknown_column", "plus")


def test_a_list_without_any_object_is_no_list_of_goods(reference: Database, tmp_path: Path) -> None:
    assert refusal(reference, written(tmp_path, [1, 2])).reason == "import.json_shape"
    assert refusal(reference, written(tmp_path, [])).reason == "import.missing_columns"
