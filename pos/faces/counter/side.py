"""The panels beside the cart, drawn as one widget: a frame costs by the widget."""

from collections.abc import Sequence

from textual.strip import Strip

from sync.faces.screen.looks import Tone
from sync.faces.screen.rows import EMPTY, Painter, Row, Rows, row_cells

INNER = 29  # cells inside a panel: its rows are made for this width
EDGES: dict[str, Tone] = {
    "total": "accent",
    "sums": "accent",
    "member": "money",
    "last": "edge",
    "state": "edge",
}
FOOT = "state"


class Side(Rows):
    """Panels under one another, the last of them at the foot; `put` them, then `draw`."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(surface="background", id=id)
        self._panels: dict[str, tuple[Row, ...]] = {}
        self._panel_painter = Painter("surface")

    def put(self, name: str, rows: Sequence[Row]) -> None:
        """Change one panel, to be seen when drawn."""
        self._panels[name] = tuple(_framed(EDGES[name], row) for row in rows)

    def draw(self) -> None:
        """Show all panels as they are now."""
        top: list[Row] = []
        for name in EDGES:
            rows = self._panels.get(name, ())
            if rows and name != FOOT:
                top += [*rows, EMPTY]
        foot = self._panels.get(FOOT, ())
        gap = max(self.size.height - len(top) - len(foot), 0)
        self.show([*top, *[EMPTY] * gap, *foot])

    def render_line(self, y: int) -> Strip:
        """Draw one row, on the panels' ground or between them."""
        row = self._rows[y] if y < len(self._rows) else EMPTY
        painter = self._panel_painter if row else self._painter
        return painter.strip(self, row, self.size.width)


def _framed(edge: Tone, row: Row) -> Row:
    missing = INNER - row_cells(row)
    return (("▌ ", edge), *row, (" " * (max(missing, 0) + 1), "plain"))
