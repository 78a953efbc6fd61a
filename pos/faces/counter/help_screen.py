"""Help: how a sale goes, and every key."""

from functools import partial

from pos.rules.key_settings import KeySettings, action_of, keys_of, shown_key
from sync.faces.screen.dialogs import Help
from sync.faces.screen.rows import EMPTY, Row, fit, wrap
from sync.language import Language
from sync.rules.refusal import N_

MEANINGS: dict[str, str] = {
    "help": N_("This help"),
    "find": N_("Find by name, code or initials"),
    "member": N_("Member by card or phone"),
    "join": N_("Join PLUS in this sale"),
    "quick": N_("Bags, goods without a barcode"),
    "hold": N_("Set this sale aside"),
    "recall": N_("Take back a sale set aside"),
    "delivery": N_("Carried out or factory-shipped"),
    "order_link": N_("QR to order the line online"),
    "pay": N_("Pay (also Enter, empty line)"),
    "receipt": N_("Last receipt; print it again"),
    "theme": N_("Dark or light"),
    "language": N_("Chinese or English"),
    "quantity": N_("Quantity; or 3* before a scan"),
    "more": N_("One piece more"),
    "fewer": N_("One piece less"),
    "remove": N_("Remove the chosen line"),
    "void": N_("Give up the whole sale"),
    "quit": N_("Close the counter"),
}
GUIDE = N_(
    "Scan goods at any time, whatever is on the screen. ↑ ↓ choose a line. Red line: the scan was "
    "not taken; just scan on. Cash is rounded down, never up; wallets pay to the fen."
)


class HelpScreen(Help):
    """Shows all keys; a scan goes on selling."""

    WIDTH = 94
    PASSES_SCANS = True

    def __init__(self, say: Language, keys: KeySettings) -> None:
        super().__init__(say, partial(action_of, keys))
        self._keys = keys

    def foot(self) -> str:
        """The way back."""
        return self.say("Enter or Esc: back to the sale")

    def body(self) -> list[Row]:
        """The guide, then the keys in two columns."""
        guide: list[Row] = [((line, "plain"),) for line in wrap(self.say(GUIDE), self.inner)]
        actions = list(MEANINGS)
        half = -(-len(actions) // 2)
        rows = [
            (*self._cell(actions[place]), *self._cell(*actions[place + half : place + half + 1]))
            for place in range(half)
        ]
        return [*guide, EMPTY, *rows]

    def _cell(self, action: str = "") -> Row:
        if not action:
            return EMPTY
        width = self.inner // 2
        names = " ".join([shown_key(self._keys, action), *self._others(action)])
        return (
            (fit(names, 11) + " ", "bar_key"),
            (fit(self.say(MEANINGS[action]), width - 12), "plain"),
        )

    def _others(self, action: str) -> list[str]:
        return [key for key in keys_of(self._keys, action)[1:] if len(key) == 1]
