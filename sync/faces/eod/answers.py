"""How `xuanpin sync eod` answers: one JSON object for programs, a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from rich.cells import cell_len

from sync.faces.ages import age
from sync.faces.eod import words
from sync.faces.eod.work import Looked
from sync.language import Language
from sync.rules.center_day import Listed, handle
from sync.rules.money import format_yuan
from sync.rules.reconciling import KindRow, Reconciled
from sync.rules.totals import NOTHING, Total
from sync.services.closing import Closed
from sync.services.end_of_day import Evening

_MOST_LISTED = 20


def eod_values(looked: Looked, closed: Closed | None, now_ms: int) -> dict[str, Any]:
    """Return the answer for programs; documented in docs/commands.md."""
    evening, pushed = looked.evening, looked.pushed
    differing = looked.differing
    return {
        "day": evening.day,
        "agreed": evening.agreed,
        "as_heard": [till.name for till in evening.as_heard],
        "closed": evening.closed,
        "business_day": evening.business_day,
        "closed_now": None if closed is None else _closed_values(closed),
        "pushed": None
        if pushed is None
        else {
            "acknowledged": pushed.acknowledged,
            "pending": pushed.pending,
            "refused": pushed.refused.reason if pushed.refused else None,
        },
        "hub": evening.refused.reason if evening.refused else "answered",
        "as_of_ms": evening.received_ms,
        "tills": [_till_values(till, now_ms) for till in evening.tills],
        "only_here": [_listed_values(each) for each in differing.only_here] if differing else [],
        "only_at_hub": [_listed_values(each) for each in differing.only_at_hub]
        if differing
        else [],
    }


def _closed_values(closed: Closed) -> dict[str, Any]:
    totals = [
        {"kind": each.kind, "count": each.count, "amount_fen": each.amount_fen}
        for each in closed.totals
    ]
    return {**msgspec.to_builtins(closed), "totals": totals}


def _till_values(till: Reconciled, now_ms: int) -> dict[str, Any]:
    oldest_ms = till.oldest_pending_ms
    return {
        "till": till.till,
        "number": till.number,
        "name": till.name,
        "own": till.own,
        "revoked": till.revoked,
        "state": till.state,
        "known_from": till.source,
        "told_ms": till.told_ms,
        "pending": till.pending,
        "oldest_pending_s": None if oldest_ms is None else max(now_ms - oldest_ms, 0) // 1000,
        "closed": till.closing is not None,
        "closed_by": till.closing.said.closed_by if till.closing else None,
        "closed_ms": till.closing.at_ms if till.closing else None,
        "kinds": [
            {
                "kind": row.kind,
                "journalled": None if row.journalled is None else _total(row.journalled),
                "booked": _total(row.booked) if row.heard else None,
                "held": _total(row.held),
                "uninterpreted": _total(row.uninterpreted),
                "missing": _total(row.missing),
            }
            for row in till.rows
        ],
        "gaps": [msgspec.to_builtins(gap) for gap in till.gaps],
        "exceptions": [
            {"exception": handle(till.till, matter), **msgspec.to_builtins(matter)}
            for matter in till.exceptions
        ],
        "exceptions_left": till.exceptions_left,
        "settled": [msgspec.to_builtins(each) for each in till.settled],
    }


def _total(total: Total) -> dict[str, int]:
    return {"count": total.count, "amount_fen": total.amount_fen}


def _listed_values(listed: Listed) -> dict[str, Any]:
    return {
        "kind": listed.kind,
        "id": listed.id,
        "run": listed.run,
        "seq": listed.seq,
        "amount_fen": listed.amount_fen,
    }


def eod_text(
    say: Language,
    kinds: Mapping[str, str],
    looked: Looked,
    closed: Closed | None,
    now_ms: int,
) -> str:
    """Return the answer for people."""
    evening = looked.evening
    lines = []
    if closed is not None:
        lines.append(
            say(
                "{day} is closed at this till; what is sold now counts for {next}.",
                day=closed.day,
                next=evening.business_day,
            )
        )
    if looked.beside is not None:
        lines.append(say.refusal(looked.beside))
    if looked.pushed is not None and looked.pushed.refused is None and looked.pushed.acknowledged:
        lines.append(say("Entries sent: {count}.", count=looked.pushed.acknowledged))
    if evening.refused is not None:
        lines.append(say.refusal(evening.refused))
        if evening.received_ms is not None:
            then = age(say, now_ms - evening.received_ms)
            lines.append(say("What follows is the hub's answer of {age} ago.", age=then))
    for till in evening.tills:
        lines += ["", *_till_lines(say, kinds, evening, till, now_ms)]
    if looked.differing is not None:
        here, at_hub = looked.differing.only_here, looked.differing.only_at_hub
        lines += _listing(say, kinds, say("Only at this till:"), here)
        lines += _listing(say, kinds, say("Only at the hub:"), at_hub)
    return "\n".join([*lines, "", words.verdict(say, evening, now_ms)])


def _till_lines(
    say: Language, kinds: Mapping[str, str], evening: Evening, till: Reconciled, now_ms: int
) -> list[str]:
    head = [till.name, say("this till")] if till.own else [till.name]
    head += [f"● {say(words.STATE_WORDS[till.state])}", words.closed_words(say, till, evening)]
    if till.revoked:
        head.append(say("revoked till"))
    if till.told_ms is not None and not till.own:
        heard_ms = now_ms + evening.hub_ahead_ms - till.told_ms
        head.append(say("heard {age} ago", age=age(say, heard_ms)))
    if till.pending:
        waited = age(say, now_ms - (till.oldest_pending_ms or now_ms))
        head.append(say("{count} pending, for {age}", count=till.pending, age=waited))
    lines = ["  ".join(head)]
    if till.rows:
        lines += _table(say, kinds, till.rows)
    for gap in till.gaps:
        lines.append(
            "  "
            + say(
                "gap: {run} {first} to {last} are not at the hub",
                run=gap.run,
                first=gap.first_seq,
                last=gap.last_seq,
            )
        )
    for matter in till.exceptions:
        place = words.matter_place(matter)
        named = handle(till.till, matter)
        lines.append(f"  ! {named}  {words.matter_words(say, matter)}  {place}".rstrip())
    if till.exceptions_left:
        lines.append("  " + say("and {count} more", count=till.exceptions_left))
    return lines


def _table(say: Language, kinds: Mapping[str, str], rows: Sequence[KindRow]) -> list[str]:
    cells = [["", say("till"), "", say("hub"), "", ""]]
    for row in rows:
        name = kinds.get(row.kind, row.kind)
        cells.append([name, *_side(row.journalled), *_side(row.at_hub), _remarks(say, row)])
    widths = [max(cell_len(row[place]) for row in cells) for place in range(5)]
    return [
        (
            "  "
            + _left(row[0], widths[0])
            + "".join("  " + _right(row[place], widths[place]) for place in range(1, 5))
            + "  "
            + row[5]
        ).rstrip()
        for row in cells
    ]


def _side(total: Total | None) -> list[str]:
    if total is None:
        return ["?", "?"]
    return [str(total.count), format_yuan(total.amount_fen, grouped=True)]


def _remarks(say: Language, row: KindRow) -> str:
    said = []
    if row.held != NOTHING:
        said.append(say("held: {count}", count=row.held.count))
    if row.uninterpreted != NOTHING:
        said.append(say("not readable: {count}", count=row.uninterpreted.count))
    if row.missing != NOTHING:
        count, fen = row.missing.count, row.missing.amount_fen
        said.append(say("missing {count} · {amount}", count=count, amount=format_yuan(fen)))
    return ", ".join(said)


def _listing(
    say: Language, kinds: Mapping[str, str], heading: str, listed: Sequence[Listed]
) -> list[str]:
    if not listed:
        return []
    lines = ["", heading]
    for each in listed[:_MOST_LISTED]:
        name = kinds.get(each.kind, each.kind)
        lines.append(f"  {name}  {format_yuan(each.amount_fen)}  {each.run} {each.seq}  {each.id}")
    if len(listed) > _MOST_LISTED:
        lines.append("  " + say("and {count} more", count=len(listed) - _MOST_LISTED))
    return lines


def _left(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text
