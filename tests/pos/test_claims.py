"""A sku has one row, a code one sku; a code of the catalogue's moves only if its owner lets go."""

from hypothesis import given
from hypothesis import strategies as st

from pos.rules.claims import Claims
from pos.rules.code_keys import code_keys
from pos.rules.items import Item

Goods = tuple[str, tuple[str, ...]]


def problems(
    *batches: list[Goods], owners: dict[str, str] | None = None
) -> list[tuple[int, str, object]]:
    """Return row, column and owner of what is wrong in batches of (sku, codes), rows from 2."""
    claims, found, row = Claims(), [], 2
    for batch in batches:
        rows = range(row, row := row + len(batch))
        items = [
            Item(sku, "货", "件", 1, barcodes=tuple(dict.fromkeys(codes))) for sku, codes in batch
        ]
        keys = code_keys([code for item in items for code in item.barcodes])
        owned = {key: sku for key, sku in (owners or {}).items() if key in keys}
        found += claims.take(rows, items, keys, owned)
    found += claims.left_open()
    return [(p.row, p.column, p.refused.values.get("owner")) for p in found]


def test_the_first_row_has_a_sku_and_its_codes() -> None:
    assert problems([("A", ("X",)), ("B", ("Y",))], [("C", ("Z",))]) == []
    assert problems([("A", ("X",))], [("A", ("Y",))]) == [(3, "sku", None)]
    assert problems([("A", ("X",)), ("B", ("X", "Y"))]) == [(3, "barcodes", "A")]
    assert problems([("A", ("PLU:301",))], [("B", ("PLU:00301",))]) == [(3, "barcodes", "A")]


def test_an_owner_that_the_list_does_not_mention_keeps_its_code() -> None:
    assert problems([("B", ("X",))], owners={"X": "A"}) == [(2, "barcodes", "A")]
    assert problems([("A", ("X",))], owners={"X": "A"}) == []


def test_an_owner_that_stands_in_the_list_without_its_code_gives_it_up() -> None:
    owner: list[Goods] = [("A", ())]
    heir: list[Goods] = [("B", ("X",))]
    for batches in ([owner + heir], [heir + owner], [owner, heir], [heir, owner]):
        assert problems(*batches, owners={"X": "A"}) == []


def test_an_owner_that_keeps_its_code_in_the_list_is_named_with_its_row() -> None:
    assert problems([("A", ("X",))], [("B", ("X",))], owners={"X": "A"}) == [(3, "barcodes", "A")]
    assert problems([("B", ("X",))], [("A", ("X",))], owners={"X": "A"}) == [(3, "barcodes", "B")]


codes = st.lists(st.sampled_from("UVWXYZ"), max_size=3).map(tuple)
goods = st.lists(st.tuples(st.sampled_from("ABCDE"), codes), max_size=6)


@given(goods, st.dictionaries(st.sampled_from("UVWXYZ"), st.sampled_from("ABCDE")))
def test_it_does_not_matter_how_a_list_is_cut_into_batches(
    listed: list[Goods], owners: dict[str, str]
) -> None:
    whole = problems(listed, owners=owners)
    one_by_one = problems(*[[each] for each in listed], owners=owners)
    assert sorted(map(repr, whole)) == sorted(map(repr, one_by_one))
