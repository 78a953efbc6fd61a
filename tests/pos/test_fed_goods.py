"""The feed `catalogue` at a till: step by step as well as at once, codes go where they belong."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pos.rules.items import Item
from pos.stores import catalogue, fed_goods
from sync.database import Database
from sync.package import FeedRow
from sync.rules.refusal import Fault

from .goods_lists import NOW_MS, empty_catalogue

TEA = Item(
    sku="T-1",
    name_zh="信阳毛尖",
    name_en="Maojian",
    unit="罐",
    retail_fen=16800,
    barcodes=("9520123456788",),
    mnemonic="xymj",
)
CAKE = Item(sku="C-1", name_zh="花生糕", unit="盒", retail_fen=1880, mnemonic="hsg")
CODES = ("9520123456788", "A-1", "A-2", "PLU:301")


def row(item: Item) -> FeedRow:
    return FeedRow(item.sku, msgspec.json.encode(item))


def gone(sku: str) -> FeedRow:
    return FeedRow(sku, b"")


def bring(reference: Database, *rows: FeedRow) -> None:
    with reference.transaction() as db:
        fed_goods.apply(db, rows)


def found(reference: Database, text: str) -> list[str]:
    return [item.sku for item in catalogue.search(reference.read(), text, "yiwu", NOW_MS)]


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[Database]:
    with empty_catalogue(tmp_path) as database:
        yield database


def test_items_come_change_and_go(reference: Database) -> None:
    bring(reference, row(TEA), row(CAKE))
    assert found(reference, "毛尖") == [TEA.sku]
    bring(reference, row(replace(TEA, name_zh="铁观音", mnemonic="tgy")))
    assert (found(reference, "毛尖"), found(reference, "tgy")) == ([], [TEA.sku])
    bring(reference, gone(TEA.sku), gone("never-there"))
    assert [found(reference, text) for text in ("T-1", "铁观音", "tgy", *TEA.barcodes)] == [[]] * 4
    assert catalogue.count(reference.read()) == 1


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("heir_first", [True, False])
@pytest.mark.parametrize("withdrawn", [True, False])
def test_a_barcode_moves_to_another_item(
    reference: Database, together: bool, heir_first: bool, withdrawn: bool
) -> None:
    bring(reference, row(TEA))
    heir = row(replace(CAKE, barcodes=TEA.barcodes))
    owner = gone(TEA.sku) if withdrawn else row(replace(TEA, barcodes=()))
    rows = (heir, owner) if heir_first else (owner, heir)
    if together:
        bring(reference, *rows)
    else:
        for each in rows:
            bring(reference, each)
    assert found(reference, TEA.barcodes[0]) == [CAKE.sku]


@pytest.mark.parametrize("data", [b"{", b'{"sku":"T-1"}', b"\xff", msgspec.json.encode(CAKE)])
def test_what_this_program_cannot_read_is_a_fault_and_nothing_is_written(
    reference: Database, data: bytes
) -> None:
    with pytest.raises(Fault):
        bring(reference, row(CAKE), FeedRow("T-1", data))
    assert catalogue.count(reference.read()) == 0


def test_clearing_leaves_nothing_to_be_found(reference: Database) -> None:
    bring(reference, row(TEA), row(CAKE))
    with reference.transaction() as db:
        catalogue.clear(db)
    assert [found(reference, text) for text in ("毛尖", "xymj", *TEA.barcodes)] == [[]] * 3
    bring(reference, row(CAKE))
    assert found(reference, "花生") == [CAKE.sku]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Item]]:
    """Draw states of a catalogue, one after another, in each of which a code has one owner."""
    states = []
    for _ in range(draw(st.integers(1, 4))):
        owners = draw(st.dictionaries(st.sampled_from(CODES), st.sampled_from("ABC")))
        items = {
            sku: Item(
                sku=sku,
                name_zh=draw(st.sampled_from(["毛尖", "花生糕"])),
                unit="盒",
                retail_fen=100,
                mnemonic=draw(st.sampled_from(["mj", "mj|hsg"])),
                barcodes=tuple(code for code in CODES if owners.get(code) == sku),
            )
            for sku in draw(st.sets(st.sampled_from("ABC")))
        }
        states.append(items)
    return states


@given(states=histories(), size=st.integers(1, 3), data=st.data())
def test_steps_lead_where_a_snapshot_leads(
    tmp_path_factory: pytest.TempPathFactory,
    states: Sequence[dict[str, Item]],
    size: int,
    data: st.DataObject,
) -> None:
    with (
        empty_catalogue(tmp_path_factory.mktemp("steps")) as stepped,
        empty_catalogue(tmp_path_factory.mktemp("whole")) as whole,
    ):
        before: dict[str, Item] = {}
        for after in states:
            skus = sorted(before.keys() | after.keys())
            changed = [sku for sku in skus if before.get(sku) != after.get(sku)]
            order = data.draw(st.permutations(changed))
            rows = [row(after[sku]) if sku in after else gone(sku) for sku in order]
            for start in range(0, len(rows), size):
                bring(stepped, *rows[start : start + size])
            before = after
        bring(whole, *map(row, before.values()))
        assert _everything(stepped) == _everything(whole)


def _everything(reference: Database) -> object:
    """Return what is found under every sku, code, spelling and word."""
    db = reference.read()
    texts = ("A", "B", "C", *CODES, "mj", "hsg", "毛", "花生", "糕")
    rows = [catalogue.count(db), *(db.table(name).count for name in ("item_code", "item_initials"))]
    return rows, [sorted(found(reference, text)) for text in texts]
