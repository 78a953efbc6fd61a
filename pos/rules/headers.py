"""The first row of a list: which columns it has, in any order, each once."""

import difflib
from collections.abc import Sequence

from sync.rules.refusal import N_, Refused


def read_header(
    cells: Sequence[str], columns: Sequence[str], required: Sequence[str]
) -> tuple[str, ...] | Refused:
    """Read the column names of a list; unnamed columns come back as "".

    Refused: a name that is none of `columns` or stands there twice, and a required one missing.
    """
    names = tuple(cell.strip().lower() for cell in cells)
    for name in names:
        if name and name not in columns:
            return unknown_column(name, columns)
        if name and names.count(name) > 1:
            return Refused(
                "import.column_twice",
                N_("The column “{column}” stands there twice."),
                N_("Keep one of them."),
                {"column": name},
            )
    missing = [name for name in required if name not in names]
    if missing:
        return Refused(
            "import.missing_columns",
            N_("The list has no column {missing}."),
            N_("Required are {required}; docs/import.md describes them all."),
            {"missing": ", ".join(missing), "required": ", ".join(required)},
        )
    return names


def unknown_column(name: str, columns: Sequence[str]) -> Refused:
    """Refuse a name that no column has, with the nearest that one has."""
    nearest = difflib.get_close_matches(name, columns, n=1)
    return Refused(
        "import.unknown_column",
        N_("There is no column “{column}”."),
        N_("Did you mean “{nearest}”?") if nearest else N_("Columns: {known}."),
        {"column": name, "nearest": "".join(nearest), "known": ", ".join(columns)},
    )
