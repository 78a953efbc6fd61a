"""What is wrong with a value in the configuration file, in words that can be translated."""

import re

from sync.rules.refusal import N_, Words


class SettingError(ValueError):
    """A section refuses one of its own values in `__post_init__`; says which key, and why."""

    def __init__(self, key: str, message: str, /, **values: object) -> None:
        self.key = key
        self.words = Words(message, values)
        super().__init__(f"{key}: {self.words}")


def in_words(problem: str) -> Words | str:
    """Put into our own words what msgspec says of a value, or leave it as it is said.

    >>> str(in_words("Expected `int`, got `str`"))
    'a whole number is expected'
    >>> str(in_words("Expected `int` <= 65535"))
    'at most 65535 is allowed'
    """
    for pattern, message in _PATTERNS:
        match = re.fullmatch(pattern, problem, re.DOTALL)
        if match is not None:
            return Words(message, match.groupdict())
    return problem


EXPECTED_TABLE = Words(N_("a table is expected"))

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
    (r"Invalid enum value '?(?P<value>.*?)'?", N_("“{value}” is none of the choices")),
)
