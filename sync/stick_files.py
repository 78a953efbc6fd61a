"""Reading and writing a stick: bounded, and a file is there whole or not at all."""

import errno
import os
from itertools import islice
from pathlib import Path

import msgspec

from sync.durable import place
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.stick import MOST_FILES, ours

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Stick(msgspec.Struct, frozen=True):
    """A directory that a person carries between a till and the hub."""

    directory: Path

    def prepare(self) -> None:
        """Make the directory, but not the one it stands in: that would be the stick itself.

        Raises `Fault`.
        """
        try:
            self.directory.mkdir(exist_ok=True)
        except OSError as error:
            raise Fault(_unusable(self.directory, error)) from error

    def names(self, ending: str) -> list[str] | Refused:
        """Return the names of our files with this ending, in order. Raises `Fault`."""
        try:
            with os.scandir(self.directory) as entries:
                files = (each.name for each in entries if each.is_file(follow_symlinks=False))
                found = list(islice(files, MOST_FILES + 1))
        except OSError as error:
            raise Fault(_unusable(self.directory, error)) from error
        if len(found) > MOST_FILES:
            return Refused(
                "stick.crowded",
                N_("There are more than {most} files in {path}."),
                N_("Give the segments a directory of their own."),
                {"most": MOST_FILES, "path": self.directory},
            )
        return ours(found, ending)

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a file's bytes, one more than `most_bytes` if there are more. Raises `Fault`."""
        path = self.directory / name
        try:
            with path.open("rb") as source:
                return source.read(most_bytes + 1)
        except OSError as error:
            raise Fault(_unusable(path, error)) from error

    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        return (self.directory / name).is_file()

    def write(self, name: str, data: bytes) -> None:
        """Write a file under another name, durably, then give it its own. Raises `Fault`."""
        path = self.directory / name
        try:
            place(path, data)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            raise Fault(_unusable(self.directory if missing else path, error)) from error


def _unusable(path: Path, error: OSError) -> Refused:
    if error.errno in _FULL:
        return Refused(
            "stick.full",
            N_("There is no space left for {path}."),
            N_("What is written is good: take it to the hub, bring its replies, export the rest."),
            {"path": path},
        )
    missing = isinstance(error, FileNotFoundError)
    return Refused(
        "stick.unusable",
        N_("{path} does not exist.") if missing else N_("{path} cannot be used: {problem}."),
        N_("Check that the stick is plugged in and may be read and written."),
        {"path": path, "problem": error.strerror or error},
    )
