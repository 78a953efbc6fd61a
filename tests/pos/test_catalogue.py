"""The catalogue finds goods by every spelling of a code, by sku, offer, initials and words."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlite_utils import Database as SqliteUtils

from pos.rules.code_keys import code_key, code_keys
from pos.rules.codes import lookup_codes
from pos.rules.items import Item, Tier
from pos.rules.search_words import all_index_words, index_words, match_query
from pos.stores import catalogue, price_schedule
from pos.stores.catalogue_batches import Written
from sync.database import Database
from sync.sqlite_driver import sqlite3

from .goods_lists import NOW_MS, contents, empty_catalogue, stock

TEA = Item(
    sku="T-1",
    name_zh="信阳毛尖250g",
    name_en="Xinyang Maojian",
    unit="罐",
    retail_fen=16800,
    plus_fen=14800,
    tiers=(Tier(5, 11800),),
    barcodes=("9520123456788",),
    offer_id="0000952",
    mnemonic="xymj250g",
    attributes=(("pack", "6"),),
)
YAM = Item(
    sku="Y-1",
    name_zh="铁棍山药",
    unit="kg",
    retail_fen=1980,
    weighed=True,
    barcodes=("PLU:00301",),
    mnemonic="tgsy",
)
SOCKS = Item(
    sku="S-1",
    name_zh="棉袜 5双",
    name_en="Cotton socks",
    unit="包",
    retail_fen=2990,
    centers=("yiwu", "chenghai"),
    barcodes=("012345678905", "SOCK/5"),
    mnemonic="mw5s|nw5s",
)


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[Database]:
    with empty_catalogue(tmp_path) as database:
        stock(database, TEA, YAM, SOCKS)
        yield database


def found(database: Database, text: str, center: str = "yiwu", limit: int = 20) -> list[str]:
    return [item.sku for item in catalogue.search(database.read(), text, center, NOW_MS, limit)]


@pytest.mark.parametrize(
    ("code", "item"),
    [
        ("9520123456788", TEA),
        ("09520123456788", TEA),
        ("012345678905", SOCKS),
        ("0012345678905", SOCKS),
        ("SOCK/5", SOCKS),
        ("PLU:00301", YAM),
        ("PLU:301", YAM),
        ("9521000000018", None),
    ],
)
def test_a_code_is_found_whole_by_any_spelling(
    reference: Database, code: str, item: Item | None
) -> None:
    assert catalogue.by_code(reference.read(), (code,), "yiwu", NOW_MS) == item
    assert catalogue.by_code(reference.read(), lookup_codes(code), "yiwu", NOW_MS) == item


@given(
    st.sampled_from([8, 12, 13, 14]).flatmap(
        lambda n: st.text("0123456789", min_size=n, max_size=n)
    )
)
def test_all_spellings_that_a_scan_looks_up_have_one_key(code: str) -> None:
    assert {code_key(spelling) for spelling in lookup_codes(code)} == {code_key(code)}


@given(st.lists(st.text("0123456789", min_size=12, max_size=14) | st.text("A1９", max_size=13)))
def test_the_keys_of_many_codes_are_those_of_each(codes: list[str]) -> None:
    assert code_keys(codes) == [code_key(code) for code in codes]


@given(st.integers(0, 999_999), st.integers(0, 3))
def test_a_plu_has_one_key_however_many_zeros_stand_before_it(plu: int, zeros: int) -> None:
    code = f"PLU:{'0' * zeros}{plu}"
    assert {code_key(spelling) for spelling in lookup_codes(code)} == {f"PLU:{plu}"}


def test_an_item_is_found_only_in_its_centers(reference: Database) -> None:
    db = reference.read()
    assert catalogue.by_code(db, ("SOCK/5",), "zhengzhou", NOW_MS) is None
    assert catalogue.by_sku(db, "S-1", NOW_MS) == SOCKS
    assert found(reference, "棉袜", "zhengzhou") == []
    assert found(reference, "S-1", "zhengzhou") == []
    assert found(reference, "棉袜", "chenghai") == ["S-1"]


def test_an_offer_that_several_items_share_is_nobodys_guess(reference: Database) -> None:
    assert catalogue.by_offer(reference.read(), "0000952", "yiwu", NOW_MS) == TEA
    assert catalogue.by_offer(reference.read(), "952", "yiwu", NOW_MS) is None
    stock(reference, replace(TEA, sku="T-2", barcodes=()))
    assert catalogue.by_offer(reference.read(), "0000952", "yiwu", NOW_MS) is None
    assert found(reference, "0000952") == ["T-1", "T-2"]


@pytest.mark.parametrize(
    ("text", "skus"),
    [
        ("毛尖", ["T-1"]),
        ("毛 尖", ["T-1"]),
        ("尖毛", []),
        ("信阳 maoj", ["T-1"]),
        ("ｘｙｍｊ", ["T-1"]),
        ("XYMJ", ["T-1"]),
        ("nw5", ["S-1"]),
        ("cott", ["S-1"]),
        ("otton", []),
        ("5双", ["S-1"]),
        ("95201234", ["T-1"]),
        ("01234", ["S-1"]),
        ("301", []),
        ("plu:301", []),
        ("PLU:301", ["Y-1"]),
        ("t-", ["T-1"]),
        ('"', []),
        ("*", []),
        ("毛尖' OR 1", []),
        ("  ", []),
        ("NEAR(", []),
    ],
)
def test_what_is_typed_finds(reference: Database, text: str, skus: list[str]) -> None:
    assert found(reference, text) == skus


def test_a_search_shows_no_more_than_asked(reference: Database) -> None:
    stock(reference, *(replace(TEA, sku=f"T-{n}", barcodes=()) for n in range(2, 30)))
    assert len(found(reference, "毛尖", limit=7)) == 7
    assert len(found(reference, "xymj", limit=7)) == 7


@given(st.text(max_size=30))
def test_no_query_is_a_syntax_error(text: str) -> None:
    words = match_query(text, "yiwu")
    assert words.count('"') % 2 == 0
    assert not words or words.startswith('("')


@given(st.text("毛尖茶abc １２\x85", max_size=12), st.text("ab é", max_size=6))
def test_words_are_cut_the_same_by_the_quick_way(chinese: str, english: str) -> None:
    assert (
        index_words(chinese, english).split() == index_words(chinese, english + " é").split()[:-1]
    )


names_of_hanzi = st.text("毛尖茶\U00020bb7", min_size=1, max_size=5)


@given(
    st.lists(
        st.tuples(names_of_hanzi | st.text("毛尖a1 \n", max_size=4), st.text("ab é", max_size=6))
    )
    | st.lists(st.tuples(st.text("毛尖茶", min_size=1), st.text("ab ")), min_size=1)
)
def test_the_words_of_many_are_those_of_each(names: list[tuple[str, str]]) -> None:
    chinese, english = [zh for zh, _ in names], [en for _, en in names]
    assert all_index_words(chinese, english) == [index_words(zh, en) for zh, en in names]


def test_a_changed_item_leaves_nothing_of_its_old_self(reference: Database) -> None:
    renamed = replace(TEA, name_zh="红茶", name_en="", barcodes=(), mnemonic="hc", offer_id="")
    assert stock(reference, renamed, YAM) == Written(added=0, changed=1, unchanged=1)
    for text in ("毛尖", "xymj", "9520123456788", "maojian", "0000952"):
        assert found(reference, text) == []
    assert found(reference, "红茶") == found(reference, "hc") == ["T-1"]


def test_writing_the_same_again_changes_nothing(reference: Database) -> None:
    before = contents(reference)
    assert stock(reference, SOCKS, TEA, YAM) == Written(unchanged=3)
    assert contents(reference) == before


def test_codes_can_be_handed_on_in_one_batch(reference: Database) -> None:
    heir = Item(sku="A-1", name_zh="茶", unit="罐", retail_fen=1, barcodes=TEA.barcodes)
    stock(reference, heir, replace(TEA, barcodes=()))
    assert catalogue.by_code(reference.read(), TEA.barcodes, "yiwu", NOW_MS) == heir


@pytest.mark.parametrize("before", ["0002_words_without_their_text", "0003_found_by_center"])
def test_a_catalogue_of_before_keeps_its_goods_and_finds_them(tmp_path: Path, before: str) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as old:
        steps = SqliteUtils(old, execute_plugins=False)
        catalogue.MIGRATIONS.apply(steps, stop_before=before)
        for number, item in enumerate((TEA, SOCKS), 1):
            data = msgspec.json.encode(item).decode()
            sold = "|yiwu|chenghai|" if item.centers else ""
            row = (number, item.sku, sold, item.offer_id or None, data)
            old.execute("INSERT INTO item VALUES (?, ?, ?, ?, ?)", row)
            words = index_words(item.name_zh, item.name_en)
            old.execute("INSERT INTO item_words (rowid, words) VALUES (?, ?)", (number, words))
            codes = [(code_key(code), number) for code in item.barcodes]
            old.executemany("INSERT INTO item_code VALUES (?, ?)", codes)
            initials = [(each, number) for each in item.mnemonic.split("|")]
            old.executemany("INSERT INTO item_initials VALUES (?, ?)", initials)
        old.commit()
    with closing(Database(path, [catalogue.MIGRATIONS, price_schedule.MIGRATIONS])) as database:
        for text in ("毛尖", "xymj", "952012", "T-", "0000952"):
            assert found(database, text, "zhengzhou") == ["T-1"]
        for text in ("棉袜", "nw5s", "01234", "S-"):
            assert (found(database, text), found(database, text, "zhengzhou")) == (["S-1"], [])
        stock(database, replace(TEA, name_zh="红茶", name_en="", mnemonic="hc", barcodes=()))
        for text in ("毛尖", "maojian", "xymj", "952012"):
            assert found(database, text) == []
        assert (found(database, "红茶"), found(database, "cotton")) == (["T-1"], ["S-1"])


def test_an_item_that_is_sold_elsewhere_now_is_found_there_and_here_no_more(
    reference: Database,
) -> None:
    stock(reference, replace(SOCKS, centers=("zhengzhou",)), replace(TEA, centers=("yiwu",)))
    for text in ("棉袜", "nw5s", "01234", "S-", "SOCK/5"):
        assert (found(reference, text), found(reference, text, "zhengzhou")) == ([], ["S-1"])
    for text in ("毛尖", "xymj", "952012", "T-", "0000952"):
        assert (found(reference, text), found(reference, text, "zhengzhou")) == (["T-1"], [])


def test_what_begins_alike_is_found_in_order_whichever_centers_it_is_sold_in(
    reference: Database,
) -> None:
    sold: list[tuple[str, ...]] = [(), ("yiwu",), ("chenghai",), ("chenghai", "yiwu")]
    goods = [
        replace(TEA, sku=f"Z-{n}", centers=sold[n % 4], barcodes=(f"777700{n}",), mnemonic=f"z{n}")
        for n in range(10, 30)
    ]
    stock(reference, *goods)
    here = [f"Z-{n}" for n in range(10, 30) if n % 4 != 2]
    for text in ("7777", "Z-", "z"):
        assert found(reference, text) == here
        assert found(reference, text, limit=5) == here[:5]


@pytest.mark.parametrize("text", ["7777", "Z-", "zz", "积木", "toy"])
def test_goods_of_other_centers_cost_a_search_nothing(reference: Database, text: str) -> None:
    toys = [
        Item(
            sku=f"Z-{number}",
            name_zh="积木",
            name_en=f"Toy {number}",
            unit="盒",
            retail_fen=1,
            centers=("chenghai",),
            barcodes=(f"7777{number}",),
            mnemonic=f"zz{number}",
        )
        for number in range(2000)
    ]
    stock(reference, *toys)
    steps: list[None] = []
    connection = reference.read().conn
    connection.set_progress_handler(lambda: steps.append(None), 1)
    assert found(reference, text, "zhengzhou") == []
    connection.set_progress_handler(None, 1)
    assert len(steps) < len(toys)


names = st.text(max_size=12)
items = st.builds(
    Item,
    sku=st.text("ABC123", min_size=1, max_size=4),
    kind=st.sampled_from(["goods", "bag"]),
    name_zh=names,
    name_en=names,
    unit=names,
    retail_fen=st.integers(0, 10**9),
    plus_fen=st.none() | st.integers(0, 10**9),
    tiers=st.lists(st.builds(Tier, st.integers(1, 10**9), st.integers(0, 10**9))).map(tuple),
    offer_id=names,
    weighed=st.booleans(),
    ships=st.integers(0, 2),
    attributes=st.lists(st.tuples(names, names), max_size=3).map(tuple),
)


@given(st.lists(items, max_size=5, unique_by=lambda item: item.sku))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, goods: list[Item]
) -> None:
    with empty_catalogue(tmp_path_factory.mktemp("catalogue")) as database:
        stock(database, *goods)
        assert [catalogue.by_sku(database.read(), item.sku, NOW_MS) for item in goods] == goods
        assert catalogue.count(database.read()) == len(goods)
