"""What a disk holds after the power went: synced writes for sure, of the others any sectors.

A write counts as kept only once its file was synced, a new, renamed or removed name only once its
directory was. What was not synced is lost, kept, or kept in part: any 512-byte sectors of it, in
any order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .system_calls import Op

SECTOR = 512
Survives = Literal["nothing", "everything", "the first", "some sectors"]
WAYS: tuple[Survives, ...] = ("nothing", "everything", "the first", "some sectors")


@dataclass(slots=True)
class _Content:
    """A file's bytes as synced, and what was done to it since."""

    synced: bytearray = field(default_factory=bytearray)
    since: list[Op] = field(default_factory=list)

    def sync(self) -> None:
        for op in self.since:
            _apply(self.synced, op)
        self.since.clear()


@dataclass(slots=True)
class Disk:
    """A disk that is written to and can lose its power at any moment.

    One that `lies` says of a write-ahead log that it is synced, and keeps it in its memory.
    """

    lies: bool = False
    names: dict[str, _Content] = field(default_factory=dict)
    _synced_names: dict[str, _Content] = field(default_factory=dict)
    _since: list[tuple[str, dict[str, _Content | None]]] = field(default_factory=list)

    def do(self, op: Op) -> None:
        """Let a program do something."""
        match op.kind:
            case "create":
                if op.path not in self.names:
                    self._name({op.path: _Content()})
            case "rename":
                self._name({op.to: self.names[op.path], op.path: None})
            case "link":
                self._name({op.to: self.names[op.path]})
            case "unlink":
                self._name({op.path: None})
            case "sync" if op.path not in self.names:
                self._sync_directory(op.path)
            case "sync" if self.lies and op.path.endswith("-wal"):
                return
            case "sync":
                self.names[op.path].sync()
            case _:
                self.names[op.path].since.append(op)

    def after_power_loss(self, ways: Survives, draw: random.Random) -> dict[str, bytes]:
        """Return the files that are there when the power is back."""
        names = dict(self._synced_names)
        changes = [change for _, change in self._since]
        for change in changes[: _how_many(len(changes), ways, draw)]:
            _rename(names, change)
        return {path: bytes(_survived(content, ways, draw)) for path, content in names.items()}

    def _name(self, change: dict[str, _Content | None]) -> None:
        _rename(self.names, change)
        self._since.append((str(Path(next(iter(change))).parent), change))

    def _sync_directory(self, directory: str) -> None:
        for _, change in [each for each in self._since if each[0] == directory]:
            _rename(self._synced_names, change)
        self._since = [each for each in self._since if each[0] != directory]


def put(files: dict[str, bytes], root: Path, to: Path) -> None:
    """Write files that were below `root` below `to`."""
    for path, data in files.items():
        target = to / Path(path).relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def moments(ops: list[Op], said: str, count: int, draw: random.Random) -> Iterator[int]:
    """Choose after how many calls the power goes: after everything said, and anywhere, in order."""
    spoken = [place + 1 for place, op in enumerate(ops) if op.path == said and op.kind == "write"]
    chosen = draw.sample(spoken, min(len(spoken), count // 2))
    chosen += draw.choices(range(1, len(ops) + 1), k=count - len(chosen))
    yield from sorted(chosen)


def _rename(names: dict[str, _Content], change: dict[str, _Content | None]) -> None:
    for path, content in change.items():
        if content is None:
            names.pop(path, None)
        else:
            names[path] = content


def _how_many(count: int, ways: Survives, draw: random.Random) -> int:
    return {"nothing": 0, "everything": count}.get(ways, draw.randint(0, count))


def _survived(content: _Content, ways: Survives, draw: random.Random) -> bytearray:
    kept = bytearray(content.synced)
    if ways != "some sectors":
        for op in content.since[: _how_many(len(content.since), ways, draw)]:
            _apply(kept, op)
        return kept
    share = draw.random()
    for op in content.since:
        if op.kind == "truncate":
            if draw.random() < share:
                _apply(kept, op)
            continue
        for start in range(0, len(op.data), SECTOR):
            if draw.random() < share:
                part = op.data[start : start + SECTOR]
                _apply(kept, Op("write", op.path, op.offset + start, part))
    return kept


def _apply(data: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del data[op.offset :]
        data.extend(bytes(op.offset - len(data)))
        return
    if len(data) < op.offset:
        data.extend(bytes(op.offset - len(data)))
    data[op.offset : op.offset + len(op.data)] = op.data
