"""Telling a scanner's burst of keys from a person's typing, by the times of the keys alone.

A scanner is a keyboard that types faster than people do. Printable keys are held back for a
moment; Enter or Tab after a fast run of them makes a scan, anything else lets them go as typed,
in order. The times are those of the keys themselves, and of a key that had to wait until it was
read the earliest one counts: a busy program cuts no code in two.
"""

import itertools
import re
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

FEWEST_SCANNED = 6
FEWEST_FAST = 4  # digits; a code as short as a sum of money is told by its speed alone
FAST_GAP_S = 0.015  # no hand is as fast
FIRST_GAP_S = 0.050  # while fewer than `SURE` keys are held
LATER_GAP_S = 0.200  # a scanner's own hiccups inside a code
SURE = 4
ECHO_S = 0.050  # the LF of a CRLF, or Enter held down
ENDINGS = frozenset({"enter", "ctrl+j", "tab"})

_DIGITS = re.compile(r"[0-9０-９]+")
_AMOUNT = re.compile(r"[0-9０-９]{1,9}[.．][0-9０-９]{1,2}")
MOST_PASTED = 100
_PASTED = re.compile(r"[0-9０-９]{6,}|(?i:pm1:)\S+|(?i:https?://)\S+")


class Stroke(msgspec.Struct, Generic[T], frozen=True):
    """One key: its name, what it prints (or None), when it was read, and the event itself.

    It was pressed at most `waited_s` before it was read.
    """

    name: str
    character: str | None
    at_s: float
    event: T
    waited_s: float = 0.0


class Scan(msgspec.Struct, frozen=True):
    """What a scanner sent, without its ending."""

    text: str


class Bursts(Generic[T]):
    """Holds printable keys until they are known to be typed or scanned."""

    def __init__(self) -> None:
        self._held: list[Stroke[T]] = []
        self._ended_s: float | None = None

    @property
    def due_s(self) -> float | None:
        """Return when the held keys count as typed, unless more come; None if none are held."""
        if not self._held:
            return None
        gap_s = FIRST_GAP_S if len(self._held) < SURE else LATER_GAP_S
        return self._held[-1].at_s + gap_s

    def press(self, stroke: Stroke[T]) -> list[Stroke[T] | Scan]:
        """Take a key; return what is settled by it, in order: typed keys, or a scan."""
        settled: list[Stroke[T] | Scan] = list(self.release(stroke.at_s - stroke.waited_s))
        if stroke.name in ENDINGS:
            return settled + self._end(stroke)
        self._ended_s = None
        if _scannable(stroke.character):
            self._held.append(stroke)
            return settled
        return [*settled, *self.let_go(), stroke]

    def release(self, now_s: float) -> list[Stroke[T]]:
        """Return the held keys as typed if their time is over."""
        due_s = self.due_s
        return self.let_go() if due_s is not None and now_s > due_s else []

    def let_go(self) -> list[Stroke[T]]:
        """Return the held keys as typed, whatever their time."""
        held, self._held = self._held, []
        return held

    def _end(self, stroke: Stroke[T]) -> list[Stroke[T] | Scan]:
        echo = self._ended_s is not None and stroke.at_s - self._ended_s <= ECHO_S
        text = "".join(key.character or "" for key in self._held)
        if is_scan(text) or _is_fast(self._held, stroke):
            self._held.clear()
            self._ended_s = stroke.at_s
            return [Scan(text)]
        if stroke.name == "tab" and not echo:
            self._ended_s = None
            return [*self.let_go(), stroke]
        self._ended_s = stroke.at_s
        return [] if echo and not self._held else [*self.let_go(), stroke]


def is_scan(text: str) -> bool:
    """Tell whether a burst of this text is a scan; a quickly typed amount of money is none.

    >>> is_scan("9520123456788"), is_scan("12345"), is_scan("100.00")
    (True, False, False)
    """
    return len(text) >= FEWEST_SCANNED and _AMOUNT.fullmatch(text) is None


def _is_fast(held: Sequence[Stroke[T]], ending: Stroke[T]) -> bool:
    """Tell whether these are digits of a scanner by their speed; what had to wait proves none."""
    text = "".join(key.character or "" for key in held)
    if len(held) < FEWEST_FAST or _DIGITS.fullmatch(text) is None:
        return False
    keys = [*held, ending]
    return all(
        later.at_s - before.at_s + before.waited_s <= FAST_GAP_S
        for before, later in itertools.pairwise(keys)
    )


def pasted_scans(text: str) -> list[str]:
    """Return the scans in a pasted text (digits, a card, a link), a line each; none if just text.

    Several lines of which some are no scans are one scan as a whole, which nothing answers to:
    a field would keep the first line and drop the others without a word.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if all(_PASTED.fullmatch(line) for line in lines) and len(lines) <= MOST_PASTED:
        return lines
    return [" ".join(lines)] if len(lines) > 1 else []


def _scannable(character: str | None) -> bool:
    """Tell printable ASCII and its full-width forms, as a Chinese IME leaves them."""
    return character is not None and (" " <= character <= "~" or "！" <= character <= "～")
