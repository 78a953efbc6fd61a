"""Lists of revoked PLUS cards, kept in CSV files of serials and reasons, as rows of their feed."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from membership.rules.revocation import fed, read_list
from sync.package import FeedRow, Publication
from sync.rules.bad_rows import BadRows, bad_rows
from sync.rules.files import unreadable
from sync.rules.refusal import N_, Fault, Refused

MOST_BYTES = 64 * 1024 * 1024


def read_revocations(
    publication: Publication,
) -> Iterable[tuple[int, FeedRow]] | BadRows | Refused:
    """Read a list of revoked cards in UTF-8: they are added to those revoked before.

    Raises `Fault` if the file cannot be read.
    """
    path = publication.path
    text = _text(path)
    if isinstance(text, Refused):
        return text
    try:
        rows = list(_rows(text))
    except csv.Error:
        return _not_a_list(path)
    found = read_list(rows[0][1] if rows else (), rows[1:])
    if isinstance(found, Refused):
        return found
    revoked, problems = found
    if problems:
        return bad_rows(problems)
    publication.progress(len(text), len(text))
    return [(0, FeedRow(serial, fed(each))) for serial, each in revoked.items()]


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    numbered = enumerate(csv.reader(text.splitlines(), strict=True), 1)
    return ((number, cells) for number, cells in numbered if any(map(str.strip, cells)))


def _text(path: Path) -> str | Refused:
    try:
        if path.stat().st_size > MOST_BYTES:
            return _not_a_list(path)
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Fault(unreadable("revocations.unreadable", path, error)) from error
    except UnicodeDecodeError:
        return _not_a_list(path)


def _not_a_list(path: Path) -> Refused:
    return Refused(
        "revocations.file",
        N_("{path} is no list of revoked cards."),
        N_("Save it as “CSV UTF-8” with the columns serial and reason."),
        {"path": path},
    )
