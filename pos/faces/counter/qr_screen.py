"""A QR code, large enough for a visitor's phone: black on white whatever the theme."""

from pos.faces.counter.dialogs import Dialog
from pos.faces.counter.rows import EMPTY, Row, center, wrap
from sync.language import Language
from sync.rules.symbols import half_blocks, qr_matrix

QUIET = 2


class QrScreen(Dialog[None]):
    """Shows one text as a QR code under its name; a scan goes on selling."""

    PASSES_SCANS = True

    def __init__(self, say: Language, heading: str, text: str, *, caption: str) -> None:
        super().__init__(say, heading)
        self._lines = half_blocks(qr_matrix(text), quiet=QUIET)
        self._caption = caption

    @property
    def inner(self) -> int:
        """Cells between the box's edges: as wide as the symbol at least."""
        return max(self.WIDTH - 6, len(self._lines[0]))

    def begin(self) -> None:
        """Make the box as wide as the symbol needs."""
        self.query_one("#box").styles.width = self.inner + 6

    def foot(self) -> str:
        """The way back."""
        return self.say("Enter or Esc: back to the sale")

    def body(self) -> list[Row]:
        """The symbol, then what it is."""
        if len(self._lines) > self.app.size.height - 6:
            return [((self.say("This symbol needs a taller window."), "money"),)]
        margin = " " * ((self.inner - len(self._lines[0])) // 2)
        symbol: list[Row] = [((margin, "plain"), (line, "symbol")) for line in self._lines]
        words: list[Row] = [
            ((center(line, self.inner), "plain"),) for line in wrap(self._caption, self.inner)
        ]
        return [*symbol, EMPTY, *words]
