"""Lists of revoked cards as people publish them: read whole, or every bad cell named."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from membership.rules.revocation import Revoked, read_fed
from membership.stores.revocation_list import read_revocations
from sync.package import FeedRow, Publication
from sync.rules.bad_rows import BadRows
from sync.rules.refusal import Fault, Refused

ONE, TWO = "00a1b2c3d4e5", "0badc0ffee01"


def read(path: Path) -> Iterable[tuple[int, FeedRow]] | BadRows | Refused:
    return read_revocations(
        Publication(path, {}, lambda _feed, _keys: {}, lambda _feed: (), lambda _done, _size: None)
    )


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "revoked.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def revoked(tmp_path: Path, text: str) -> dict[str, Revoked]:
    rows = read(written(tmp_path, text))
    assert not isinstance(rows, BadRows | Refused), rows
    found = list(rows)
    assert {center for center, _ in found} <= {0}
    return {row.key: read_fed(row.data) for _, row in found}


def test_serials_with_their_reasons(tmp_path: Path) -> None:
    text = f"serial,reason\n{ONE},退费\n\n{TWO.upper()},lost by its owner\n"
    assert revoked(tmp_path, text) == {ONE: Revoked("退费"), TWO: Revoked("lost by its owner")}


def test_columns_in_any_order_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert revoked(tmp_path, f"\ufeffReason,Serial\nx,{ONE}\n") == {ONE: Revoked("x")}


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("00a1b2c3d4e,x", "serial", "revocations.serial"),
        ("00a1b2c3d4eg,x", "serial", "revocations.serial"),
        (f"{ONE},x", "serial", "import.twice"),
        (TWO, "reason", "revocations.reason"),
        (f"{TWO}, ", "reason", "revocations.reason"),
        (f"{TWO},{'x' * 201}", "reason", "revocations.reason"),
        (f"{TWO},x,y", "", "import.too_many_cells"),
    ],
)
def test_every_bad_row_is_named(tmp_path: Path, row: str, column: str, reason: str) -> None:
    bad = read(written(tmp_path, f"serial,reason\n{ONE},lost\n{row}\n"))
    assert isinstance(bad, BadRows)
    (problem,) = bad.problems
    assert (problem.row, problem.column, problem.refused.reason) == (3, column, reason)
    assert problem.refused.message.format(**problem.refused.values)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "revocations.columns"),
        (f"{ONE}\n".encode(), "revocations.columns"),
        (b'serial,reason\n"x', "revocations.file"),
        (b"\xff\xfe\x00", "revocations.file"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    refused = read(written(tmp_path, data))
    assert isinstance(refused, Refused)
    assert refused.reason == reason


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault):
        read(tmp_path / "nothing.csv")
