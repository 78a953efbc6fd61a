"""An item's order link as a QR code: whatever its form, a phone reads the link back."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image

from kiosk.faces.qr_command import qr_command
from sync.setup import Setup
from tests.pos.stocked_till import BAG, TEA, TEA_CODE, make_test_setup, opened, stock

LINK = "https://detail.1688.com/offer/952100005.html"


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    made = make_test_setup(tmp_path)
    with opened(made) as till:
        stock(till)
    return made


def run(setup: Setup, *arguments: str) -> Result:
    return CliRunner().invoke(qr_command, arguments, obj=setup)


def read_modules(rows: Sequence[Sequence[bool]]) -> str:
    image = Image.new("L", (len(rows[0]), len(rows)), 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            image.putpixel((x, y), 0 if dark else 255)
    large = image.resize((image.width * 4, image.height * 4), Image.Resampling.NEAREST)
    (found,) = zxingcpp.read_barcodes(large)
    return str(found.text)


@pytest.mark.parametrize("code", [TEA, TEA_CODE, "xymj", "信阳毛尖"])
def test_the_terminal_shows_a_symbol_that_reads_back(setup: Setup, code: str) -> None:
    shown = run(setup, code).stdout.splitlines()
    assert shown[0] == "Xinyang Maojian"
    assert shown[-1] == LINK
    symbol = shown[1:-1]
    rows = [
        row
        for line in symbol
        for row in ([glyph in "▀█" for glyph in line], [glyph in "▄█" for glyph in line])
    ]
    assert read_modules(rows) == LINK


def test_on_a_terminal_it_is_black_on_white_whatever_the_terminal_s_colours(setup: Setup) -> None:
    shown = CliRunner().invoke(qr_command, [TEA], obj=setup, color=True).stdout.splitlines()
    assert all(re.fullmatch(r"\x1b\[30m\x1b\[107m[ ▄▀█]+\x1b\[0m", row) for row in shown[1:-1])


def test_a_png_reads_back(setup: Setup, tmp_path: Path) -> None:
    path = tmp_path / "tea.png"
    done = run(setup, TEA, "--format", "png", "--output", str(path), "--json")
    assert json.loads(done.stdout)["file"] == str(path)
    (found,) = zxingcpp.read_barcodes(Image.open(path).convert("L"))
    assert found.text == LINK


@pytest.mark.parametrize(("name", "starts"), [("q.png", b"\x89PNG"), ("q.SVG", b"<svg")])
def test_the_file_s_name_says_its_format(
    setup: Setup, tmp_path: Path, name: str, starts: bytes
) -> None:
    done = run(setup, TEA, "--output", str(tmp_path / name))
    assert done.exit_code == 0
    assert (tmp_path / name).read_bytes().startswith(starts)


def test_the_format_asked_for_wins(setup: Setup, tmp_path: Path) -> None:
    path = tmp_path / "picture.of-tea"
    assert run(setup, TEA, "--format", "svg", "--output", str(path)).exit_code == 0
    assert path.read_bytes().startswith(b"<svg")


def test_an_svg_draws_the_same_modules(setup: Setup, tmp_path: Path) -> None:
    path = tmp_path / "tea.svg"
    run(setup, TEA, "--format", "svg", "--output", str(path))
    text = path.read_text("utf-8")
    match = re.search(r'viewBox="0 0 (\d+) \1"', text)
    assert match is not None
    side = int(match[1])
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", text)}
    assert read_modules([[(x, y) in dark for x in range(side)] for y in range(side)]) == LINK


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nothing-like-it"], "kiosk.unknown_item"),
        ([BAG], "link.no_offer"),
        ([TEA, "--format", "terminal", "--output", "x.png"], "kiosk.no_file"),
        ([TEA, "--output", "x"], "kiosk.file_kind"),
        ([TEA, "--output", "x.pdf"], "kiosk.file_kind"),
    ],
)
def test_what_cannot_be_shown_is_one_line(setup: Setup, arguments: list[str], reason: str) -> None:
    done = run(setup, *arguments, "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["refused"] == reason
    assert done.stderr.count("\n") == 1


def test_where_there_are_no_goods_it_says_how_they_come(tmp_path: Path) -> None:
    fresh = make_test_setup(tmp_path / "fresh")
    for _ in range(2):
        result = run(fresh, TEA)
        assert result.exit_code == 2
        assert "xuanpin pos import" in result.stderr
        assert result.stderr.count("\n") == 1
        with opened(fresh):
            pass
