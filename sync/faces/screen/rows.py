"""Lines of toned text, measured in screen cells, and the widgets that repaint only what changed."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from sync.faces.screen.looks import DARK, LIGHT, Tone, tones

Surface = Literal["background", "surface", "panel", "primary"]
Span = tuple[str, Tone]
Row = tuple[Span, ...]
EMPTY: Row = ()
MOST_STRIPS = 500


def fit(text: str, width: int) -> str:
    """Cut or fill a text to a width in cells; a cut shows as an ellipsis."""
    if cell_len(text) > width:
        text = set_cell_size(text, max(width - 1, 0)).rstrip() + "…"
    return set_cell_size(text, width)


def right(text: str, width: int) -> str:
    """Push a text to the right edge of a width in cells."""
    missing = width - cell_len(text)
    return " " * missing + text if missing >= 0 else fit(text, width)


def center(text: str, width: int) -> str:
    """Put a text in the middle of a width in cells."""
    missing = max(width - cell_len(text), 0)
    return fit(" " * (missing // 2) + text, width)


def row_cells(row: Row) -> int:
    """Return how many cells a row takes."""
    return sum(cell_len(text) for text, _ in row)


def pair(label: str, value: str, width: int, tone: Tone = "plain") -> Row:
    """A label at the left, its value at the right."""
    room = max(width - cell_len(value) - 1, 0)
    return ((fit(label, room), "dim"), (right(value, width - room), tone))


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of a width in cells: at spaces, or between hanzi."""
    lines, line = [], ""
    for word in _words(text):
        if cell_len(line + word.rstrip()) > width and line:
            lines.append(line.rstrip())
            line = ""
        line += word if line or word.strip() else ""
    return [*lines, line.rstrip()]


_CLOSING, _OPENING = "，。；：！？）、》”", "（《“"


def _words(text: str) -> list[str]:
    words = [""]
    for character in text:
        wide = cell_len(character) == 2
        last = words[-1][-1:]
        may_break = wide or last == " " or cell_len(last) == 2
        if last and may_break and character not in _CLOSING and last not in _OPENING:
            words.append("")
        words[-1] += character
    return words


_DIGITS = {
    "0": ("█▀█", "█ █", "█▄█"),
    "1": ("▀█ ", " █ ", "▄█▄"),
    "2": ("▀▀█", "█▀▀", "█▄▄"),
    "3": ("▀▀█", " ▀█", "▄▄█"),
    "4": ("█ █", "▀▀█", "  █"),
    "5": ("█▀▀", "▀▀█", "▄▄█"),
    "6": ("█▀▀", "█▀█", "█▄█"),
    "7": ("▀▀█", "  █", "  █"),
    "8": ("█▀█", "█▀█", "█▄█"),
    "9": ("█▀█", "▀▀█", "▄▄█"),
    ".": (" ", " ", "▄"),
    "-": ("  ", "▀▀", "  "),
}


def big(number: str, width: int) -> tuple[str, str, str]:
    """Draw a number three lines high; one too long for `width` closes up, or stays small."""
    glyphs = [_DIGITS[character] for character in number]
    for gap in (" ", ""):
        first, second, third = (gap.join(glyph[line] for glyph in glyphs) for line in range(3))
        if len(first) <= width:
            return first, second, third
    return "", number, ""


@lru_cache(maxsize=4)
def _styles(dark: bool) -> dict[Tone, Style]:
    return tones(DARK if dark else LIGHT)


class Painter:
    """Turns rows into strips on a widget's own background.

    Styles are worked out once a theme; a row seen before is the strip it was, which Textual
    need not measure and encode again.
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._theme: Theme | None = None
        self._base = Style()
        self._toned: dict[Tone, Style] = {}
        self._strips: dict[tuple[Row, int], Strip] = {}

    def strip(self, widget: Widget, row: Row, width: int) -> Strip:
        """Draw one row, filled to the width."""
        theme = widget.app.current_theme
        if theme is not self._theme:
            self._theme = theme
            self._base = Style(bgcolor=getattr(theme, self._surface))
            self._toned = {t: self._base + s for t, s in _styles(theme.dark).items()}
            self._strips.clear()
        strip = self._strips.get((row, width))
        if strip is None:
            if len(self._strips) >= MOST_STRIPS:
                self._strips.clear()
            strip = self._strips[row, width] = self._drawn(row, width)
        return strip

    def _drawn(self, row: Row, width: int) -> Strip:
        segments = [Segment(text, self._toned[tone]) for text, tone in row]
        fill = segments[-1].style if segments else self._base
        return Strip(segments).adjust_cell_length(width, fill)


class Rows(Widget):
    """A block of rows; `show` repaints the rows that differ and nothing else."""

    def __init__(self, *, surface: Surface = "surface", id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._rows: tuple[Row, ...] = ()
        self._painter = Painter(surface)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    @property
    def text(self) -> str:
        """What is shown, as plain text."""
        return "\n".join("".join(text for text, _ in row).rstrip() for row in self._rows)

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows from the top."""
        new, old = tuple(rows), self._rows
        if new == old:
            return
        self._rows = new
        if len(new) != len(old) and self.styles.height is not None and self.styles.is_auto_height:
            self.refresh(layout=True)
            return
        width = self.size.width
        changed = [
            Region(0, y, width, 1)
            for y in range(max(len(new), len(old)))
            if (new[y] if y < len(new) else EMPTY) != (old[y] if y < len(old) else EMPTY)
        ]
        self.refresh(*changed)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Be as high as the rows."""
        del container, viewport, width
        return len(self._rows)

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        row = self._rows[y] if y < len(self._rows) else EMPTY
        return self._painter.strip(self, row, self.size.width)
