"""What is wrong with a list that people keep in a file, cell by cell, so that all can be named."""

from collections.abc import Sequence

import msgspec

from sync.rules.refusal import N_, Refused

MOST_PROBLEMS = 1000  # a list that is worse than this is not read to its end


class Problem(msgspec.Struct, frozen=True):
    """What is wrong in one cell: its row as the file numbers it (the header is row 1)."""

    row: int
    column: str
    refused: Refused


class BadRows(msgspec.Struct, frozen=True):
    """Why nothing was written: every bad cell; `more` if the list was given up before its end."""

    problems: tuple[Problem, ...]
    more: bool

    @property
    def refused(self) -> Refused:
        """Say it in one sentence."""
        return Refused(
            "import.bad_rows",
            N_("Nothing was written; cells of the list that are bad: {count}."),
            N_("Correct them and give the list again."),
            {"count": f"{len(self.problems)}{'+' if self.more else ''}"},
        )


def bad_rows(problems: Sequence[Problem], most: int = MOST_PROBLEMS) -> BadRows:
    """Return what is wrong, by row; what is more than `most` is cut off."""
    by_row = sorted(problems[:most], key=lambda problem: problem.row)
    return BadRows(tuple(by_row), more=len(problems) > most)
