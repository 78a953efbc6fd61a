"""Mnemonics (助记码): the pinyin initials of a Chinese name, with the other readings it may have.

Dictionaries get some names wrong, so a mnemonic holds several spellings, the likeliest first:
`cykz|zykz` finds 长垣口罩 either way. It is a field of the item that people may edit.
"""

import functools
import unicodedata
from collections import Counter
from itertools import chain, starmap

from pos.rules.codes import half_width

MOST_SPELLINGS = 8
SEPARATOR = "|"


class Initials:
    """Knows the initials of every hanzi; reading pypinyin's dictionaries takes half a second."""

    def __init__(self) -> None:
        from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

        readings = {chr(code): _letters(text) for code, text in PINYIN_DICT.items()}
        several = {hanzi for hanzi, letters in readings.items() if len(letters) > 1}
        phrases = [
            (phrase, "".join([_initial(reading[0]) for reading in read]))
            for phrase, read in PHRASES_DICT.items()
            if not several.isdisjoint(phrase) and len(phrase) == len(read)
        ]
        counted = Counter(chain.from_iterable(starmap(zip, phrases)))
        seen: dict[str, str] = {}
        for (hanzi, letter), _ in counted.most_common():
            seen[hanzi] = seen.get(hanzi, "") + letter
        spoken = readings | seen  # the letters a hanzi has in phrases, the most frequent first
        self._usual = {hanzi: letters[0] for hanzi, letters in spoken.items()}
        self._others = {hanzi: letters[1:] for hanzi, letters in spoken.items() if letters[1:]}
        self._phrases = {p: letters for p, letters in phrases if letters != self._plainly(p)}
        self._lengths: dict[str, list[int]] = {}  # of phrases that begin so, the longest first
        for first, length in sorted({(p[0], -len(p)) for p in self._phrases}):
            self._lengths.setdefault(first, []).append(-length)

    def mnemonic(self, name: str) -> str:
        """Return the mnemonic of a name: at most eight spellings separated by `|`.

        Letters and digits stay, in lower case; all else is left out. May be empty.
        """
        plain = half_width(name).lower()
        likeliest = self._likeliest(plain)
        whole = "".join(likeliest)
        if self._others.keys().isdisjoint(plain):
            return whole
        spellings = [whole]
        for place, hanzi in enumerate(plain):
            if hanzi in self._others:
                before, after = "".join(likeliest[:place]), "".join(likeliest[place + 1 :])
                spellings += [before + other + after for other in self._others[hanzi]]
        return SEPARATOR.join(list(dict.fromkeys(spellings))[:MOST_SPELLINGS])

    def _likeliest(self, plain: str) -> list[str]:
        letters = [self._usual.get(character) or _kept(character) for character in plain]
        if self._lengths.keys().isdisjoint(plain):
            return letters
        for place, character in enumerate(plain):
            for length in self._lengths.get(character, ()):
                known = self._phrases.get(plain[place : place + length])
                if known is not None:
                    letters[place : place + length] = known
                    break
        return letters

    def _plainly(self, phrase: str) -> str:
        return "".join([self._usual.get(hanzi, "") for hanzi in phrase])


def _kept(character: str) -> str:
    """Return what stands for a character that is no hanzi."""
    return character if character.isascii() and character.isalnum() else ""


@functools.cache
def _letters(readings: str) -> str:
    """Return the different first letters of readings such as `zhǎng,cháng`, in their order."""
    return "".join(dict.fromkeys(_initial(reading) for reading in readings.split(",")))


@functools.cache
def _initial(reading: str) -> str:
    """Return the plain first letter of a reading such as `háng` or `ē`."""
    first = reading[0]
    return first if first.isascii() else unicodedata.normalize("NFD", first)[0]
