"""The lab's hub with all its desks: it enrols, feeds and revokes, and keeps a second medium."""

from __future__ import annotations

from pathlib import Path

import httpx2
from msgspec import structs

from sync.faces.hub_http import PROBLEM, refusal
from sync.rules.challenge import CHALLENGE_HEADER
from sync.rules.refusal import Refused
from sync.services.authenticating import Authenticating
from sync.services.feeding import Feeding
from sync.services.hub_opening import lineage_of
from sync.services.inviting import Inviting
from sync.services.publishing import Publishing
from sync.services.revoking import Revoking
from tests.sync.tills import HubMachine

CENTER, CENTER_NAME = 1, "zhengzhou"
_FEEDS = "/v1/feeds"


class ManagedHub(HubMachine):
    """A hub whose second medium lies outside the directory that is copied and put back."""

    def __init__(self, root: Path, medium: Path) -> None:
        self._medium = medium
        medium.mkdir(parents=True, exist_ok=True)
        super().__init__(root)

    def _open(self) -> None:
        hub = structs.replace(self.setup.hub, second_medium=str(self._medium))
        self.setup = structs.replace(self.setup, settings=self.setup.settings.having(hub))
        super()._open()
        data, clock = self.data, self.setup.clock
        self.desk = Inviting(data.engine, data.keys, clock, medium=data.medium)
        self.lineage = lineage_of(self.setup, data)
        self.manager = Revoking(data.engine, data.register, self.setup.packages, clock)
        feeds = [feed for package in self.setup.packages for feed in package.feeds()]
        centers = {CENTER_NAME: CENTER}
        self.publishing = Publishing(data.engine, feeds, centers, CENTER, data.register, clock)
        self._feeding = Feeding(data.engine, data.keys, feeds, clock)
        self._door = Authenticating(data.engine, data.keys, clock)

    def invite(self, name: str) -> str | Refused:
        """Make a one-time code for a till of the lab's center."""
        invitation = self.desk.invite(name, CENTER, CENTER_NAME)
        return invitation if isinstance(invitation, Refused) else invitation.code

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a till's request."""
        path = request.url.path
        if path == "/v1/challenge":
            return httpx2.Response(200, headers=self._challenge())
        return self._feed(request) if path.startswith(_FEEDS) else self._handle(request)

    def _feed(self, request: httpx2.Request) -> httpx2.Response:
        path, body = request.url.path, request.content
        sender = self._door.sender(request.method, path, request.headers, body)
        if isinstance(sender, Refused):
            return self._refused(sender)
        feed = path.removeprefix(_FEEDS).removeprefix("/")
        center = sender.center
        content = (
            self._feeding.page(feed, center, body) if feed else self._feeding.overview(center, body)
        )
        if isinstance(content, Refused):
            return self._refused(content)
        answer = self._door.answer(sender, content)
        return httpx2.Response(200, content=answer, headers=self._challenge())

    def _refused(self, refused: Refused) -> httpx2.Response:
        told = refusal(self.setup.say, refused)
        headers = {**self._challenge(), "content-type": PROBLEM}
        return httpx2.Response(told.status_code, content=bytes(told.body), headers=headers)

    def _challenge(self) -> dict[str, str]:
        return {CHALLENGE_HEADER: self._door.challenge()}
