"""Finding goods by code, name or pinyin initials: results while typing, Enter puts one in."""

from collections.abc import Callable, Sequence

from textual.widgets import Input

from pos.rules.items import Item
from sync.faces.screen.dialogs import Dialog, marked
from sync.faces.screen.entry import Entry
from sync.faces.screen.rows import EMPTY, Row, fit, right
from sync.language import Language
from sync.rules.money import format_yuan
from sync.rules.refusal import Refused

SHOWN = 12


class SearchScreen(Dialog[str]):
    """Answers with the sku to put in, or None."""

    WIDTH = 84
    PASSES_SCANS = True

    def __init__(
        self,
        say: Language,
        search: Callable[[str], Sequence[Item] | Refused],
        *,
        text: str = "",
        found: Sequence[Item] = (),
    ) -> None:
        super().__init__(say, say("Find goods"))
        self._search = search
        self._found = list(found)
        self._chosen = 0
        self._entry = Entry(text)
        self._entry.select_on_focus = False
        self._entry.placeholder = say("Name, code or pinyin initials, for example xymj")

    def lines(self) -> Sequence[Entry]:
        """What to look for."""
        return (self._entry,)

    def body(self) -> list[Row]:
        """The goods found, the window moving with the marked one."""
        first = max(0, min(self._chosen - SHOWN // 2, len(self._found) - SHOWN))
        rows: list[Row] = [self._head()]
        rows += [
            marked(self._row(item), self.inner, chosen=place == self._chosen)
            for place, item in enumerate(self._found[first : first + SHOWN], first)
        ]
        if not self._found and self._entry.value:
            rows.append(((self.say("Nothing found."), "money"),))
        return rows + [EMPTY] * (SHOWN + 1 - len(rows))

    def foot(self) -> str:
        """The keys that matter here."""
        return self.say("↑ ↓ and Enter: put in  ·  scan: goes into the cart  ·  Esc: back")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look again."""
        event.stop()
        text = event.value.strip()
        found = self._search(text) if text else ()
        self._found = [] if isinstance(found, Refused) else list(found)
        self._chosen = 0
        self.draw()
        if isinstance(found, Refused):
            self.refuse(found)
        else:
            self.tell("")

    def key_pressed(self, name: str, character: str | None) -> bool:
        """Move through what was found."""
        step = {"up": -1, "down": 1, "pageup": -SHOWN, "pagedown": SHOWN}.get(name)
        if step is None:
            return super().key_pressed(name, character)
        self._chosen = max(0, min(self._chosen + step, len(self._found) - 1))
        self.draw()
        return True

    def confirm(self) -> None:
        """Put the marked one in."""
        if self._found:
            self.dismiss(self._found[self._chosen].sku)
        else:
            self.app.bell()

    def _head(self) -> Row:
        say = self.say
        name = self.inner - 34
        cells = (
            fit(say("Goods"), name),
            fit(say("From"), 8),
            right(say("Retail"), 9),
            right("PLUS", 9),
        )
        return (*((f"{cell} ", "head") for cell in cells), (" " * 5, "head"))

    def _row(self, item: Item) -> Row:
        plus = item.retail_fen if item.plus_fen is None else item.plus_fen
        name = self.say.pick(item.name_zh, item.name_en)
        return (
            (fit(name, self.inner - 34) + " ", "plain"),
            (fit(item.cluster, 8) + " ", "dim"),
            (right(format_yuan(item.retail_fen), 9) + " ", "plain"),
            (right(format_yuan(plus), 9), "money"),
        )
