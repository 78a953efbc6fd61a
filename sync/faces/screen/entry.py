"""A line to type in, whose keys act in order: Enter never overtakes the characters before it."""

from textual import events
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection


class Listens:
    """A screen whose keys are settled by one method, before and beside any line to type in."""

    def key_pressed(self, name: str, character: str | None) -> bool:
        """Act on a key; False lets it be typed or ignored."""
        raise NotImplementedError

    def on_key(self, event: events.Key) -> None:
        """Take the keys that no line to type in has taken."""
        assert isinstance(self, Screen)
        if _settled(self, event):
            return
        entry = next(iter(self.query(Entry)), None)
        if entry is not None and event.is_printable and event.character is not None:
            event.stop()
            entry.write(event.character)


class Entry(Input):
    """An input that asks its screen first and keeps no bindings of its own for Enter."""

    def __init__(
        self,
        value: str = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        most: int = 0,
    ) -> None:
        super().__init__(value, id=id, max_length=most, select_on_focus=bool(value))
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        screen = self.screen
        if isinstance(screen, Listens) and _settled(screen, event):
            event.prevent_default()

    def write(self, character: str) -> None:
        """Type where the cursor is, in place of what is marked."""
        if self.selection.is_empty:
            self.insert_text_at_cursor(character)
        else:
            self.replace(character, *self.selection)

    def mark(self) -> None:
        """Mark all that was typed: what is typed next replaces it."""
        self.selection = Selection(0, len(self.value))

    def take(self) -> str:
        """Return what was typed, and forget it."""
        text, self.value = self.value.strip(), ""
        return text


def _settled(screen: Listens, event: events.Key) -> bool:
    """Let a screen act on a key, or the one on top since a key before this one came in between."""
    assert isinstance(screen, Screen)
    top = screen.app.screen
    if top is not screen and isinstance(top, Listens):
        event.stop()
        top.call_later(top.on_key, event)
        return True
    character = event.character if event.is_printable else None
    name = "enter" if event.key == "ctrl+j" else event.key
    if not screen.key_pressed(name, character):
        return False
    event.stop()
    return True


def typed_into(widget: Widget) -> Entry:
    """Return the line of a screen that is being typed into."""
    return widget.query(Entry).first()
