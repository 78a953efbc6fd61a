"""The exceptions on a day's report: what is still to settle, and what a person said of the rest."""

from __future__ import annotations

from datetime import date

import msgspec

from sync.faces.eod.words import clock, matter_place, matter_words
from sync.language import Language
from sync.rules.center_day import Matter, Settled
from sync.rules.day_report import DayAbout
from sync.rules.days import day_start_ms


class ExceptionRow(msgspec.Struct, frozen=True):
    """One exception of a till; `said` is the reason it was settled for, None while it is open."""

    till: str
    what: str
    place: str
    said: str | None
    by: str


def exceptions(about: DayAbout, say: Language) -> list[ExceptionRow]:
    """Return the open exceptions of every till, then those settled since the day began."""
    rows: list[ExceptionRow] = []
    for till in about.tills:
        rows += [_open(till.name, matter, say) for matter in till.exceptions]
        if till.exceptions_left:
            more = say("and {count} more", count=till.exceptions_left)
            rows.append(ExceptionRow(till.name, more, "", None, ""))
    begins_ms = day_start_ms(date.fromisoformat(about.day))
    for till in about.tills:
        since = [each for each in till.settled if each.at_ms >= begins_ms]
        rows += [_settled(till.name, each, about.day, say) for each in reversed(since)]
    return rows


def _open(till: str, matter: Matter, say: Language) -> ExceptionRow:
    return ExceptionRow(till, matter_words(say, matter), matter_place(matter), None, "")


def _settled(till: str, settled: Settled, day: str, say: Language) -> ExceptionRow:
    word = settled.settlement
    matter = Matter(word.kind, word.run, word.seq, word.about, settled.at_ms)
    by = f"{word.who} {clock(settled.at_ms, day=day)}"
    return ExceptionRow(till, matter_words(say, matter), matter_place(matter), word.reason, by)
