"""Revoked cards: which serials are no longer good, and why; as published, fed and obeyed."""

from collections.abc import Iterable, Sequence

import msgspec

from membership.rules.card import SERIAL_BYTES
from sync.rules.bad_rows import MOST_PROBLEMS, Problem
from sync.rules.decoding import from_json
from sync.rules.refusal import N_, Refused

FEED = "revocations"
COLUMNS = ("serial", "reason")
MOST_REASON = 200
_HEX = frozenset("0123456789abcdef")


class Revoked(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the tills are told of a revoked card; the key of its row is the serial."""

    reason: str = ""


def fed(revoked: Revoked) -> bytes:
    """Return what the feed says of a revoked card."""
    return msgspec.json.encode(revoked)


def read_fed(data: bytes) -> Revoked:
    """Read what the feed says of a revoked card; raises `ValueError` for anything else."""
    return from_json(data, Revoked)


def read_list(
    header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]
) -> tuple[dict[str, Revoked], list[Problem]] | Refused:
    """Read a list of revoked cards: serials with their reasons, and what is wrong with the rest."""
    names = [cell.strip().lower() for cell in header]
    if sorted(names) != sorted(COLUMNS):
        return Refused(
            "revocations.columns",
            N_("A list of revoked cards has the columns serial and reason."),
            N_("Write serial,reason in its first row."),
        )
    revoked: dict[str, Revoked] = {}
    row_of: dict[str, int] = {}
    problems: list[Problem] = []
    for number, cells in rows:
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        serial = row.get("serial", "").lower()
        problem = _problem(number, serial, row.get("reason", ""), len(cells), row_of)
        if problem is None:
            row_of[serial] = number
            revoked[serial] = Revoked(row["reason"])
        elif len(problems) <= MOST_PROBLEMS:
            problems.append(problem)
    return revoked, problems


def is_serial(text: str) -> bool:
    """Tell whether a text is a card's serial: 12 hex digits."""
    return len(text) == 2 * SERIAL_BYTES and set(text) <= _HEX


def _problem(
    number: int, serial: str, reason: str, cells: int, row_of: dict[str, int]
) -> Problem | None:
    if cells > len(COLUMNS):
        message = N_("This row has more cells than the first row has names.")
        hint = N_("A text that holds the separator must stand in quotation marks.")
        return Problem(number, "", Refused("import.too_many_cells", message, hint))
    if not is_serial(serial):
        message, hint = N_("“{text}” is no card's serial."), N_("It has 12 digits from 0 to f.")
        refused = Refused("revocations.serial", message, hint, {"text": serial})
        return Problem(number, "serial", refused)
    if serial in row_of:
        message = N_("The serial {serial} stands in row {first} already.")
        values = {"serial": serial, "first": row_of[serial]}
        return Problem(
            number, "serial", Refused("import.twice", message, N_("Keep one of the rows."), values)
        )
    if not reason or len(reason) > MOST_REASON or not reason.isprintable():
        message = N_("A card is revoked for a reason: one line of at most {most} characters.")
        refused = Refused(
            "revocations.reason", message, N_("Write it beside the serial."), {"most": MOST_REASON}
        )
        return Problem(number, "reason", refused)
    return None
