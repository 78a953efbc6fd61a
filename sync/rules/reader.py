"""Names of those who read at the hub: programs with a token, and addresses that are told."""

import re

from sync.rules.refusal import N_, Refused

_NAME = re.compile(r"\w[\w.-]{0,63}")


def check_name(name: str) -> Refused | None:
    """Refuse what is no name: up to 64 letters, digits, dots, dashes and underscores."""
    if _NAME.fullmatch(name):
        return None
    return Refused(
        "reader.bad_name",
        N_("“{name}” is no name for a reader."),
        N_("Use up to 64 letters, digits, dots and dashes."),
        {"name": name[:64]},
    )
