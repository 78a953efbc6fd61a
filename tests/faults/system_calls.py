"""What a program does to files, as strace saw it: each call with its file, in the order they took.

Only one thread of the program may touch files; paths and data come whole.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["create", "write", "truncate", "sync", "link", "rename", "unlink"]
_NAMING: dict[str, Kind] = {
    "rename": "rename",
    "renameat": "rename",
    "renameat2": "rename",
    "unlink": "unlink",
    "unlinkat": "unlink",
    "link": "link",
    "linkat": "link",
}
CALLS = (
    "openat,close,dup,dup2,dup3,fcntl,lseek,write,pwrite64,writev,pwritev,ftruncate,fallocate,"
    "fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat"
)
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+|\?)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_LONGEST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Op:
    """One change of a file (or directory), with its data; `to` is a new name of it."""

    kind: Kind
    path: str
    offset: int = 0
    data: bytes = b""
    to: str = ""


def traceable() -> bool:
    """Tell whether programs can be traced here."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True)
    return done.returncode == 0


def record(command: Sequence[str], log: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and write what it does to files into `log`."""
    strace = ["strace", "-f", "-qq", "-xx", "-s", str(_LONGEST), "-e", f"trace={CALLS}"]
    return subprocess.run(
        [*strace, "-e", "signal=none", "-o", str(log), *command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def operations(log: Path, root: Path) -> Iterator[Op]:
    """Read what was done to files below `root`."""
    reader = _Reader(f"{root}/")
    with log.open(encoding="ascii") as lines:
        for line in lines:
            assert "<unfinished" not in line, "one thread at a time"
            yield from reader.read(line)


@dataclass(slots=True)
class _File:
    path: str
    offset: int = 0


class _Reader:
    """Follows file descriptors through a log."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._open: dict[int, _File] = {}

    def read(self, line: str) -> Iterator[Op]:
        matched = _LINE.match(line)
        if matched is None or matched[3] == "?" or int(matched[3]) < 0:
            return
        call, arguments, result = matched[1], matched[2], int(matched[3])
        texts = [_text(found) for found in _TEXT.finditer(arguments)]
        if call == "openat":
            yield from self._opened(texts[0].decode(), arguments, result)
        elif call in _NAMING:
            paths = [text.decode() for text in texts]
            if paths[0].startswith(self._root):
                yield Op(_NAMING[call], paths[0], to=paths[-1])
        elif call not in ("mkdir", "mkdirat"):
            yield from self._on_descriptor(call, arguments, texts, result)

    def _opened(self, path: str, arguments: str, descriptor: int) -> Iterator[Op]:
        if not path.startswith(self._root):
            self._open.pop(descriptor, None)
            return
        self._open[descriptor] = _File(path)
        if "O_CREAT" in arguments:
            yield Op("create", path)
        if "O_TRUNC" in arguments:
            yield Op("truncate", path)

    def _on_descriptor(
        self, call: str, arguments: str, texts: list[bytes], result: int
    ) -> Iterator[Op]:
        numbers = [
            int(number) for number in re.findall(r"(?<![\\\w])-?\d+", _TEXT.sub("", arguments))
        ]
        file = self._open.get(numbers[0])
        if file is None:
            return
        if call == "close":
            del self._open[numbers[0]]
        elif call in ("dup", "dup2", "dup3") or (call == "fcntl" and "F_DUPFD" in arguments):
            self._open[result] = file
        elif call == "lseek":
            file.offset = result
        elif call in ("fsync", "fdatasync"):
            yield Op("sync", file.path)
        elif call == "ftruncate":
            yield Op("truncate", file.path, numbers[1])
        elif call == "pwrite64":
            yield Op("write", file.path, numbers[-1], texts[0][:result])
        elif call == "write":
            yield Op("write", file.path, file.offset, texts[0][:result])
            file.offset += result
        elif call not in ("fcntl", "fallocate"):  # reserved room holds nothing that could be lost
            raise AssertionError(f"{call} is not understood")


def _text(found: re.Match[str]) -> bytes:
    assert not found[2], "a text was cut"
    return bytes.fromhex(found[1].replace("\\x", ""))
