"""The evening drawn as rows: tills, both sides of one till's day, the center's sums, progress."""

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len

from sync.faces.ages import age
from sync.faces.eod import words
from sync.faces.eod.work import Step
from sync.faces.screen.dialogs import marked
from sync.faces.screen.looks import Tone
from sync.faces.screen.rows import EMPTY, Row, big, fit, pair, right, wrap
from sync.language import Language
from sync.rules.center_day import Listed
from sync.rules.money import format_yuan
from sync.rules.reconciling import Differing, KindRow, Reconciled, State
from sync.rules.refusal import N_
from sync.rules.totals import NOTHING, Total
from sync.services.end_of_day import Evening

STATE_TONES: Mapping[State, Tone] = {
    "agrees": "good",
    "pending": "money",
    "differs": "bad",
    "unheard": "money",
}
STATE_SIGNS: Mapping[State, str] = {"agrees": "●", "pending": "◐", "differs": "✗", "unheard": "○"}
STEP_WORDS: Mapping[Step, str] = {
    "push": N_("Sending"),
    "ask": N_("Asking the hub"),
    "compare": N_("Comparing entry by entry"),
}
_TILL, _STATE, _HEARD, _LISTED = 10, 12, 7, 11
_KIND, _COUNT, _MONEY = 13, 5, 12


def till_head(say: Language, width: int) -> Row:
    """Return the heading over the list of tills."""
    cells = (
        fit(say("Tills"), _TILL),
        fit(say("State"), _STATE),
        fit(say("As of"), _HEARD),
        right(say("Till has"), _LISTED),
        right(say("Hub has"), _LISTED),
        "  " + say("Day"),
    )
    return ((fit("  " + "".join(cells), width), "head"),)


def till_row(
    say: Language, till: Reconciled, evening: Evening, now_ms: int, width: int, *, chosen: bool
) -> Row:
    """Return one till of the list."""
    known = [row.journalled for row in till.rows if row.journalled is not None]
    ours = _sum(known) if till.source != "none" and len(known) == len(till.rows) else None
    arrived = [row.at_hub for row in till.rows if row.at_hub is not None]
    theirs = _sum(arrived) if len(arrived) == len(till.rows) else None
    tone = STATE_TONES[till.state]
    theirs_tone: Tone = "plain" if theirs in (None, ours) else tone
    alarm = f" !{len(till.exceptions)}" if till.exceptions else ""
    name = fit(till.name, min(cell_len(till.name), _TILL - 1 - len(alarm)))
    state = f"{STATE_SIGNS[till.state]} {say(words.STATE_WORDS[till.state])}"
    if till.pending:
        state += f" {till.pending}"
    row: Row = (
        (name, "strong" if till.own else "plain"),
        (fit(alarm, _TILL - cell_len(name)), "bad"),
        (fit(state, _STATE), tone),
        (fit(_heard(say, till, evening, now_ms), _HEARD), "dim"),
        (right("?" if ours is None else _narrow(ours), _LISTED), "plain"),
        (right("?" if theirs is None else _narrow(theirs), _LISTED), theirs_tone),
        ("  " + _day(say, till, evening), "good" if words.has_closed(till, evening) else "dim"),
    )
    return (("▌ " if chosen else "  ", tone), *marked(row, width - 2, chosen=chosen))


def _heard(say: Language, till: Reconciled, evening: Evening, now_ms: int) -> str:
    if till.own:
        return say("now")
    if till.told_ms is None:
        return say("never")
    return age(say, now_ms + evening.hub_ahead_ms - till.told_ms)


def _day(say: Language, till: Reconciled, evening: Evening) -> str:
    if till.closing is None:
        return say("closed") if words.has_closed(till, evening) else say("open")
    return say("closed {when}", when=words.clock(till.closing.at_ms, day=evening.day))


def detail_head(
    say: Language, till: Reconciled, evening: Evening, now_ms: int, width: int
) -> list[Row]:
    """Return what is to be known of the chosen till before its figures."""
    known = say("as {source} says", source=say(words.SOURCE_WORDS[till.source]))
    if till.told_ms is not None and not till.own:
        heard_ms = now_ms + evening.hub_ahead_ms - till.told_ms
        known += say(", heard {age} ago", age=age(say, heard_ms))
    if till.source == "none":
        known = say("never heard of it")
    named = f"  {till.name}" + ("  " + say("revoked till") if till.revoked else "")
    lines: list[Row] = [((fit(f"{named}  ·  {known}", width), "head"),)]
    meaning = say(words.STATE_MEANS[till.state])
    lines += [((f"  {line}", STATE_TONES[till.state]),) for line in wrap(meaning, width - 4)]
    if till.pending:
        waits_ms = now_ms - (till.oldest_pending_ms or now_ms)
        waits = say(
            "Entries to send: {count}, the oldest for {age}.",
            count=till.pending,
            age=age(say, waits_ms),
        )
        lines.append(((f"  {waits}", "money"),))
    if till.closing is not None:
        lines.append(((f"  {words.closed_words(say, till, evening)}", "good"),))
    if till.closing is None or till.state != "agrees":
        hint = say(words.STATE_HINTS[till.state])
        lines += [((f"  {line}", "dim"),) for line in wrap(hint, width - 4)]
    return lines


def kind_rows(say: Language, kinds: Mapping[str, str], till: Reconciled, width: int) -> list[Row]:
    """Return both sides of every kind, differing kinds in alarm."""
    if not till.rows:
        return [(("  " + say("No entries on either side."), "dim"),)]
    head = (
        " " * (2 + _KIND)
        + right(say("till"), _COUNT + _MONEY)
        + right(say("hub"), _COUNT + _MONEY)
        + "  "
        + say("missing")
    )
    ranked = sorted(till.rows, key=lambda row: (not _has_money(row), row.kind))
    return [((fit(head, width), "dim"),), *(_kind_row(say, kinds, row) for row in ranked)]


def _has_money(row: KindRow) -> bool:
    return bool(row.arrived.amount_fen or (row.journalled or NOTHING).amount_fen)


def _kind_row(say: Language, kinds: Mapping[str, str], row: KindRow) -> Row:
    ours, theirs = row.journalled, row.at_hub
    quiet: Tone = "plain" if _has_money(row) else "dim"
    tone: Tone = "bad" if row.missing != NOTHING else quiet
    spans: Row = (
        ("  " + fit(kinds.get(row.kind, row.kind), _KIND), "plain"),
        (right("?" if ours is None else str(ours.count), _COUNT), "dim"),
        (right("?" if ours is None else _money(ours), _MONEY), quiet),
        (right("?" if theirs is None else str(theirs.count), _COUNT), "dim"),
        (right("?" if theirs is None else _money(theirs), _MONEY), tone),
    )
    if row.missing != NOTHING:
        missing = f"  {row.missing.count}"
        if row.missing.amount_fen:
            missing += f" · {_money(row.missing)}"
        spans = (*spans, (missing, "bad"))
    if row.held != NOTHING:
        spans = (*spans, (say("  held {count}", count=row.held.count), "money"))
    if row.uninterpreted != NOTHING:
        count = row.uninterpreted.count
        spans = (*spans, (say("  not readable {count}", count=count), "money"))
    return spans


def matter_rows(say: Language, till: Reconciled, width: int) -> list[Row]:
    """Return a till's gaps and exceptions."""
    rows: list[Row] = []
    for gap in till.gaps:
        said = say(
            "Gap: {run} {first} to {last} are not at the hub",
            run=gap.run,
            first=gap.first_seq,
            last=gap.last_seq,
        )
        rows.append(((fit(f"  ✗ {said}", width), "bad"),))
    for matter in till.exceptions:
        said = f"{words.matter_words(say, matter)}  {words.matter_place(matter)}"
        rows.append(((fit(f"  ! {said}", width), "bad"),))
    if till.exceptions_left:
        rows.append((("  " + say("and {count} more", count=till.exceptions_left), "bad"),))
    return rows


def differing_rows(
    say: Language, kinds: Mapping[str, str], differing: Differing | None, most: int
) -> list[Row]:
    """Return what only one side has of this till's day, the first entries of each side."""
    if differing is None:
        return []
    return [
        *_entry_rows(say, kinds, say("Only at this till:"), differing.only_here, most),
        *_entry_rows(say, kinds, say("Only at the hub:"), differing.only_at_hub, most),
    ]


def _entry_rows(
    say: Language, kinds: Mapping[str, str], heading: str, listed: Sequence[Listed], most: int
) -> list[Row]:
    if not listed:
        return []
    ranked = sorted(listed, key=lambda each: (not each.amount_fen, each.kind, each.id))
    rows: list[Row] = [
        ((f"  {heading}", "strong"),),
        *(
            (
                ("  " + fit(kinds.get(each.kind, each.kind), _KIND), "plain"),
                (right(format_yuan(each.amount_fen, grouped=True), _MONEY), "money"),
                (f"  {each.run} {each.seq}  {each.id}", "dim"),
            )
            for each in ranked[:most]
        ),
    ]
    if len(listed) > most:
        rows.append((("  " + say("and {count} more", count=len(listed) - most), "dim"),))
    return rows


def verdict_rows(say: Language, evening: Evening, width: int, now_ms: int) -> list[list[Row]]:
    """Return the panels at the side: the center's sum, the verdict, the hub, this till's day."""
    count, total_fen = _center_sum(evening)
    first, second, third = big(format_yuan(total_fen), width)
    money: list[Row] = [
        ((say("Hub has (yuan)"), "dim"),),
        EMPTY,
        *(((right(line, width), "money"),) for line in (first, second, third)),
        pair(say("Entries in all"), f"{count:,}", width),
    ]
    return [money, _verdict(say, evening, width), _hub(say, evening, width, now_ms)]


def _verdict(say: Language, evening: Evening, width: int) -> list[Row]:
    agreeing = sum(each.state == "agrees" for each in evening.tills)
    if evening.agreed and evening.as_heard:
        stamp: Row = ((fit("✓ " + say("All agrees as last heard"), width), "good"),)
    elif evening.agreed:
        stamp = ((fit("✓ " + say("All agrees to the last fen"), width), "said_good"),)
    elif evening.refused is not None:
        stamp = ((fit("○ " + say("The hub does not answer"), width), "money"),)
    else:
        stamp = ((fit("✗ " + say("Not everything agrees yet"), width), "bad"),)
    tone: Tone = "good" if agreeing == len(evening.tills) else "money"
    exceptions = words.exceptions_of(evening)
    closed = sum(words.has_closed(each, evening) for each in evening.tills)
    of = len(evening.tills)
    return [
        stamp,
        pair(say("Tills that agree"), f"{agreeing} / {of}", width, tone),
        pair(say("Days closed"), f"{closed} / {of}", width, "good" if closed == of else "plain"),
        pair(say("To settle"), str(exceptions), width, "bad" if exceptions else "dim"),
    ]


def _hub(say: Language, evening: Evening, width: int, now_ms: int) -> list[Row]:
    if evening.received_ms is None:
        heard = say("never")
    else:
        heard = say("{age} ago", age=age(say, now_ms - evening.received_ms))
    stale = evening.refused is not None
    here = say("closed") if evening.closed else say("open")
    return [
        pair(say("As the hub said"), heard, width, "money" if stale else "good"),
        pair(say("Day at this till"), here, width, "good" if evening.closed else "plain"),
        pair(say("Sales count for"), evening.business_day, width),
    ]


def progress_row(say: Language, step: Step, done: int, of: int, width: int) -> Row:
    """Return a bar of how far a step is."""
    share = done / of if of else 1
    label = f" {say(STEP_WORDS[step])}  "
    counted = f"  {done:,} / {of:,} " if of > 1 else " "
    room = max(min(width - len(label) * 2 - len(counted) - 2, 40), 5)
    filled = int(room * share)
    return (
        (label, "plain"),
        ("█" * filled, "accent"),
        ("░" * (room - filled), "dim"),
        (counted, "dim"),
    )


def _center_sum(evening: Evening) -> tuple[int, int]:
    totals = [row.arrived for till in evening.tills for row in till.rows]
    return sum(each.count for each in totals), sum(each.amount_fen for each in totals)


def _sum(totals: Iterable[Total]) -> Total:
    found = NOTHING
    for each in totals:
        found += each
    return found


def _narrow(total: Total) -> str:
    """Write money in the list of tills: whole, if need be without its commas."""
    grouped = _money(total)
    return grouped if len(grouped) < _LISTED else format_yuan(total.amount_fen)


def _money(total: Total) -> str:
    return format_yuan(total.amount_fen, grouped=True)
