"""Boxes of the evening's screen: its keys, entries that differ, exceptions, closing a day."""

from collections.abc import Mapping

from sync.faces.eod import words
from sync.faces.eod.drawing import differing_rows
from sync.faces.screen.dialogs import Ask, Confirm, Dialog, Help, Pick
from sync.faces.screen.rows import EMPTY, Row, fit, wrap
from sync.language import Language
from sync.rules.center_day import MOST_REASON, Matter
from sync.rules.reconciling import Differing, Reconciled
from sync.rules.refusal import N_, Refused

_MOST_LISTED = 8
GUIDE = N_(
    "Each till's own figures stand beside what the hub has of it. A till agrees only if count and "
    "money of every kind are the same and the hub has its chain up to the last entry. Nothing is "
    "lost while a till cannot send: it keeps everything and sends it later."
)
MEANINGS: tuple[tuple[str, str], ...] = (
    ("↑ ↓", N_("Choose a till")),
    ("← →", N_("The day before, the day after")),
    ("F5", N_("Send what is left, ask the hub, compare")),
    ("F7", N_("Settle an exception with a reason")),
    ("F8", N_("Entries that only one side has (this till)")),
    ("F9", N_("Close the day at this till")),
    ("F10", N_("Write the day's report to a file")),
    ("F11 Ctrl+T", N_("Dark or light")),
    ("F12 Ctrl+L", N_("Chinese or English")),
    ("Ctrl+Q", N_("Leave")),
)


class Guide(Help):
    """Says what the screen shows, and every key."""

    WIDTH = 84

    def body(self) -> list[Row]:
        """The guide, then the keys."""
        guide: list[Row] = [((line, "plain"),) for line in wrap(self.say(GUIDE), self.inner)]
        keys: list[Row] = [
            ((fit(key, 14), "bar_key"), (self.say(meaning), "plain")) for key, meaning in MEANINGS
        ]
        return [*guide, EMPTY, *keys]

    def foot(self) -> str:
        """The way back."""
        return self.say("Enter or Esc: back")


class Entries(Dialog[None]):
    """Lists what only one side has of this till's day."""

    WIDTH = 94

    def __init__(self, say: Language, kinds: Mapping[str, str], differing: Differing) -> None:
        super().__init__(say, say("Entries that differ"))
        self._kinds, self._differing = kinds, differing

    def body(self) -> list[Row]:
        """Both lists, the first entries of each."""
        rows = differing_rows(self.say, self._kinds, self._differing, _MOST_LISTED)
        return rows or [((self.say("Both sides have the same entries."), "good"),)]

    def foot(self) -> str:
        """The way back."""
        return self.say("Enter or Esc: back")


class Matters(Pick):
    """Picks one of a till's exceptions."""

    WIDTH = 94

    def __init__(self, say: Language, till: Reconciled) -> None:
        rows: list[Row] = []
        for matter in till.exceptions[:9]:
            text = f"{words.matter_words(say, matter)}  {words.matter_place(matter)}"
            rows.append(((fit(text, self.WIDTH - 12), "plain"),))
        heading = say("Exceptions of {till}", till=till.name)
        super().__init__(say, heading, rows, empty=say("There is nothing to settle."))


class Reason(Ask):
    """Asks why an exception is settled."""

    WIDTH = 84

    def __init__(self, say: Language, matter: Matter) -> None:
        inner = self.WIDTH - 6
        text = f"{words.matter_words(say, matter)}  {words.matter_place(matter)}"
        rows: list[Row] = [((line, "plain"),) for line in wrap(text, inner)]

        def check(reason: str) -> Refused | None:
            if 0 < len(reason) <= MOST_REASON:
                return None
            return Refused(
                "settle.reason",
                N_("A reason is needed, of up to {most} characters."),
                values={"most": MOST_REASON},
            )

        hint = say("What was found out, and what was done")
        super().__init__(say, say("Settle with a reason"), rows, check, hint=hint)


class CloseDay(Confirm):
    """Asks before a day is closed."""

    WIDTH = 74

    def __init__(self, say: Language, day: str, following: str, own: Reconciled | None) -> None:
        question = say(
            "Close {day} at this till? Its totals become an entry of the journal that nobody can "
            "change. What is sold afterwards counts for {next}.",
            day=day,
            next=following,
        )
        super().__init__(say, say("Close the day"), question)
        self._own = own

    def body(self) -> list[Row]:
        """The question, and what is still open."""
        rows, own = super().body(), self._own
        if own is not None and own.pending:
            said = self.say("Entries still to be sent: {count}; that can wait.", count=own.pending)
            rows += [EMPTY, ((said, "money"),)]
        if own is not None and own.state == "differs":
            rows += [EMPTY, ((self.say("This till and the hub do not agree yet."), "bad"),)]
        return rows
