"""The lab's hub with all its desks: it enrols, feeds and revokes, and keeps a second medium."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import httpx2
import msgspec

from sync.rules.refusal import Refused
from sync.services.inviting import Inviting
from tests.sync.tills import HubMachine

CENTER, CENTER_NAME = 1, "zhengzhou"


class ManagedHub(HubMachine):
    """A hub whose second medium lies outside the directory that is copied and put back."""

    def __init__(self, root: Path, medium: Path) -> None:
        self._medium = medium
        medium.mkdir(parents=True, exist_ok=True)
        super().__init__(root)

    def _open(self) -> None:
        hub = msgspec.structs.replace(self.setup.hub, second_medium=str(self._medium))
        self.setup = dataclasses.replace(self.setup, settings=self.setup.settings.having(hub))
        super()._open()
        data, clock = self.data, self.setup.clock
        self.desk = Inviting(data.engine, data.keys, clock, medium=data.medium)

    def invite(self, name: str) -> str:
        """Make a one-time code for a till of the lab's center."""
        invitation = self.desk.invite(name, CENTER, CENTER_NAME)
        assert not isinstance(invitation, Refused), invitation
        return invitation.code

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a till's request."""
        return self._handle(request)
