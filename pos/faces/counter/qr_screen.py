"""A QR code, large enough for a visitor's phone: black on white whatever the theme."""

from textual.app import ComposeResult
from textual.containers import Vertical

from sync.faces.screen.dialogs import Dialog
from sync.faces.screen.rows import EMPTY, Row, Rows, center, wrap
from sync.language import Language
from sync.rules.symbols import half_blocks, qr_matrix

QUIET = 2
FRAME = 6  # rows that edge, caption and foot take


class QrScreen(Dialog[None]):
    """Shows one text as a QR code over its name; a scan goes on selling.

    A symbol too high for its frame takes the whole window, white; one that is higher still asks
    for a taller window.
    """

    PASSES_SCANS = True

    def __init__(self, say: Language, heading: str, text: str, *, caption: str) -> None:
        super().__init__(say, heading)
        self._matrix = qr_matrix(text)
        self._caption = caption
        self._bare = False

    @property
    def inner(self) -> int:
        """Cells between the box's edges: as wide as the symbol at least."""
        return max(self.WIDTH - 6, len(self._matrix) + 2 * QUIET)

    def compose(self) -> ComposeResult:
        """Lay out the symbol, framed or alone."""
        framed = len(half_blocks(self._matrix, quiet=QUIET)) + FRAME
        self._bare = framed > self.app.size.height
        self.set_class(self._bare, "bare")
        with Vertical(id="box") as box:
            box.styles.width = "100%" if self._bare else self.inner + 6
            if not self._bare:
                box.border_title = f" {self.heading} "
            yield Rows(id="body")
            yield Rows(id="said")
            yield Rows(id="foot")

    def draw(self) -> None:
        """Draw the symbol in the room there is."""
        body = self.query_one("#body", Rows)
        body.show(self._alone() if self._bare else self.body())

    def begin(self) -> None:
        """Leave the room to the symbol; nothing here answers."""
        self.query_one("#said").display = False
        self.query_one("#foot").display = not self._bare

    def foot(self) -> str:
        """The way back."""
        return self.say("Enter or Esc: back to the sale")

    def body(self) -> list[Row]:
        """The symbol, then what it is."""
        lines = half_blocks(self._matrix, quiet=QUIET)
        margin = " " * ((self.inner - len(lines[0])) // 2)
        symbol: list[Row] = [
            ((margin, "plain"), (line, "symbol"), (" ", "plain")) for line in lines
        ]
        caption: list[Row] = [
            ((center(line, self.inner), "plain"),) for line in wrap(self._caption, self.inner)
        ]
        return [*symbol, EMPTY, *caption]

    def _alone(self) -> list[Row]:
        width, height = self.app.size
        lines = half_blocks(self._matrix, quiet=1)
        if len(lines) > height or len(lines[0]) > width:
            return [((self.say("This symbol needs a taller window."), "money"),)]
        return [((center(line, width), "symbol"),) for line in lines]
