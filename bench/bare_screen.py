"""The yardstick for a scan: a bare Textual ScrollView that repaints thirty Chinese lines.

Run on a terminal with a file of lines: digits and Enter make a new total, shown after each line.
"""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.segment import Segment
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip


def painted(line: str, total: int) -> str:
    """Return a line as it stands on the screen."""
    return f"{line}合计{total:6d}"


class BareLines(ScrollView, can_focus=True):
    """Lines of a cart as plain text, each with the total behind it."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._lines = lines
        self._total = 0

    def on_mount(self) -> None:
        """Give the view its size."""
        self.virtual_size = Size(100, len(self._lines))

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        return Strip([Segment(painted(self._lines[y], self._total))])

    def on_key(self, event: events.Key) -> None:
        """Count a scan at its Enter, and paint everything anew."""
        if event.key == "enter":
            self._total += 1
            self.refresh()


class BareApp(App[None]):
    """Nothing but the view."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Show the view."""
        yield BareLines(self._lines)

    def on_mount(self) -> None:
        """Take the keys, and collect garbage as seldom as the counter does."""
        self.query_one(BareLines).focus()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 50)


if __name__ == "__main__":
    BareApp(Path(sys.argv[1]).read_text("utf-8").splitlines()).run()
