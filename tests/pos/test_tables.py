"""Lines of CSV cut apart all at once are what a CSV reader makes of them, or nothing."""

import csv

from hypothesis import example, given
from hypothesis import strategies as st

from pos.rules.tables import table_of_lines, table_of_rows

ENDS = st.sampled_from(["\n", "\r\n"])
cells = st.text("ab毛 \u2028", max_size=3)
lines_of_three = st.tuples(st.lists(st.tuples(cells, cells, cells), min_size=1), ENDS).map(
    lambda given: [",".join(row) + given[1] for row in given[0]]
)
any_lines = st.text('a毛,"\r\n', min_size=1).map(lambda text: as_lines(text))


def as_lines(text: str) -> list[str]:
    """Cut a text as a file opened with newline="" is read."""
    marked = text.replace("\r\n", "\0").replace("\r", "\r\1").replace("\n", "\n\1")
    return [line for line in marked.replace("\0", "\r\n\1").split("\1") if line]


@given(lines_of_three | any_lines, st.integers(1, 4))
@example(["a,b,c\n", "a,b,c\r\n"], 3)
@example(["a,b,c\n", "a,b,c"], 3)
@example(["a,b,c\r\n", "a,b,c\r"], 3)
@example(["a,b\n", "\n", "a,b,c\n"], 3)
@example(["a\n", "\n"], 1)
def test_plain_lines_are_read_as_a_csv_reader_does(lines: list[str], width: int) -> None:
    table = table_of_lines(lines, 7, width)
    if table is not None:
        rows = list(enumerate(csv.reader(lines, strict=True), 7))
        expected = table_of_rows(rows, width)
        assert list(table.numbers) == expected.numbers
        assert list(map(tuple, table.columns)) == expected.columns
        assert all(any(row) and len(row) == width for _, row in rows)


@given(lines_of_three)
def test_lines_of_as_many_cells_are_plain_unless_one_is_empty(lines: list[str]) -> None:
    empty = any(not line.strip("\r\n,") for line in lines)
    assert (table_of_lines(lines, 1, 3) is None) == empty


def test_what_is_not_plain_is_left_to_the_csv_reader() -> None:
    for line in ('"a",b\n', "a,b,c\n", "a\n", ",\n", "\n", "a,b\r"):
        assert table_of_lines(["x,y\n", line], 1, 2) is None
