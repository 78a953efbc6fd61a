"""A receipt's bytes as a PNG: every character in its column, symbols dot by dot.

One printer dot becomes `SCALE` pixels, so that codes decode from the picture as from paper.
"""

import io
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from pos.rules.blocks import Barcode, Block, Cut, QrCode, Row
from pos.rules.escpos import BAR_HEIGHT_DOTS, bar_dots
from pos.rules.escpos_reader import paper_for, read_blocks
from pos.rules.paper import COLUMN_DOTS, Paper, columns_of
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.symbols import Matrix, code128_modules, qr_matrix

SCALE = 2
CHARACTER_DOTS = 24
LINE_DOTS = 30
BASELINE_DOTS = 23
MARGIN_DOTS = 32
QUIET_MODULES = 4
WHITE, BLACK, GREY = 255, 0, 170
_USUAL_FONTS = ("msyh.ttc", "simsun.ttc", "PingFang.ttc", "STHeiti Light.ttc")


@dataclass(frozen=True)
class Face:
    """A Chinese font by file and place in its collection."""

    path: str
    index: int = 0

    @cached_property
    def plain(self) -> ImageFont.FreeTypeFont:
        """The font at the size of paper's text."""
        return ImageFont.truetype(self.path, CHARACTER_DOTS * SCALE, index=self.index)

    @cached_property
    def large(self) -> ImageFont.FreeTypeFont:
        """The font at double size."""
        return ImageFont.truetype(self.path, 2 * CHARACTER_DOTS * SCALE, index=self.index)


def find_face(setting: str) -> Face:
    """Return the configured font, else the system's for Chinese. Raises `Fault` without one."""
    candidates = [Face(setting)] if setting else [*_by_fontconfig(), *map(Face, _USUAL_FONTS)]
    for face in candidates:
        try:
            if face.plain.getlength("汉") > 0:
                return face
        except OSError:
            continue
    if setting:
        raise Fault(
            Refused(
                "picture.bad_font",
                N_("The font {path} cannot be read."),
                N_("Name a Chinese TrueType or OpenType file at [printer] font."),
                {"path": setting},
            )
        )
    raise Fault(
        Refused(
            "picture.no_font",
            N_("There is no Chinese font on this machine to draw the receipt with."),
            N_("Install one (Debian: fonts-noto-cjk), or name its file at [printer] font."),
        )
    )


def draw_png(data: bytes, face: Face) -> bytes:
    """Draw a document's bytes as a PNG, black on white with a margin like the paper's."""
    blocks = read_blocks(data)
    paper = paper_for(blocks)
    strips = [strip for block in blocks for strip in _strips(block, paper, face)]
    margin = MARGIN_DOTS * SCALE
    height = sum(strip.height for strip in strips) + 2 * margin
    picture = Image.new("L", (paper.dots * SCALE + 2 * margin, height), WHITE)
    top = margin
    for strip in strips:
        picture.paste(strip, (margin, top))
        top += strip.height
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=4)
    return out.getvalue()


def _strips(block: Block, paper: Paper, face: Face) -> Iterator[Image.Image]:
    """Draw a block over the whole width of the paper."""
    match block:
        case Row():
            yield _row_strip(block, paper, face)
        case Barcode():
            modules = code128_modules(block.digits)
            yield _symbol_strip((modules,), bar_dots(block.digits, paper), BAR_HEIGHT_DOTS, paper)
        case QrCode():
            matrix = _quiet(qr_matrix(block.text))
            yield _symbol_strip(matrix, block.module_dots, block.module_dots, paper)
        case Cut():
            yield _cut_strip(paper)


def _strip(paper: Paper, dots: int) -> Image.Image:
    return Image.new("L", (paper.dots * SCALE, dots * SCALE), WHITE)


def _row_strip(row: Row, paper: Paper, face: Face) -> Image.Image:
    """Draw a line: hanzi two columns wide, doubled where the row says so."""
    across, down = 1 + row.wide, 1 + row.tall
    strip = _strip(paper, LINE_DOTS * down)
    spare = paper.dots - columns_of(row.text) * across * COLUMN_DOTS
    left = {"left": 0, "center": spare // 2, "right": spare}[row.align] * SCALE
    for character in row.text:
        width = columns_of(character) * across * COLUMN_DOTS * SCALE
        if character != " ":
            strip.paste(_cell(character, row, face), (left, 0))
        left += width
    return strip


def _cell(character: str, row: Row, face: Face) -> Image.Image:
    """Draw one character in the middle of its cell, shrunk from a larger one where it must."""
    across, down = 1 + row.wide, 1 + row.tall
    large = 2 if row.wide or row.tall else 1
    font = face.large if large == 2 else face.plain
    columns = columns_of(character)
    width, height = columns * COLUMN_DOTS * SCALE, LINE_DOTS * SCALE
    cell = Image.new("L", (width * large, height * large), WHITE)
    ImageDraw.Draw(cell).text(
        (width * large / 2, BASELINE_DOTS * SCALE * large),
        character,
        BLACK,
        font,
        anchor="ms",
        stroke_width=large if row.bold else 0,
    )
    wanted = (width * across, height * down)
    return cell if cell.size == wanted else cell.resize(wanted, Image.Resampling.LANCZOS)


def _symbol_strip(matrix: Matrix, across: int, down: int, paper: Paper) -> Image.Image:
    """Draw a symbol in the middle, each module so many dots across and down."""
    width, height = len(matrix[0]), len(matrix)
    symbol = Image.new("L", (width, height))
    symbol.putdata([BLACK if dark else WHITE for line in matrix for dark in line])
    size = (width * across * SCALE, height * down * SCALE)
    symbol = symbol.resize(size, Image.Resampling.NEAREST)
    strip = _strip(paper, height * down + 8)
    strip.paste(symbol, ((strip.width - symbol.width) // 2, 4 * SCALE))
    return strip


def _quiet(matrix: Matrix) -> Matrix:
    blank = ((False,) * (len(matrix) + 2 * QUIET_MODULES),) * QUIET_MODULES
    side = (False,) * QUIET_MODULES
    return (*blank, *((*side, *line, *side) for line in matrix), *blank)


def _cut_strip(paper: Paper) -> Image.Image:
    strip = _strip(paper, 2 * LINE_DOTS)
    draw = ImageDraw.Draw(strip)
    middle = LINE_DOTS * SCALE
    for left in range(0, strip.width, 24):
        draw.line((left, middle, left + 12, middle), GREY, SCALE)
    return strip


def _by_fontconfig() -> Sequence[Face]:
    """Ask fontconfig for Chinese fonts, one of fixed width first."""
    if shutil.which("fc-match") is None:
        return ()
    return tuple(face for name in ("monospace", "sans") for face in _matched(name))


def _matched(name: str) -> Iterator[Face]:
    asked = ["fc-match", "-f", "%{file}\n%{index}\n%{lang}", f"{name}:lang=zh-cn"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    path, _, rest = answer.partition("\n")
    index, _, languages = rest.partition("\n")
    if "zh-cn" in languages.split("|") and Path(path).is_file():
        yield Face(path, int(index) if index.isdecimal() else 0)
