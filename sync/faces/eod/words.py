"""What the end of day is called: states, sources, kinds, exceptions, ages."""

from collections.abc import Mapping

from sync.faces.ages import age
from sync.language import Language
from sync.package import Package
from sync.rules.center_day import Matter
from sync.rules.days import china_time
from sync.rules.reconciling import Reconciled, Source, State
from sync.rules.refusal import N_
from sync.services.end_of_day import Evening

STATE_WORDS: Mapping[State, str] = {
    "agrees": N_("agrees"),
    "pending": N_("to send"),
    "differs": N_("DIFFERS"),
    "unheard": N_("not heard"),
}
STATE_MEANS: Mapping[State, str] = {
    "agrees": N_("The hub has every entry and every fen of this till's day."),
    "pending": N_("Entries of this till have not reached the hub yet; they are kept and sent."),
    "differs": N_("Till and hub do not have the same; the differing kinds are marked."),
    "unheard": N_("The till has not been heard since; it may have sold more."),
}
STATE_HINTS: Mapping[State, str] = {
    "agrees": N_("Close the day with F9 once nobody sells here any more."),
    "pending": N_(
        "F5 sends what this till still has; another till sends while its counter is open."
    ),
    "differs": N_("F5 at that till names the entries; settle the exceptions with F7."),
    "unheard": N_("Open that till's counter, or close its day there: it sends by itself."),
}
SOURCE_WORDS: Mapping[Source, str] = {
    "journal": N_("its journal"),
    "closing": N_("its closing entry"),
    "running": N_("its running totals"),
    "none": N_("never heard"),
}
MATTER_WORDS: Mapping[str, str] = {
    "fork": N_("Fork: two entries in one place; this till's data was copied while it sold"),
    "branch": N_("Branch: its data was put back from a copy, or cloned"),
    "held": N_("Held: sent by a revoked till; see `xuanpin sync held`"),
    "revoked": N_("Booked before the till was revoked, but after it was stolen"),
    "exception": N_("Exception"),
    "uninterpreted": N_("Not readable by this hub"),
}
ABOUT_WORDS: tuple[tuple[str, str], ...] = (
    ("day totals ", N_("the closing of {what} has other totals than the hub")),
    ("closed day ", N_("booked for {what}, which was closed")),
    ("card counter ", N_("two cards under one counter {what}")),
    ("card serial ", N_("two memberships under one serial {what}")),
    ("card unconfirmed ", N_("a card that its till had no leave to sell: {what}")),
)


def kind_names(packages: tuple[Package, ...], say: Language) -> dict[str, str]:
    """Return what each declared journal kind is called on screens."""
    return {kind.name: say(kind.title) for package in packages for kind in package.kinds}


def matter_words(say: Language, matter: Matter) -> str:
    """Say in a sentence what an exception is about."""
    said = say(MATTER_WORDS.get(matter.kind, matter.kind))
    for start, words in ABOUT_WORDS:
        if matter.about.startswith(start):
            about = say(words, what=matter.about.removeprefix(start))
            break
    else:
        about = matter.about
    if matter.kind == "exception" and about == matter.about and about:
        about = say("one id came with two contents: {what}", what=about)
    return f"{said} · {about}" if about else said


def matter_place(matter: Matter) -> str:
    """Name an exception's place: run, and seq unless it is about the whole run."""
    return f"{matter.run} {matter.seq}" if matter.seq else matter.run


def verdict(say: Language, evening: Evening, now_ms: int) -> str:
    """Say whether hub and tills agree, of which that is only hearsay, and what is to settle."""
    said = _agreement(say, evening, now_ms)
    exceptions = exceptions_of(evening)
    if exceptions:
        said += " " + say("Exceptions to settle: {count}.", count=exceptions)
    return said


def exceptions_of(evening: Evening) -> int:
    """Count what nobody has settled yet, at any till of the center."""
    return sum(len(each.exceptions) + each.exceptions_left for each in evening.tills)


def _agreement(say: Language, evening: Evening, now_ms: int) -> str:
    if not evening.agreed:
        return say("{day}: not everything agrees yet.", day=evening.day)
    if not evening.as_heard:
        return say("{day}: hub and tills agree to the last fen.", day=evening.day)
    told_ms = min(each.told_ms or 0 for each in evening.as_heard)
    return say(
        "{day}: hub and tills agree as last heard, {age} ago; {tills} may have sold more since.",
        day=evening.day,
        age=age(say, now_ms + evening.hub_ahead_ms - told_ms),
        tills=", ".join(each.name for each in evening.as_heard),
    )


def clock(at_ms: int, *, day: str = "") -> str:
    """Write a moment's time; with its date unless that is `day`."""
    moment = china_time(at_ms)
    return moment.strftime("%H:%M" if moment.date().isoformat() == day else "%m-%d %H:%M")


def has_closed(till: Reconciled, evening: Evening) -> bool:
    """Tell whether a till has closed the day, be it here and not known at the hub yet."""
    return till.closing is not None or (till.own and evening.closed)


def closed_words(say: Language, till: Reconciled, evening: Evening) -> str:
    """Say whether a till has closed the day, when, and who did."""
    if till.closing is None:
        return say("closed") if has_closed(till, evening) else say("day open")
    who, when = till.closing.said.closed_by, clock(till.closing.at_ms, day=evening.day)
    return say("closed {when} by {who}", when=when, who=who)
