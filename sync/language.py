"""UI languages through gettext: English message ids, Chinese catalogues, Chinese the default."""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Sequence
from pathlib import Path

from sync.rules.refusal import Bilingual, Refused, Words
from sync.rules.system_words import PHRASES, phrase_of

LANGUAGES = ("zh", "en")
_HERE = Path(__file__).parent.parent
_QUOTED = re.compile(r"'([\w.-]+)'")  # names of options and choices: plain words
_WIDE_SPACE = "\u3000"
_MOST_SHOWN = 300


class Language:
    """One UI language: translates message ids; missing ones come back as they are."""

    def __init__(self, name: str, packages: Sequence[str]) -> None:
        """Load the catalogues `<package>/locale/<name>/*.mo` of the given packages."""
        self.name = name
        self._packages = tuple(packages)
        self._others: dict[str, Language] = {}
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

    def speaking(self, name: str) -> Language:
        """Return the same in another of `LANGUAGES`, loaded when first asked for."""
        if name == self.name:
            return self
        found = self._others.get(name)
        if found is None:
            found = self._others[name] = Language(name, self._packages)
        return found

    def refusal(self, refused: Refused) -> str:
        """Say a refusal in one line, safe for a terminal: what is wrong, then what to do."""
        values = {name: self._shown(value) for name, value in refused.values.items()}
        hint = self(refused.hint).format(**values)
        joint = "" if self.name == "zh" else " "
        return f"{self.message(refused)}{joint}{hint}".strip()

    def message(self, refused: Refused) -> str:
        """Say only what is wrong, in one line, safe for a terminal."""
        values = {name: self._shown(value) for name, value in refused.values.items()}
        return self(refused.message).format(**values)

    def _shown(self, value: object) -> object:
        if isinstance(value, Words):
            inner = {name: self._shown(each) for name, each in value.values.items()}
            return self(value.message).format(**inner)
        if isinstance(value, int):
            return value
        if isinstance(value, Bilingual):
            value = self.pick(value.chinese, value.english)
        text = phrase_of(value) if isinstance(value, Exception) else str(value)
        return self(text) if text in PHRASES else shortened(one_line(text))

    def ended(self, sentence: str) -> str:
        """End and quote a sentence that another library wrote as this language does."""
        if self.name != "zh":
            return sentence
        return _QUOTED.sub(r"\1", sentence).rstrip(".。") + "。"

    def pick(self, chinese: str, english: str) -> str:
        """Choose between data given in both languages; Chinese where English is missing."""
        return english if self.name == "en" and english else chinese


def speak_everywhere(name: str) -> None:
    """Let the command-line library speak a UI language too, for the whole process.

    It asks the standard library's gettext, which finds the language in the environment and the
    catalogue `<package>/locale/<name>/LC_MESSAGES/messages.mo`.
    """
    gettext.bindtextdomain(gettext.textdomain(), _HERE / "sync" / "locale")
    os.environ["LANGUAGE"] = name


def shortened(text: str) -> str:
    """Cut what nobody reads to its end: a refusal is a line, whatever was typed or pasted."""
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


def one_line(text: str) -> str:
    r"""Spell out what would break a line or drive a terminal; everything readable stays.

    >>> one_line("红\x1b[31m\n")
    '红\\x1b[31m\\n'
    """
    return "".join(
        each
        if each.isprintable() or each == _WIDE_SPACE
        else each.encode("unicode_escape").decode()
        for each in text
    )
