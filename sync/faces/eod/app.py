"""The evening as a Textual app: themes, language, and what its tasks tell."""

from pathlib import Path
from typing import ClassVar

from msgspec import structs
from textual.app import App
from textual.binding import BindingType

from sync.faces.eod.report import Report
from sync.faces.eod.screen import EveningScreen
from sync.faces.eod.tasks import Done, Progressed, Tasks
from sync.faces.eod.work import Looked
from sync.faces.screen.ending import end_when_told
from sync.faces.screen.looks import DARK, DIALOGS, THEMES
from sync.language import LANGUAGES
from sync.rules.center_day import Settled
from sync.rules.refusal import Refused
from sync.services.closing import Closed
from sync.services.end_of_day import Evening
from sync.setup import Setup, UiSettings

ASK_EVERY_S = 30.0
DRAW_EVERY_S = 5.0


class EveningApp(App[None], inherit_bindings=False):
    """Runs the end of day of one till until it is left."""

    CSS_PATH: ClassVar[list[str | Path]] = ["eod.tcss", DIALOGS]  # type: ignore[assignment]
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, setup: Setup, day: str = "") -> None:
        super().__init__()
        self.setup, self.day = setup, day
        self.say = setup.say
        self.tasks = Tasks(setup)
        for theme in THEMES.values():
            self.register_theme(theme)
        asked = setup.settings.get(UiSettings).theme
        self.theme = THEMES.get(asked, DARK).name
        self.evening_screen = EveningScreen(self.tasks, self.say)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Know our own colour names even before a theme of ours is chosen."""
        return DARK.variables

    def on_mount(self) -> None:
        """Show what is known, then compare; look again from time to time."""
        end_when_told(self)
        self.tasks.app = self
        self.push_screen(self.evening_screen)
        self.call_after_refresh(self._begin)
        self.set_interval(DRAW_EVERY_S, self._tick)
        self.set_interval(ASK_EVERY_S, self._ask_again)

    def _begin(self) -> None:
        self.tasks.look(self.day)
        self.tasks.refresh(self.day)

    def action_theme(self) -> None:
        """Change between dark and light."""
        other = "light" if self.current_theme.dark else "dark"
        self.theme = THEMES[other].name
        self.evening_screen.refresh()

    def action_language(self) -> None:
        """Change between Chinese and English."""
        other = next(name for name in LANGUAGES if name != self.say.name)
        self.say = self.setup.say.speaking(other)
        self.tasks.setup = structs.replace(self.setup, say=self.say)
        self.evening_screen.tell("")
        self.evening_screen.relabel(self.say)

    def _tick(self) -> None:
        if self.screen is self.evening_screen:
            self.evening_screen.draw()

    def _ask_again(self) -> None:
        evening = self.evening_screen.evening
        if evening is not None and not self.tasks.busy and self.screen is self.evening_screen:
            self.tasks.ask(evening.day)

    def on_progressed(self, message: Progressed) -> None:
        """Show how far a task is."""
        self.evening_screen.progress(message.step, message.done, message.of)

    def on_done(self, message: Done) -> None:
        """Show what came of a task."""
        screen, result = self.evening_screen, message.result
        if isinstance(result, Refused):
            screen.refuse(result)
        elif isinstance(result, Evening):
            if message.name == "look":
                screen.show(result)
            else:
                screen.asked(result)
        elif isinstance(result, Looked):
            screen.reconciled(result)
        elif isinstance(result, Settled):
            screen.settled(result)
        elif isinstance(result, tuple):
            closed, looked = result
            assert isinstance(closed, Closed)
            screen.closed(closed, looked)
        elif isinstance(result, Report):
            text = screen.say("The report is in {path}", path=result.path)
            screen.tell(f"✓ {text}", "said_good")
