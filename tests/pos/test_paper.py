"""Columns of paper are bytes of GBK; lines break where a reader expects it and lose nothing."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.rules import paper
from pos.rules.paper import columns_of, fill, flush_right, paper_of, printable, spread, wrap

TEXTS = st.text(
    st.sampled_from("毛尖茶，。（））;·é□ abcXYZ-0123456789￥，　") | st.characters(), max_size=120
).map(printable)


def test_the_examples_hold() -> None:
    assert doctest.testmod(paper).failed == 0


def test_the_two_rolls() -> None:
    assert (paper_of(58).columns, paper_of(58).dots) == (32, 384)
    assert (paper_of(80).columns, paper_of(80).dots) == (48, 576)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("¥3.50", "￥3.50"),
        ("a\xa0b", "a b"),
        ("一—二", "一－二"),
        ("50m²", "50m□"),
        ("😀", "□"),
        ("e\u0301", "é"),
        ("two\nlines", "two lines"),
        ("\x1b@reset\x1d", "□@reset□"),
        ("\ue000", "□"),
    ],
)
def test_what_a_printer_lacks_is_translated(text: str, printed: str) -> None:
    assert printable(text) == printed


@given(st.text())
def test_printable_text_is_two_bytes_or_one_and_no_command(text: str) -> None:
    for character in printable(text):
        encoded = character.encode("gb18030")
        assert encoded == character.encode("gbk")
        assert len(encoded) <= 2
        assert encoded[0] >= 0x20


@given(TEXTS, st.sampled_from([16, 30, 32, 48]))
def test_no_line_is_wider_than_the_paper_and_nothing_is_lost(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert all(columns_of(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_words_stay_whole_and_no_line_begins_with_a_full_stop() -> None:
    assert wrap("exchange or return within 7 days", 14) == [
        "exchange or",
        "return within",
        "7 days",
    ]
    assert wrap("签收后七日内可退货。", 18) == ["签收后七日内可退", "货。"]


def test_a_word_wider_than_the_line_is_cut() -> None:
    assert wrap("4200002026112212345678901234", 16) == ["4200002026112212", "345678901234"]


@given(TEXTS, TEXTS, st.sampled_from([32, 48]))
def test_both_edges_fit_or_take_more_lines(left: str, right: str, columns: int) -> None:
    lines = spread(left, right, columns)
    assert all(columns_of(line) <= columns for line in lines)
    if columns_of(left) + columns_of(right) < columns:
        assert lines == [fill(left, right, columns)]
        assert columns_of(lines[0]) == columns


def test_figures_end_at_the_edge() -> None:
    assert flush_right("￥3", 8) == "     ￥3"
