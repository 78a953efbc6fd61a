"""The lab's hub: the real one behind a wire, on a disk that can be killed, filled and put back."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import httpx2
from sqlalchemy.exc import SQLAlchemyError

from sync.rules.segment import Segment, unpack
from tests.sync.tills import FakeClock

from .disks import Host, Killed, copy_files
from .hub_desks import ManagedHub
from .network import SEGMENTS
from .publishing import publish

_PROMISED = (400, 403, 404, 413)  # a refusal with one of these changed nothing


class HubSite:
    """One hub and its disk. `changed` says that somebody should look at its database again."""

    def __init__(self, machine: ManagedHub) -> None:
        self.machine = machine
        self.host = Host(machine.root)
        self.changed = True
        self.broken_promises: list[str] = []
        self.received: dict[bytes, int] = {}  # what it answered for: hash and amount

    @property
    def clock(self) -> FakeClock:
        clock = self.machine.setup.clock
        assert isinstance(clock, FakeClock)
        return clock

    def deliver(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request, or break off as a process that dies in the middle does."""
        if self.host.dead:
            raise httpx2.ConnectError("the hub is down")
        self.changed = True
        before = self._version()
        try:
            with self.host.acts():
                answer = self.machine.answer(request)
        except Killed:
            raise httpx2.ReadError("the hub died") from None
        except SQLAlchemyError:
            return httpx2.Response(503)
        if answer.status_code in _PROMISED and self._version() != before:
            self.broken_promises.append(f"{answer.status_code}, and yet something was stored")
        if answer.status_code == 200 and request.url.path == SEGMENTS:
            self._note(request.content)
        return answer

    def _note(self, data: bytes) -> None:
        segment = unpack(data)
        assert isinstance(segment, Segment), segment
        for entry in segment.entries:
            self.received[entry.hash] = entry.header.amount_fen

    def restart(self) -> str:
        """Close the hub and open it again, as its supervisor does."""
        self.changed = True
        self.machine.close()
        try:
            with self.host.acts():
                self.machine._open()
        except Killed:
            return "killed"
        except (SQLAlchemyError, AssertionError):
            return "not opened"
        return "opened"

    def look(self) -> None:
        """Keep the watermark, as a hub that serves does every few seconds."""
        if self.changed and not self.host.dead:
            self.machine.lineage.look()

    def publish(self, draws: Sequence[int]) -> str:
        """Change what is fed, as a manager does at the hub."""
        self.changed = True
        try:
            with self.host.acts():
                return publish(self.machine.publishing, self.host.directory.parent, draws)
        except Killed:
            return "killed"
        except SQLAlchemyError:
            return "not published"

    def recover(self) -> None:
        """Start again after a death; what the disk kept is all there is."""
        self.changed = True
        self.machine.close()
        if self.host.dead:
            self.host.bury()
        self.machine._open()

    def back_up(self, to: Path) -> None:
        """Copy the hub's disk as it is."""
        shutil.rmtree(to, ignore_errors=True)
        copy_files(self.host.directory, to)

    def put_back(self, backup: Path) -> None:
        """Put an older copy of the disk in place."""
        self.changed = True
        self.machine.close()
        self.host.replace_by(backup)
        self.machine._open()

    def empty(self) -> None:
        """Lose the database, keep the keys."""
        self.changed = True
        self.machine.forget()

    def _version(self) -> list[tuple[int, int]]:
        """Tell one state of the database's files from another."""
        files = sorted((self.host.directory / "hub").glob("hub.db*"))
        stats = [file.stat() for file in files if not file.name.endswith("-shm")]
        return [(stat.st_size, stat.st_mtime_ns) for stat in stats]
