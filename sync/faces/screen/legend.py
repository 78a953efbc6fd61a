"""The legend of keys at a screen's foot: laid out evenly, in as many rows as it has."""

from collections.abc import Sequence

import msgspec
from textual import events
from textual.message import Message

from sync.faces.screen.rows import Row, Rows, row_cells

_WIDEST_GAP = 6


class Key(msgspec.Struct, frozen=True):
    """One key of a legend: what it does, how it is written, and what it is called."""

    action: str
    key: str
    label: str


class Legend(Rows):
    """Shows which key does what; a click on one does it too."""

    class Pressed(Message):
        """An action was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(surface="panel", id=id)
        self._places: list[list[tuple[int, int, str]]] = []

    def lay_out(self, rows: Sequence[Sequence[Key]]) -> None:
        """Show these rows of keys at the present width."""
        if self.size.width:
            self._places = []
            self.show([self._row(row) for row in rows])

    def _row(self, keys: Sequence[Key]) -> Row:
        spans: list[Row] = [((f"{k.key} ", "bar_key"), (k.label, "plain")) for k in keys]
        natural = sum(row_cells(span) for span in spans)
        gap = (self.size.width - 2 - natural) // max(len(spans) - 1, 1)
        row: Row = ((" ", "plain"),)
        places = []
        for key, span in zip(keys, spans, strict=True):
            start = row_cells(row)
            row = (*row, *span)
            places.append((start, row_cells(row), key.action))
            row = (*row, (" " * min(max(gap, 1), _WIDEST_GAP), "plain"))
        self._places.append(places)
        return row

    def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        for start, end, action in self._places[event.y] if event.y < len(self._places) else ():
            if start <= event.x < end:
                self.post_message(self.Pressed(action))
