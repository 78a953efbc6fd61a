"""How a till asks its hub for feeds: where they stand, and pages that are what was asked for."""

from __future__ import annotations

from collections.abc import Iterable

from sync.access import Access
from sync.hub_requests import SignedRequests
from sync.rules import feed as wire
from sync.rules.feed import Overview, Page, Shown, Wanted
from sync.rules.feed_cursor import Cursor
from sync.rules.refusal import N_, Refused
from sync.stores.enrolment import Enrolment

_NO_WAY_ON = frozenset({"feed.other_epoch", "feed.too_old"})


class FeedClient:
    """Asks one till's hub; whoever uses it is inside `access.use`, and let go of while it waits."""

    def __init__(self, requests: SignedRequests, enrolment: Enrolment, access: Access) -> None:
        self.enrolment = enrolment
        self._requests = requests
        self._access = access

    def overview(self, signed: Iterable[bytes]) -> Overview | Refused:
        """Ask where all feeds stand, showing the cursors this till has."""
        shown = Shown(tuple(signed))
        answer = self._ask("/v1/feeds", wire.write(shown), wire.MOST_OVERVIEW_BYTES)
        if isinstance(answer, Refused):
            return answer
        overview = wire.read(answer, Overview)
        if isinstance(overview, Refused):
            return overview
        ours = (self.enrolment.hub_id, self.enrolment.center)
        return overview if (overview.hub_id, overview.center) == ours else _other_center()

    def page(self, want: Cursor, wanted: Wanted) -> Page | Refused:
        """Ask for a page of the feed, center and epoch that `want` names; it is checked."""
        answer = self._ask(f"/v1/feeds/{want.feed}", wire.write(wanted), wire.MOST_PAGE_BYTES)
        if isinstance(answer, Refused):
            return answer
        page = wire.read_page(answer)
        if isinstance(page, Refused):
            return page
        return wire.page_problem(page, want, wanted, self.enrolment.hub_public) or page

    def pause(self, seconds: float) -> None:
        """Let others have what is shared for a moment."""
        with self._access.away():
            self._access.wait(seconds)

    def _ask(self, target: str, body: bytes, most_bytes: int) -> bytes | Refused:
        with self._access.away():
            answer = self._requests.ask("POST", target, body, most_bytes=most_bytes)
        return answer if isinstance(answer, Refused) else answer.body


def leads_no_further(refused: Refused) -> bool:
    """Tell whether the hub refused because this place leads no further: pulling anew does."""
    return refused.reason == "hub.refused" and refused.values.get("type") in _NO_WAY_ON


def _other_center() -> Refused:
    return Refused(
        "feed.other_center",
        N_("The hub has this till in another center than the till knows."),
        N_("Enrol the till again in its center; nothing was changed here."),
    )
