"""The counter as a Textual app: themes, language, scans, and how hub and printer stand."""

import gc
import threading
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from pos.faces.counter.actions import Counter
from pos.faces.counter.panels import Standing
from pos.faces.counter.scanner import ScannerApp
from pos.faces.counter.services import Services
from sync.faces.screen.ending import end_when_told
from sync.faces.screen.looks import DARK, DIALOGS, THEMES
from sync.language import LANGUAGES, Language
from sync.setup import UiSettings

LOOK_EVERY_S = 1.0
CLOCK_EVERY_S = 5.0


class StandingChanged(Message):
    """Hub or printer stand otherwise than a moment ago."""

    def __init__(self, standing: Standing) -> None:
        super().__init__()
        self.standing = standing


class CounterApp(ScannerApp[None], inherit_bindings=False):
    """Runs one counter until it is closed."""

    CSS_PATH: ClassVar[list[str | Path]] = ["counter.tcss", DIALOGS]  # type: ignore[assignment]
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services
        self.say = services.setup.say
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch_standing, name="standing", daemon=True)
        for theme in THEMES.values():
            self.register_theme(theme)
        asked = services.setup.settings.get(UiSettings).theme
        self.theme = THEMES.get(asked, DARK).name
        self._main = Counter(services, self.say)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Know our own colour names even before a theme of ours is chosen."""
        return DARK.variables

    def on_mount(self) -> None:
        """Show the sale, and begin to watch what goes on beside it."""
        end_when_told(self)
        self.push_screen(self._main)
        self.set_interval(CLOCK_EVERY_S, self._tick)
        self._watcher.start()
        self.call_after_refresh(_settle_memory)

    def on_unmount(self) -> None:
        """Let the watching thread end, before the databases close."""
        self._ended.set()
        self._watcher.join()

    def action_theme(self) -> None:
        """Change between dark and light."""
        other = "light" if self.current_theme.dark else "dark"
        self.theme = THEMES[other].name
        self._main.refresh()

    def action_language(self) -> None:
        """Change between Chinese and English."""
        other = next(name for name in LANGUAGES if name != self.say.name)
        self.say = Language(other, [package.name for package in self.services.setup.packages])
        self._main.tell("")  # it was said in the other language
        self._main.relabel(self.say)

    def _tick(self) -> None:
        if self._main.is_mounted:
            self._main.tick()

    def _watch_standing(self) -> None:
        """Ask beside the screen how hub and printer stand, and post what changed."""
        shown = Standing()
        while not self._ended.is_set():
            standing = self.services.standing()
            if standing is not None and standing != shown:
                shown = standing
                self.post_message(StandingChanged(standing))
            self._ended.wait(LOOK_EVERY_S)

    def on_standing_changed(self, message: StandingChanged) -> None:
        """Show how hub and printer stand now."""
        self._main.show_standing(message.standing)


def _settle_memory() -> None:
    """Keep the collector from walking what lives as long as the app: a scan must not wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    gc.enable()
