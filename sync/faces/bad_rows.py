"""Naming every bad cell of a list on a line of its own, and then all of them in one sentence."""

from typing import NoReturn

import click

from sync.faces.answers import answer
from sync.language import Language
from sync.rules.bad_rows import BadRows, Problem
from sync.setup import Setup


def refuse_rows(setup: Setup, bad: BadRows, *, as_json: bool) -> NoReturn:
    """Name every bad cell on stderr (and as JSON on stdout), then exit with status 2."""
    if as_json:
        answer("", _values(setup.say, bad), as_json=True)
    for problem in bad.problems:
        click.echo(_line(setup.say, problem), err=True)
    click.echo(setup.say.refusal(bad.refused), err=True)
    raise SystemExit(2)


def _values(say: Language, bad: BadRows) -> dict[str, object]:
    problems = [
        {
            "row": problem.row,
            "column": problem.column,
            "reason": problem.refused.reason,
            "message": say.refusal(problem.refused),
        }
        for problem in bad.problems
    ]
    refused = bad.refused
    return {"refused": refused.reason, "message": say.refusal(refused), "problems": problems}


def _line(say: Language, problem: Problem) -> str:
    values = {"row": problem.row, "column": problem.column, "problem": say.refusal(problem.refused)}
    if not problem.column:
        return say("Row {row}: {problem}", **values)
    return say("Row {row}, {column}: {problem}", **values)
