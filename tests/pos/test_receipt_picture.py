"""Codes decode from the picture of a receipt, and its text is where the paper has it."""

import io
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from pos.faces import receipt_picture
from pos.faces.receipt_picture import MARGIN_DOTS, SCALE, WHITE, Face, draw_png, find_face
from pos.rules.blocks import Row
from pos.rules.card_slip import card_blocks
from pos.rules.escpos import encode
from pos.rules.paper import paper_of
from pos.rules.receipt import receipt_blocks
from sync.rules.refusal import Fault
from tests.pos.printed_orders import CARD, CHINESE, DEMO_COPY, HEADING, NUMBER, TOKEN, everything


@pytest.fixture(scope="module")
def face() -> Face:
    try:
        return find_face("")
    except Fault:
        pytest.skip("no Chinese font on this machine")


def drawn(data: bytes, face: Face) -> Image.Image:
    return Image.open(io.BytesIO(draw_png(data, face)))


def decoded(picture: Image.Image) -> dict[str, str]:
    return {str(found.format): found.text for found in zxingcpp.read_barcodes(picture)}


@pytest.mark.parametrize("width", [58, 80])
def test_the_receipt_s_codes_decode(face: Face, width: int) -> None:
    paper = paper_of(width)
    picture = drawn(encode(receipt_blocks(everything(), HEADING, paper, CHINESE), paper), face)
    assert picture.width == (paper.dots + 2 * MARGIN_DOTS) * SCALE
    assert decoded(picture) == {"Code 128": NUMBER, "QR Code": TOKEN}


@pytest.mark.parametrize("width", [58, 80])
def test_the_card_s_code_decodes_from_a_dot_for_dot_print(face: Face, width: int) -> None:
    paper = paper_of(width)
    data = encode(card_blocks(everything(provisional=True), DEMO_COPY, paper, CHINESE), paper)
    picture = drawn(data, face)
    assert decoded(picture) == {"QR Code": CARD}
    dots = picture.resize((picture.width // SCALE, picture.height // SCALE))
    assert decoded(dots) == {"QR Code": CARD}


def inked(picture: Image.Image) -> tuple[int, int, int, int]:
    box = picture.point(lambda value: WHITE - value).getbbox()
    assert box is not None
    return box


def test_rows_are_inked_at_their_edge_and_twice_as_large_when_doubled(face: Face) -> None:
    paper = paper_of(58)
    margin, edge = MARGIN_DOTS * SCALE, (MARGIN_DOTS + paper.dots) * SCALE
    hanzi = 24 * SCALE
    left = inked(drawn(encode([Row("茶")], paper), face))
    assert margin <= left[0] < left[2] <= margin + hanzi
    right = inked(drawn(encode([Row("茶", "right")], paper), face))
    assert edge - hanzi <= right[0] < right[2] <= edge
    doubled = inked(drawn(encode([Row("茶", wide=True, tall=True)], paper), face))
    assert doubled[2] - doubled[0] > 1.8 * (left[2] - left[0])
    assert doubled[3] - doubled[1] > 1.8 * (left[3] - left[1])


def test_a_font_that_is_none_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with pytest.raises(Fault) as caught:
        find_face(str(broken))
    assert caught.value.refused.reason == "picture.bad_font"


def test_a_machine_without_chinese_fonts_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receipt_picture, "_by_fontconfig", tuple)
    monkeypatch.setattr(receipt_picture, "_USUAL_FONTS", ())
    with pytest.raises(Fault) as caught:
        find_face("")
    assert caught.value.refused.reason == "picture.no_font"
