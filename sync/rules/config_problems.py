"""What is wrong with a value in the configuration file, in words that can be translated."""

import re
from collections.abc import Sequence
from unicodedata import category

from sync.rules.refusal import N_, Words

_CONTROLS = frozenset({"Cc", "Zl", "Zp"})


class SettingError(ValueError):
    """A section refuses one of its own values in `__post_init__`; says which key, and why."""

    def __init__(self, key: str, message: str, /, **values: object) -> None:
        self.key = key
        self.words = Words(message, values)
        super().__init__(f"{key}: {self.words}")


def check_name(key: str, name: str) -> None:
    """Raise `SettingError` for a name that would not stay on its line, or command a terminal."""
    if any(category(character) in _CONTROLS for character in name):
        raise SettingError(key, N_("it has line breaks or control characters in it"))


def in_words(problem: str, choices: Sequence[str] = ()) -> Words | str:
    """Put into our own words what msgspec says of a value, or leave it as it is said.

    `choices` are the values that the key may have, where it may have only some.

    >>> str(in_words("Expected `int`, got `str`"))
    'a whole number is expected'
    >>> str(in_words("Expected `int` <= 65535"))
    'at most 65535 is allowed'
    >>> str(in_words("Invalid enum value 'jio'", ("off", "jiao")))
    '“jio” is none of off, jiao'
    """
    for pattern, message in _PATTERNS:
        match = re.fullmatch(pattern, problem, re.DOTALL)
        if match is not None:
            if message is _NO_CHOICE and choices:
                message = _NONE_OF
            return Words(message, {**match.groupdict(), "choices": ", ".join(choices)})
    return problem


def toml_problem(error: ValueError) -> Words:
    """Say where a text stops being TOML; the parser's own words are left out.

    >>> str(toml_problem(ValueError("Invalid value (at line 3, column 9)")))
    'line 3 cannot be read from column 9 on'
    >>> str(toml_problem(ValueError("Unterminated string (at end of document)")))
    'it ends in the middle of a value'
    """
    if isinstance(error, UnicodeDecodeError):
        return Words(N_("it is not text in UTF-8"))
    said = str(error)
    place = re.search(r"\(at line (?P<line>\d+), column (?P<column>\d+)\)$", said)
    if place is not None:
        again = said.startswith("Cannot")
        return Words(_SAID_TWICE if again else _NOT_READ, place.groupdict())
    if said.endswith("(at end of document)"):
        again = said.startswith("Cannot")
        return Words(_LAST_SAID_TWICE if again else N_("it ends in the middle of a value"))
    return Words(N_("a number in it is too long"))


_NOT_READ = N_("line {line} cannot be read from column {column} on")
_SAID_TWICE = N_("line {line} sets again what stands above it")
_LAST_SAID_TWICE = N_("the last line sets again what stands above it")

EXPECTED_TABLE = Words(N_("a table is expected"))

_NO_CHOICE = N_("“{value}” is none of the choices")
_NONE_OF = N_("“{value}” is none of {choices}")
_PATTERNS = (
    (r"Expected `int`, got `\w+`", N_("a whole number is expected")),
    (r"Expected `str`, got `\w+`", N_("a text in quotes is expected")),
    (r"Expected `bool`, got `\w+`", N_("true or false is expected")),
    (r"Expected `array`, got `\w+`", N_("a list in brackets is expected")),
    (r"Expected `object`, got `\w+`", EXPECTED_TABLE.message),
    (r"Expected `int` >= (?P<least>-?\d+)", N_("at least {least} is needed")),
    (r"Expected `int` <= (?P<most>-?\d+)", N_("at most {most} is allowed")),
    (r"Expected `str` of length >= 1", N_("it may not be empty")),
    (r"Object missing required field `(?P<name>\w+)`", N_("its {name} is missing")),
    (r"Invalid enum value '?(?P<value>.*?)'?", _NO_CHOICE),
)
