"""The lab's hub: the real one behind a wire, on a disk that can be killed, filled and put back."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import httpx2
from sqlalchemy.exc import SQLAlchemyError

from sync.backup_files import checked_manifest
from sync.database import hub_snapshot
from sync.rules.backup import MANIFEST, Manifest
from sync.rules.refusal import Refused
from sync.rules.segment import Segment, unpack
from sync.services.backing_up import BackedUp, back_up_hub
from sync.services.hub import Received
from sync.services.restoring_hub import RestoredHub, restore_hub
from sync.services.taking_in import StickAtHub, TakenIn
from sync.stick_files import Stick
from tests.sync.tills import FakeClock

from .disks import Host, Killed, copy_files
from .hub_desks import ManagedHub
from .network import SEGMENTS
from .publishing import publish

_PROMISED = (400, 403, 404, 413)  # a refusal with one of these changed nothing
_GAP = 409  # and this one stored nothing of the segment; a till that was forgotten is known again
_STORED = ("entry", "fork", "held", "run", "segment", "booking", "alarm", "closing", "hub_order")
_COUNTS = ", ".join(f"(SELECT count(*) FROM {table})" for table in ("till", *_STORED))
Version = list[tuple[int, int]]
Counts = tuple[int, ...]


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
        before = self._state()
        try:
            with self.host.acts():
                answer = self.machine.answer(request)
        except Killed:
            raise httpx2.ReadError("the hub died") from None
        except SQLAlchemyError:
            return httpx2.Response(503)
        self._hold_to(answer.status_code, before)
        if answer.status_code == 200 and request.url.path == SEGMENTS:
            self._note(request.content)
        return answer

    def take_in(self, stick: Stick, names: Sequence[str]) -> str:
        """Take in segments from a stick, as `xuanpin sync import` does, or break off."""
        self.changed = True
        at_hub = StickAtHub(stick, self._receive, self.machine.data.keys.public)
        try:
            with self.host.acts():
                outcomes = [outcome for _, outcome in at_hub.take_in(names)]
        except Killed:
            return "killed"
        except SQLAlchemyError:
            return "not taken in"
        refused = sum(isinstance(outcome, Refused) for outcome in outcomes)
        gaps = sum(isinstance(outcome, TakenIn) and outcome.gap for outcome in outcomes)
        return f"{len(outcomes)} on the stick, {refused} refused, {gaps} gaps"

    def _receive(self, data: bytes) -> Received | Refused:
        before = self._state()
        received = self.machine.hub.receive(data)
        if isinstance(received, Refused):
            self._hold_to(_PROMISED[0], before)
        elif received.gap:
            self._hold_to(_GAP, before)
        else:
            self._note(data)
        return received

    def _hold_to(self, status: int, before: tuple[Version, Counts]) -> None:
        """Hold the hub to what a refusal promises: nothing was stored."""
        if status not in (*_PROMISED, _GAP):
            return
        now = self._state()
        if now[0] == before[0]:
            return
        (tills, *stored), (tills_before, *stored_before) = now[1], before[1]
        if status != _GAP or stored != stored_before or tills == tills_before:
            self.broken_promises.append(f"{status}, and yet something was stored")

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

    def back_up(self, to: Path, *, backup: bool) -> bool:
        """Copy the hub's disk as it is, or back the hub up; tell whether that went well."""
        if not backup:
            copy_files(self.host.directory, to)
            return True
        made = back_up_hub(self.machine.data, to, self.clock.now_ms(), with_keys=True)
        return isinstance(made, BackedUp)

    def put_back(self, copy: Path) -> None:
        """Put an older copy of the disk in place, or restore the hub from its backup."""
        self.changed = True
        self.machine.close()
        if (copy / MANIFEST).exists():
            self._restore(copy)
        else:
            self.host.replace_by(copy)
        self.machine._open()

    def put_database_back(self, copy: Path) -> None:
        """Put the database of an older copy under the hub, which goes on serving.

        So it is with PostgreSQL's files; its new connections are looked at before they are used.
        """
        self.changed = True
        self.machine.data.engine.dispose()
        self.host.close()
        place = self.host.directory / "hub"
        for path in place.glob("hub.db*"):
            path.unlink()
        for path in (copy / "hub").glob("hub.db*"):
            shutil.copy(path, place)
        self.host.renewed()
        self.machine.lineage.look()

    def _restore(self, backup: Path) -> None:
        manifest = checked_manifest(backup)
        assert isinstance(manifest, Manifest), manifest
        restored = restore_hub(self.machine.setup, backup, manifest)
        assert isinstance(restored, RestoredHub), restored
        if restored.replaced:
            shutil.rmtree(restored.replaced)
        self.host.renewed()

    def empty(self) -> None:
        """Lose the database, keep the keys."""
        self.changed = True
        self.machine.forget()

    def _state(self) -> tuple[Version, Counts]:
        """Tell one state of the database from another: by its files, and by what is stored."""
        with hub_snapshot(self.machine.data.engine) as connection:
            counts = connection.exec_driver_sql(f"SELECT {_COUNTS}").one()
        return self._version(), tuple(counts)

    def _version(self) -> Version:
        files = sorted((self.host.directory / "hub").glob("hub.db*"))
        stats = [file.stat() for file in files if not file.name.endswith("-shm")]
        return [(stat.st_size, stat.st_mtime_ns) for stat in stats]
