"""The printer's bytes, and our reader that sees in them what the paper will show."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pos.rules.blocks import Barcode, Block, Cut, OpenDrawer, QrCode, Row
from pos.rules.card_slip import card_blocks
from pos.rules.escpos import encode
from pos.rules.escpos_reader import UnreadableBytes, read_blocks, read_text
from pos.rules.paper import Paper, paper_of, printable
from pos.rules.receipt import receipt_blocks
from tests.pos.printed_orders import CHINESE, DEMO_COPY, HEADING, NUMBER, everything

NARROW, BROAD = paper_of(58), paper_of(80)
ROWS = st.builds(
    Row,
    st.text(max_size=30).map(printable),
    st.sampled_from(["left", "center", "right"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
DIGITS = st.text("0123456789", min_size=1, max_size=10).map(lambda half: half + half)
BLOCKS = st.one_of(
    ROWS,
    st.builds(Barcode, DIGITS),
    st.builds(QrCode, st.text("ABC:/é漢0", min_size=1, max_size=40), st.integers(1, 8)),
    st.just(OpenDrawer()),
    st.just(Cut()),
)


def test_a_document_begins_with_reset_and_hanzi_mode() -> None:
    assert encode((), NARROW) == b"\x1b@\x1c&"


def test_text_goes_out_as_gb18030_with_full_width_yen() -> None:
    data = encode([Row(printable("茶 ¥3"), tall=True)], NARROW)
    assert data.endswith(b"\x1ba\x00\x1d!\x01\x1bE\x00" + b"\xb2\xe8 \xa3\xa43\n")


def test_commands_are_those_of_the_printer_s_manual() -> None:
    data = encode([OpenDrawer(), QrCode("PM1:A", 4), Cut()], NARROW)
    assert b"\x1bp\x00\x19\xfa" in data
    assert b"\x1d(k\x04\x001A2\x00" in data
    assert b"\x1d(k\x03\x001C\x04" in data
    assert b"\x1d(k\x03\x001E1" in data
    assert b"\x1d(k\x08\x001P0PM1:A" in data
    assert b"\x1d(k\x03\x001Q0" in data
    assert data.endswith(b"\x1dVB\x00")


def test_twenty_digits_take_code_set_c_and_fit_both_papers() -> None:
    pairs = bytes([26, 11, 22, 0, 10, 4, 21, 23, 45, 67])
    for paper, width in ((NARROW, 2), (BROAD, 3)):
        data = encode([Barcode(NUMBER)], paper)
        assert b"\x1dw" + bytes([width]) in data
        assert data.endswith(b"\x1dk\x49\x0c{C" + pairs)


def test_a_style_is_said_only_when_it_changes() -> None:
    same = encode([Row("a"), Row("b")], NARROW)
    assert same.count(b"\x1d!") == 1


@given(st.lists(BLOCKS, max_size=12), st.sampled_from([NARROW, BROAD]))
def test_what_was_written_is_what_is_read(blocks: list[Block], paper: Paper) -> None:
    assert read_blocks(encode(blocks, paper)) == tuple(blocks)


@given(st.binary(max_size=60) | st.builds(lambda b: b"\x1d(k" + b, st.binary(max_size=20)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(UnreadableBytes):
        read_blocks(data)


@pytest.mark.parametrize(
    "data",
    [b"\x1bZ", b"\x1d(k\xff\xff1P0", b"\x1ba", b"\x1ba\x07", b"\x1dk\x02123", b"\x07", b"\xff"],
)
def test_what_no_receipt_holds_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableBytes):
        read_blocks(data)


def test_text_keeps_the_columns_on_the_screen() -> None:
    heading = structs.replace(HEADING, center="店·一")
    data = encode(receipt_blocks(everything(), heading, BROAD, CHINESE), BROAD)
    lines = read_text(data).splitlines()
    assert lines[0] == " " * 21 + "店·一"
    assert "信阳毛尖250g              2罐   148.00    296.00" in lines
    assert f"         [||| {NUMBER} |||]" in lines
    assert [text for text in lines if text.startswith("[QR XR1:") and text.endswith("…]")]


def test_characters_narrower_on_a_screen_leave_the_columns_alone() -> None:
    data = encode([Row("café·5        9.90"), Row("cafe 5         9.90")], NARROW)
    first, second = read_text(data).splitlines()
    assert first.index("9.90") == second.index("9.90") + 1
    assert len(first) == len("café·5        9.90") + 2


def test_the_preview_takes_the_paper_it_is_told_or_guesses_it() -> None:
    for paper in (NARROW, BROAD):
        data = encode(card_blocks(everything(), DEMO_COPY, paper, CHINESE), paper)
        assert read_text(data) == read_text(data, paper.columns)
    assert read_text(encode([Row("x", "right")], NARROW), 10) == " " * 9 + "x"


def test_unfinished_lines_are_shown_too() -> None:
    assert read_blocks(b"abc") == (Row("abc"),)
