"""Staff of a center: who works there, in which role; as listed, fed, and looked up at a till."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, get_args

import msgspec

from sync.rules.bad_rows import Problem
from sync.rules.decoding import from_json
from sync.rules.refusal import N_, Refused

FEED = "staff"
COLUMNS = ("number", "name", "role", "pin")
MOST_STAFF = 1000
MOST_NAME = 32
Role = Literal["cashier", "supervisor", "manager"]
_NUMBER = re.compile(r"[0-9A-Za-z-]{1,8}")
_PIN = re.compile(r"[0-9]{4,12}")
# Argon2id, 19 MiB, two passes: what a till spends on a PIN is not the file's to choose.
HASH_PATTERN = r"^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$"


class Staff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the tills are told of one person; the key of the row is the person's number."""

    name: str
    role: Role
    pin: Annotated[str, msgspec.Meta(pattern=HASH_PATTERN)]


class Listed(msgspec.Struct, frozen=True):
    """One row of a list; an empty PIN leaves the one that is fed as it is."""

    number: str
    name: str
    role: Role
    pin: str


def fed(staff: Staff) -> bytes:
    """Return what the feed says of a person."""
    return msgspec.json.encode(staff)


def read_fed(data: bytes) -> Staff:
    """Read what the feed says of a person; raises `ValueError` for anything else."""
    return from_json(data, Staff)


def read_row(cells: dict[str, str], row: int, first_of: dict[str, int]) -> Listed | list[Problem]:
    """Read one row of a list; `first_of` tells in which row each number was before."""
    cells = {**cells, "name": " ".join(cells["name"].split()), "role": cells["role"].lower()}
    problems = list(_problems(cells, row, first_of))
    return problems or msgspec.convert({name: cells[name] for name in COLUMNS}, type=Listed)


def _problems(cells: dict[str, str], row: int, first_of: dict[str, int]) -> Iterator[Problem]:
    number, name, role, pin = (cells[column] for column in COLUMNS)
    if not _NUMBER.fullmatch(number):
        yield _bad(row, "number", N_("“{text}” is no staff number."), number, _NUMBER_HINT)
    elif number in first_of:
        message = N_("The number {text} stands in another row already.")
        yield _bad(row, "number", message, number, N_("Keep one of the rows."))
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
        yield _bad(row, "name", N_("“{text}” is no name of a person."), name, _NAME_HINT)
    if role not in get_args(Role):
        yield _bad(row, "role", N_("“{text}” is no role."), role, _ROLE_HINT)
    if pin and not _PIN.fullmatch(pin):
        # What was typed for a PIN is not repeated: the answer may end up in a log.
        yield _bad(row, "pin", N_("That is no PIN."), "", _PIN_HINT)


def no_pin(row: int) -> Problem:
    """Refuse a person whom nobody ever gave a PIN."""
    return _bad(row, "pin", N_("This person has no PIN yet."), "", _PIN_HINT)


def missing_columns(names: Sequence[str]) -> Refused | None:
    """Refuse a list whose first row does not name the columns."""
    if sorted(names) == sorted(COLUMNS):
        return None
    return Refused(
        "staff.columns",
        N_("A list of staff has the columns number, name, role and pin."),
        N_("Write number,name,role,pin in its first row."),
    )


def _bad(row: int, column: str, message: str, text: str, hint: str) -> Problem:
    return Problem(row, column, Refused(f"staff.{column}", message, hint, {"text": text[:40]}))


_NUMBER_HINT = N_("It has up to 8 letters, digits and hyphens, for example 01.")
_NAME_HINT = N_("It has 1 to 32 characters.")
_ROLE_HINT = N_("It is cashier, supervisor or manager.")
_PIN_HINT = N_("A PIN has 4 to 12 digits.")
