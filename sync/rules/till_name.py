"""What a till may be called: its name is a directory's, a receipt's and a person's."""

import re

from sync.rules.refusal import N_, Refused

_NAME = re.compile(r"\w[\w.-]{0,31}")


def bad_till_name(name: str) -> Refused | None:
    """Refuse a name that no till can have; None if one can."""
    if _NAME.fullmatch(name):
        return None
    return Refused(
        "till.bad_name",
        N_("“{name}” cannot be the name of a till."),
        N_("Up to 32 letters, digits, dots and hyphens, such as ZZ-01 ([till] id, or --till)."),
        {"name": name},
    )
