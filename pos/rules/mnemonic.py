"""Mnemonics (助记码): the pinyin initials of a Chinese name, with the other readings it may have.

Dictionaries get some names wrong, so a mnemonic holds several spellings, the likeliest first:
`cykz|zykz` finds 长垣口罩 either way. It is a field of the item that people may edit.
"""

import functools
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from pos.rules.codes import half_width

MOST_SPELLINGS = 8
SEPARATOR = "|"


class Initials:
    """Knows the initials of every hanzi; reading pypinyin's dictionaries takes half a second."""

    def __init__(self) -> None:
        from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

        self._usual: dict[str, str] = {}
        self._others: dict[str, tuple[str, ...]] = {}
        for code, readings in PINYIN_DICT.items():
            self._learn(chr(code), [_initial(reading) for reading in readings.split(",")])
        for hanzi, counted in _count_readings(PHRASES_DICT).items():
            self._learn(hanzi, [letter for letter, _ in counted.most_common()])
        self._phrases, self._lengths = self._irregular(PHRASES_DICT)

    def mnemonic(self, name: str) -> str:
        """Return the mnemonic of a name: at most eight spellings separated by `|`.

        Letters and digits stay, in lower case; all else is left out. May be empty.
        """
        plain = half_width(name).lower()
        likeliest = self._likeliest(plain)
        spellings = ["".join(likeliest)]
        for place, character in enumerate(plain):
            for other in self._others.get(character, ()):
                spelling = [*likeliest[:place], other, *likeliest[place + 1 :]]
                spellings.append("".join(spelling))
        return SEPARATOR.join(list(dict.fromkeys(spellings))[:MOST_SPELLINGS])

    def _learn(self, hanzi: str, letters: Sequence[str]) -> None:
        usual, *others = dict.fromkeys(letter for letter in letters if letter)
        self._usual[hanzi] = usual
        self._others[hanzi] = tuple(others)
        if not others:
            del self._others[hanzi]

    def _likeliest(self, plain: str) -> list[str]:
        letters = [self._letter(character) for character in plain]
        for place, character in enumerate(plain):
            for length in self._lengths.get(character, ()):
                known = self._phrases.get(plain[place : place + length])
                if known is not None:
                    letters[place : place + length] = known
                    break
        return letters

    def _letter(self, character: str) -> str:
        usual = self._usual.get(character)
        if usual is not None:
            return usual
        return character if character.isascii() and character.isalnum() else ""

    def _irregular(
        self, phrases: Mapping[str, Sequence[Sequence[str]]]
    ) -> tuple[dict[str, str], dict[str, tuple[int, ...]]]:
        """Keep the phrases that read otherwise than their hanzi do one by one."""
        kept: dict[str, str] = {}
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for phrase, readings in phrases.items():
            letters = "".join(_initial(reading[0]) for reading in readings)
            if len(letters) == len(phrase) and letters != "".join(map(self._letter, phrase)):
                kept[phrase] = letters
                lengths[phrase[0]].add(len(phrase))
        return kept, {first: tuple(sorted(ns, reverse=True)) for first, ns in lengths.items()}


def _count_readings(
    phrases: Mapping[str, Sequence[Sequence[str]]],
) -> dict[str, Counter[str]]:
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for phrase, readings in phrases.items():
        for hanzi, reading in zip(phrase, readings, strict=False):
            counted[hanzi][_initial(reading[0])] += 1
    return counted


@functools.cache
def _initial(reading: str) -> str:
    """Return the plain first letter of a reading such as `háng` or `ē`."""
    first = reading[0]
    return first if first.isascii() else unicodedata.normalize("NFD", first)[0]
