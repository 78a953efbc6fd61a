"""A file that cannot be read or written: what the system says of it, in our own words."""

from pathlib import Path

from sync.rules.refusal import N_, Refused


def unreadable(reason: str, path: Path, error: OSError) -> Refused:
    """Say why a file that somebody named cannot be read."""
    hint = N_("Check the file's name and permissions.")
    return Refused(reason, _READING.get(type(error), _UNREADABLE), hint, _values(path, error))


def unwritable(reason: str, path: Path, error: OSError) -> Refused:
    """Say why a file asked for with `--output` cannot be written."""
    hint = N_("Choose another place with --output.")
    return Refused(reason, _WRITING.get(type(error), _UNWRITABLE), hint, _values(path, error))


def _values(path: Path, error: OSError) -> dict[str, object]:
    return {"path": path, "problem": error.strerror or error}


_UNREADABLE = N_("{path} cannot be read: {problem}.")
_UNWRITABLE = N_("{path} cannot be written: {problem}.")
_READING: dict[type[OSError], str] = {
    FileNotFoundError: N_("{path} does not exist."),
    IsADirectoryError: N_("{path} is a directory, not a file."),
    PermissionError: N_("{path} may not be read by this user."),
}
_WRITING: dict[type[OSError], str] = {
    FileNotFoundError: N_("{path} cannot be written: its directory does not exist."),
    NotADirectoryError: N_("{path} cannot be written: its directory does not exist."),
    IsADirectoryError: N_("{path} is a directory, not a file."),
    PermissionError: N_("{path} may not be written by this user."),
}
