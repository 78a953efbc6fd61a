"""Reading a whole column at once answers as reading it cell by cell does, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.rules.columns import CELLS
from pos.rules.plain_columns import PLAIN

DIGITS = st.text("0123456789", min_size=12, max_size=12)


def ean13(twelve: str) -> str:
    return next(code for d in "0123456789" if not isinstance(one(code := twelve + d), str))


def one(code: str) -> object:
    value = CELLS["barcodes"][1](code)
    return value if isinstance(value, tuple) else "refused"


cells = st.one_of(
    DIGITS.map(ean13),
    st.text("0123456789", min_size=12, max_size=14),
    st.text("abZ09 |:.-毛é\t\u3000Ａ", max_size=8),
    st.just("x" * 65),
    st.just("长" * 101),
)


@pytest.mark.parametrize("column", PLAIN)
@given(texts=st.lists(cells, min_size=1, max_size=4) | st.lists(DIGITS.map(ean13), min_size=1))
def test_a_plain_column_is_read_as_its_cells_are(column: str, texts: list[str]) -> None:
    field_empty: object = () if column == "barcodes" else ""
    values = PLAIN[column](texts)
    if values is not None:
        stripped = [text.strip() for text in texts]
        read = CELLS[column][1]
        assert list(values) == [read(text) if text else field_empty for text in stripped]


@given(st.lists(DIGITS.map(ean13), min_size=1, max_size=40), st.integers(0, 39), st.integers(1, 9))
def test_one_wrong_digit_in_a_column_of_barcodes_is_seen(
    codes: list[str], which: int, off: int
) -> None:
    assert PLAIN["barcodes"](codes) == [(code,) for code in codes]
    at = which % len(codes)
    wrong = codes[at][:-1] + str((int(codes[at][-1]) + off) % 10)
    assert PLAIN["barcodes"]([*codes[:at], wrong, *codes[at + 1 :]]) is None


def test_plain_columns_are_taken_whole() -> None:
    assert PLAIN["sku"](["A-1", "B_2"]) == ["A-1", "B_2"]
    assert PLAIN["name_zh"]([" 毛尖 ", "红茶"]) == ["毛尖", "红茶"]
    assert PLAIN["mnemonic"](["xymj", ""]) == ["xymj", ""]
