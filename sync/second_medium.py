"""The second medium: a file on another disk that takes each act of the hub before it counts."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from sync.durable import sync_directory
from sync.rules.refusal import N_, Fault, Refused, Words
from sync.rules.register import PENDING, split_lines

REGISTER = "register.jsonl"


class SecondMedium(msgspec.Struct, frozen=True):
    """A directory that somebody mounted there; it is never made, so that its absence shows."""

    directory: Path

    @property
    def path(self) -> Path:
        """The file that holds the register."""
        return self.directory / REGISTER

    def lines(self) -> list[bytes]:
        """Return every whole line, without newlines; none where nothing was written yet.

        Raises `Fault` if the directory is not there or cannot be read.
        """
        return split_lines(self._read())[0]

    def append(self, *lines: bytes) -> None:
        """Write lines durably at the end, cutting what power loss left there. Raises `Fault`.

        All or none: if they cannot be written whole, they are taken back, and the next record has
        a sound place. Several count from when the first byte of them replaces a zero, after all
        else is durable, so a power cut leaves all of them or none, too.
        """
        data = self._read()
        with self._writing(), self.path.open("r+b" if self.path.exists() else "xb") as target:
            size = split_lines(data)[1]
            target.truncate(size)
            target.seek(size)
            whole = b"".join(lines)
            try:
                if len(lines) > 1:
                    _write_durably(target, PENDING + whole[1:])
                    target.seek(size)
                    _write_durably(target, whole[:1])
                else:
                    _write_durably(target, whole)
            except OSError:
                with contextlib.suppress(OSError):
                    target.truncate(size)
                raise
            if not data:
                sync_directory(self.directory)

    def _read(self) -> bytes:
        with self._writing():
            if not self.directory.is_dir():
                raise Fault(_unusable(self.directory, Words(N_("it is not there"))))
            return self.path.read_bytes() if self.path.exists() else b""

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Fault(_unusable(self.directory, error.strerror or error)) from error


def _write_durably(target: IO[bytes], data: bytes) -> None:
    target.write(data)
    target.flush()
    os.fsync(target.fileno())


def _unusable(directory: Path, problem: object) -> Refused:
    return Refused(
        "medium.unusable",
        N_("The second medium at {path} cannot be used: {problem}."),
        N_("Mount it and check its free space and permissions; nothing was changed."),
        {"path": directory, "problem": problem},
    )
