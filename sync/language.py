"""UI languages through gettext: English message ids, Chinese catalogues, Chinese the default."""

import gettext
from collections.abc import Sequence
from pathlib import Path

from sync.rules.refusal import Refused

LANGUAGES = ("zh", "en")
_HERE = Path(__file__).parent.parent


class Language:
    """One UI language: translates message ids; missing ones come back as they are."""

    def __init__(self, name: str, packages: Sequence[str]) -> None:
        """Load the catalogues `<package>/locale/<name>/*.mo` of the given packages."""
        self.name = name
        self._catalogue: gettext.NullTranslations = gettext.NullTranslations()
        for package in packages:
            for path in sorted((_HERE / package / "locale" / name).glob("*.mo")):
                with path.open("rb") as compiled:
                    catalogue = gettext.GNUTranslations(compiled)
                catalogue.add_fallback(self._catalogue)
                self._catalogue = catalogue

    def __call__(self, message: str, /, **values: object) -> str:
        """Translate a message id and fill in its `{name}` places."""
        text = self._catalogue.gettext(message) if message else ""
        return text.format(**values) if values else text

    def refusal(self, refused: Refused) -> str:
        """Say a refusal in one line: what is wrong, then what to do."""
        message = self(refused.message).format(**refused.values)
        hint = self(refused.hint).format(**refused.values)
        joint = "" if self.name == "zh" else " "
        return f"{message}{joint}{hint}".strip()

    def pick(self, chinese: str, english: str) -> str:
        """Choose between data given in both languages; Chinese where English is missing."""
        return english if self.name == "en" and english else chinese
