"""What a person is told when something they asked for cannot be done."""

from collections.abc import Mapping

import msgspec


class Refused(msgspec.Struct, frozen=True):
    """A refusal that a person can cause: a value to return, never an exception.

    `reason` is a stable dotted slug for programs (`scan.check_digit`).
    `message` says what is wrong and where; `hint` says what to do. Both are English
    message ids for gettext with `{name}` places, filled from `values` after translation.
    """

    reason: str
    message: str
    hint: str = ""
    values: Mapping[str, object] = msgspec.field(default_factory=dict)


class Words(msgspec.Struct, frozen=True):
    """A phrase with values of its own, inside a refusal's `values`: translated where it is said."""

    message: str
    values: Mapping[str, object] = msgspec.field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in English."""
        return self.message.format(**self.values)


class Bilingual(msgspec.Struct, frozen=True):
    """A name that the data give in both languages, inside a refusal's `values`."""

    chinese: str
    english: str

    def __str__(self) -> str:
        """Say it in Chinese, which is always given."""
        return self.chinese


class Fault(Exception):  # noqa: N818 - a fault of the machine, as refusals are a person's
    """An I/O failure that a person has to act on; carries the same words as a refusal."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message.format(**refused.values))
        self.refused = refused


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark an English message id for the catalogues without translating it here."""
    return message
