"""The legend of keys at the foot of the screen: two rows, since one cannot hold Chinese labels."""

from textual import events
from textual.message import Message

from pos.rules.key_settings import KeySettings, shown_key
from sync.faces.screen.rows import EMPTY, Row, Rows, row_cells
from sync.language import Language
from sync.rules.refusal import N_

LEGEND: tuple[tuple[str, str], ...] = (
    ("help", N_("Help")),
    ("find", N_("Find")),
    ("member", N_("Member")),
    ("join", N_("Join PLUS")),
    ("quick", N_("Bags")),
    ("hold", N_("Hold")),
    ("recall", N_("Recall")),
    ("delivery", N_("Ship")),
    ("order_link", N_("QR")),
    ("pay", N_("Pay")),
    ("quantity", N_("Quantity")),
    ("more", N_("One more")),
    ("remove", N_("Remove")),
    ("void", N_("Void")),
    ("receipt", N_("Receipt")),
    ("language", N_("中文")),
    ("quit", N_("Quit")),
)
FIRST_ROW = 9


class KeyBar(Rows):
    """Shows which key does what; a click on one does it too."""

    class Pressed(Message):
        """An action was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, keys: KeySettings, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(surface="panel", id=id)
        self._keys = keys
        self._places: list[list[tuple[int, int, str]]] = []

    def redraw(self, say: Language) -> None:
        """Lay the legend out for the present width."""
        width = self.size.width
        if not width:
            return
        self._places = []
        rows = (LEGEND[:FIRST_ROW], LEGEND[FIRST_ROW:])
        self.show([self._row(say, row, width) for row in rows])

    def _row(self, say: Language, legend: tuple[tuple[str, str], ...], width: int) -> Row:
        spans: list[Row] = [
            ((f"{self._key(action)} ", "bar_key"), (say(label), "plain"))
            for action, label in legend
        ]
        natural = sum(row_cells(pair) for pair in spans)
        gap = max((width - 2 - natural) // max(len(spans) - 1, 1), 1)
        row: Row = ((" ", "plain"),)
        places = []
        for (action, _), pair in zip(legend, spans, strict=True):
            start = row_cells(row)
            row = (*row, *pair)
            places.append((start, row_cells(row), action))
            row = (*row, (" " * min(gap, 6), "plain"))
        self._places.append(places)
        return row or EMPTY

    def _key(self, action: str) -> str:
        key = shown_key(self._keys, action)
        return f"Enter/{key}" if action == "pay" else key

    def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        for start, end, action in self._places[event.y] if event.y < len(self._places) else ():
            if start <= event.x < end:
                self.post_message(self.Pressed(action))
