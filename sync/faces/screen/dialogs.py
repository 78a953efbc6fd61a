"""Boxes over a screen: ask for one line, pick from a list, confirm. A scan confirms none."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from sync.faces.screen.entry import Entry, Listens
from sync.faces.screen.looks import Tone
from sync.faces.screen.rows import EMPTY, Row, Rows, fit, wrap
from sync.language import Language
from sync.rules.refusal import Refused

T = TypeVar("T")


class Dialog(Listens, ModalScreen[T]):
    """A box with a heading, rows, perhaps a line to type in, and a line that answers."""

    WIDTH: ClassVar[int] = 64
    PASSES_SCANS: ClassVar[bool] = False

    def __init__(self, say: Language, heading: str) -> None:
        super().__init__()
        self.say = say
        self.heading = heading
        self.said = ""

    @property
    def inner(self) -> int:
        """Cells between the box's edges."""
        return self.WIDTH - 6

    def compose(self) -> ComposeResult:
        """Lay out heading, rows, line and answer."""
        with Vertical(id="box") as box:
            box.styles.width = self.WIDTH
            box.border_title = f" {self.heading} "
            yield Rows(id="body")
            yield from self.lines()
            yield Rows(id="said")
            yield Rows(id="foot")

    def lines(self) -> Sequence[Entry]:
        """The lines to type in."""
        return ()

    def body(self) -> list[Row]:
        """The rows under the heading."""
        return []

    def foot(self) -> str:
        """The keys that matter here."""
        return self.say("Enter: yes  ·  Esc: back")

    def on_mount(self) -> None:
        """Show everything once."""
        self.relabel(self.say, self.heading)
        self.begin()

    def relabel(self, say: Language, heading: str) -> None:
        """Say everything again, in this language."""
        self.say, self.heading = say, heading
        self.query_one("#box").border_title = f" {heading} "
        self.draw()
        self.query_one("#foot", Rows).show([((self.foot(), "dim"),)])
        self.tell("")

    def begin(self) -> None:
        """What a box of its own kind does once shown."""

    def draw(self) -> None:
        """Show the rows as they are now."""
        self.query_one("#body", Rows).show([*self.body(), EMPTY])

    def tell(self, text: str, tone: Tone = "said_plain") -> None:
        """Answer in the box."""
        self.said = text
        rows: list[Row] = [
            ((fit(f" {line}", self.inner), tone),) for line in wrap(text, self.inner - 2)
        ]
        self.query_one("#said", Rows).show([*(rows if text else [EMPTY]), EMPTY])

    def refuse(self, refused: Refused) -> None:
        """Say a refusal aloud, in the box."""
        self.app.bell()
        self.tell(self.say.refusal(refused), "said_bad")

    def refuse_entered(self, refused: Refused) -> None:
        """Refuse what Enter was pressed on: it gives way to what is typed next."""
        self.refuse(refused)
        if isinstance(self.focused, Entry):
            self.focused.mark()

    def scanned(self, text: str) -> None:
        """Refuse a scan aloud, or step aside for it where nothing is being asked."""
        if self.PASSES_SCANS:
            self.dismiss(None)
            below = self.app.screen
            assert below is not self
            below.scanned(text)  # type: ignore[attr-defined]
            return
        self.app.bell()
        self.tell(self.say("Scan not taken: finish here first, or Esc."), "said_bad")

    def key_pressed(self, name: str, character: str | None) -> bool:
        """Close on Esc, go on on Enter."""
        del character
        if name == "escape":
            self.dismiss(None)
        elif name == "enter":
            self.confirm()
        else:
            return False
        return True

    def confirm(self) -> None:
        """What Enter does."""
        self.dismiss(None)


class Help(Dialog[None]):
    """Tells the keys of a screen; those for its colours and its language work here too."""

    def __init__(self, say: Language, action_of: Callable[[str, str | None], str | None]) -> None:
        super().__init__(say, say("Help"))
        self._action_of = action_of

    def key_pressed(self, name: str, character: str | None) -> bool:
        """Look or speak otherwise at once; Esc and Enter close."""
        app: Any = self.app
        match self._action_of(name, character):
            case "theme":
                app.action_theme()
                self.refresh()
            case "language":
                app.action_language()
                self.relabel(app.say, app.say("Help"))
            case _:
                return super().key_pressed(name, character)
        return True


class Ask(Dialog[str]):
    """Asks for one line; what is done with it may be refused, and then it asks again."""

    def __init__(
        self,
        say: Language,
        heading: str,
        rows: Sequence[Row],
        act: Callable[[str], Refused | None],
        *,
        value: str = "",
        hint: str = "",
        scan_fills: Callable[[str], str | None] = lambda _text: None,
        scan_acts: bool = False,
    ) -> None:
        super().__init__(say, heading)
        self._rows = list(rows)
        self._act = act
        self._entry = Entry(value, most=400)
        self._entry.placeholder = hint
        self._scan_fills, self._scan_acts = scan_fills, scan_acts

    def body(self) -> list[Row]:
        """What the line is for."""
        return self._rows

    def lines(self) -> Sequence[Entry]:
        """The one line."""
        return (self._entry,)

    def confirm(self) -> None:
        """Do it; close if it was done."""
        self._do(self._entry.value.strip())

    def scanned(self, text: str) -> None:
        """Take a scan where it is what the line waits for."""
        filled = self._scan_fills(text)
        if self._scan_acts:
            self._do(text)
        elif filled is not None:
            self._entry.value = filled
            self._entry.cursor_position = len(filled)
        else:
            super().scanned(text)

    def _do(self, text: str) -> None:
        refused = self._act(text)
        if isinstance(refused, Refused):
            self.refuse_entered(refused)
        else:
            self.dismiss(text)


class Pick(Dialog[int]):
    """Picks one of a few rows, by arrows and Enter or by its digit."""

    def __init__(
        self, say: Language, heading: str, choices: Sequence[Row], *, empty: str = ""
    ) -> None:
        super().__init__(say, heading)
        self._choices = list(choices)
        self._empty = empty
        self._chosen = 0

    def body(self) -> list[Row]:
        """The choices, one of them marked."""
        if not self._choices:
            return [((self._empty, "dim"),)]
        return [
            marked(
                ((f"{place:>2}  ", "bar_key"), *row), self.inner, chosen=place - 1 == self._chosen
            )
            for place, row in enumerate(self._choices, 1)
        ]

    def foot(self) -> str:
        """The keys that matter here."""
        return self.say("1-9 or ↑ ↓ and Enter  ·  Esc: back")

    def key_pressed(self, name: str, character: str | None) -> bool:
        """Move, or take."""
        if name in ("up", "down") and self._choices:
            step = 1 if name == "down" else -1
            self._chosen = (self._chosen + step) % len(self._choices)
            self.draw()
            return True
        if character and character in "123456789" and int(character) <= len(self._choices):
            self.dismiss(int(character) - 1)
            return True
        return super().key_pressed(name, character)

    def confirm(self) -> None:
        """Take the marked one."""
        self.dismiss(self._chosen if self._choices else None)


class Confirm(Dialog[bool]):
    """Asks before something that cannot be taken back."""

    def __init__(self, say: Language, heading: str, question: str) -> None:
        super().__init__(say, heading)
        self._question = question

    def body(self) -> list[Row]:
        """The question."""
        return [((line, "plain"),) for line in wrap(self._question, self.inner)]

    def confirm(self) -> None:
        """Yes."""
        self.dismiss(True)  # noqa: FBT003 - the dialog's whole answer


def marked(row: Row, width: int, *, chosen: bool) -> Row:
    """Mark the chosen one of several rows, and fill it to the width."""
    tones: dict[Tone, Tone] = {
        "money": "chosen_money",
        "bar_key": "chosen_money",
        "dim": "chosen_dim",
    }
    spans = tuple((text, tones.get(tone, "chosen") if chosen else tone) for text, tone in row)
    text = "".join(text for text, _ in spans)
    missing = len(fit(text, width)) - len(text)
    return (*spans, (" " * max(missing, 0), "chosen" if chosen else "plain"))
