"""Lists of staff, kept in CSV files, as rows of their feed: PINs are hashed, never kept."""

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from sync.package import FeedRow, Publication
from sync.rules import pins
from sync.rules import staff as rules
from sync.rules.bad_rows import BadRows, Problem, bad_rows
from sync.rules.files import unreadable
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.staff import FEED, MOST_STAFF, Listed, Staff

MOST_BYTES = 1024 * 1024


def read_staff(publication: Publication) -> Iterable[tuple[int, FeedRow]] | BadRows | Refused:
    """Read a list of the center's staff in UTF-8: they are added, or changed.

    A row without a PIN, or with the PIN that is fed already, keeps its hash. Raises `Fault` if
    the file cannot be read.
    """
    rows = _rows(publication.path)
    if isinstance(rows, Refused):
        return rows
    listed, problems = _listed(rows)
    fed = publication.fed(FEED, [each.number for _, each in listed])
    known = {number: rules.read_fed(data) for number, data in fed.items()}
    problems += [
        rules.no_pin(row) for row, each in listed if not each.pin and each.number not in known
    ]
    if problems:
        return bad_rows(problems)
    return _hashed(publication, [each for _, each in listed], known)


def _hashed(
    publication: Publication, listed: Sequence[Listed], known: dict[str, Staff]
) -> Iterable[tuple[int, FeedRow]]:
    for done, each in enumerate(listed, 1):
        before = known.get(each.number)
        kept = before is not None and (not each.pin or pins.is_pin(each.pin, before.pin))
        pin = (
            before.pin if before and kept else pins.hash_pin(each.pin, os.urandom(pins.SALT_BYTES))
        )
        publication.progress(done, len(listed))
        row = FeedRow(each.number, rules.fed(Staff(each.name, each.role, pin)))
        yield publication.center, row


def _listed(rows: list[list[str]]) -> tuple[list[tuple[int, Listed]], list[Problem]]:
    names = [cell.strip().lower() for cell in rows[0]]
    listed: list[tuple[int, Listed]] = []
    problems: list[Problem] = []
    first_of: dict[str, int] = {}
    for number, cells in enumerate(rows[1:], 2):
        if not any(map(str.strip, cells)):
            continue
        padded = [*cells, *[""] * len(names)]
        row = dict(zip(names, (cell.strip() for cell in padded), strict=False))
        read = rules.read_row(row, number, first_of)
        if isinstance(read, list):
            problems += read
        else:
            first_of[read.number] = number
            listed.append((number, read))
    return listed, problems


def _rows(path: Path) -> list[list[str]] | Refused:
    try:
        if path.stat().st_size > MOST_BYTES:
            return _no_list(path)
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(text.splitlines(), strict=True))
    except OSError as error:
        raise Fault(unreadable("staff.unreadable", path, error)) from error
    except (UnicodeDecodeError, csv.Error):
        return _no_list(path)
    if not 1 <= len(rows) <= MOST_STAFF:
        return _no_list(path)
    return rules.missing_columns([cell.strip().lower() for cell in rows[0]]) or rows


def _no_list(path: Path) -> Refused:
    return Refused(
        "staff.file",
        N_("{path} is no list of staff."),
        N_("Save it as “CSV UTF-8” with the columns number, name, role and pin."),
        {"path": path},
    )
