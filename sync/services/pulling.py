"""Pulling: a till follows its hub's feeds, by steps beside the open counter, else by a snapshot."""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import msgspec

from sync.access import Access, AccessEnded
from sync.database import CommitUnknown
from sync.disk_faults import disk_faults
from sync.feed_client import FeedClient
from sync.hub_requests import SignedRequests
from sync.lock import unusable
from sync.reference import Reference
from sync.reference_damage import means_damage
from sync.rules.enrolling import not_enrolled
from sync.rules.feed import MOST_ROWS, Overview, Stand, way_to
from sync.rules.feed_cursor import Cursor
from sync.rules.feed_row import UNREADABLE
from sync.rules.pacing import longest_pause_ms
from sync.rules.refusal import N_, Fault, Refused
from sync.services.snapshots import Snapshots
from sync.services.stepping import Steps, Tell
from sync.services.till import OpenTill
from sync.stores import feeds as stores
from sync.stores.enrolment import Enrolment

if TYPE_CHECKING:
    import httpx2

MOST_STEPS = 20_000  # further behind, a snapshot is quicker, and easier on an open counter
GENTLE_ROWS = 100
GENTLE_PAUSE_S = 0.05
GENTLE_REST_S = 0.06
_LOG = logging.getLogger("xuanpin.puller")


class PullReport(msgspec.Struct, frozen=True):
    """What a pull brought: so many rows, and at which version each feed is now.

    `anew` are the feeds that came whole, `due` those that still need a snapshot for that.
    `refused` says why something could not be followed. `rebuilt` is true where damaged reference
    data was replaced, `set_aside` is where what was left of it is kept.
    """

    rows: int
    versions: dict[str, int]
    anew: tuple[str, ...]
    due: tuple[str, ...]
    refused: Refused | None
    set_aside: Path | None = None
    rebuilt: bool = False


class _Round(msgspec.Struct):
    """What one pull has done so far; of several refusals the first is told."""

    rows: int = 0
    anew: tuple[str, ...] = ()
    due: tuple[str, ...] = ()
    current: list[str] = msgspec.field(default_factory=list)
    refused: Refused | None = None

    def note(self, refused: Refused) -> None:
        """Remember a refusal."""
        self.refused = self.refused or refused


class Puller:
    """Pulls for one till; beside an open counter too, but one pull at a time."""

    def __init__(
        self,
        till: OpenTill,
        reference: Reference,
        client: httpx2.Client,
        access: Access | None = None,
        *,
        gently: bool = False,
    ) -> None:
        """Write into `reference` while `access` lasts.

        `gently`, transactions are small, and a snapshot's file reaches the disk in parts.
        """
        self._till = till
        self._reference = reference
        self._client = client
        self._access = access or Access()
        self._rows, self._pause_s = (GENTLE_ROWS, GENTLE_PAUSE_S) if gently else (MOST_ROWS, 0.0)
        self._rest_s = GENTLE_REST_S if gently else 0.0
        packages = till.setup.packages
        self._feeds = {feed.name: feed for package in packages for feed in package.feeds()}
        self._migrations = [steps for package in packages for steps in package.reference_migrations]

    def pull(self, *, snapshots: bool = True, tell: Tell | None = None) -> PullReport:
        """Follow every feed to where it stands; without `snapshots`, only where steps lead.

        A feed that the hub has never fed leaves what is there as it is. Raises `Fault` (or
        `CommitUnknown`) if the till's own files fail, `AccessEnded` if they may not be used.
        """
        try:
            with (
                pulling_lock(self._till.directory),
                self._access.use(),
                disk_faults(self._reference.path),
            ):
                return self._pull(snapshots=snapshots, tell=tell or _untold)
        except filelock.Timeout:
            return not_pulled(pull_busy(self._till.directory.name))
        except OSError as error:
            raise Fault(unusable(self._till.directory, error.strerror)) from error

    def run_forever(self, take_snapshot: Callable[[], object]) -> None:
        """Pull now and then while access lasts; `take_snapshot` is called where one is due.

        It is called outside access, and takes as long as it takes. After failures the next try
        comes sooner or later at random.
        """
        failures = 0
        every_ms = self._till.setup.hub.pull_every_s * 1000
        with contextlib.suppress(AccessEnded):
            while not self._access.ended:
                failures = 0 if self._turn(take_snapshot, first=not failures) else failures + 1
                pause_ms = every_ms
                if failures:
                    pause_ms = secrets.randbelow(longest_pause_ms(every_ms, failures) + 1)
                self._access.wait(pause_ms / 1000)

    def _turn(self, take_snapshot: Callable[[], object], *, first: bool) -> bool:
        """Pull once; tell whether all went well. The first failure of a row is logged."""
        try:
            report = self._stepped_only()
            if report is None or report.due:
                take_snapshot()
                report = self.pull(snapshots=False)
        except AccessEnded:
            raise
        except CommitUnknown:
            return self._reopened()
        # The boundary of one turn, as the courier's: nothing is lost, it is tried again.
        except Exception:  # noqa: BLE001
            if first:
                _LOG.exception("a pull failed")
            return False
        return report.refused is None and not report.due

    def _stepped_only(self) -> PullReport | None:
        """Pull without snapshots; None if the file in force is damaged, which takes more."""
        try:
            return self.pull(snapshots=False)
        except CommitUnknown:
            raise
        except Fault as fault:
            if not means_damage(fault):
                raise
            return None

    def _reopened(self) -> bool:
        """Reconnect after a commit of unknown outcome: the cursors say what there is."""
        with contextlib.suppress(Fault), self._access.use():
            self._reference.reopen()
        return False

    def _pull(self, *, snapshots: bool, tell: Tell) -> PullReport:
        self._reference.follow()
        done = _Round()
        enrolment = self._till.enrolment
        if enrolment is None:
            done.note(not_enrolled())
        else:
            requests = SignedRequests(self._client, self._till.keys, enrolment)
            self._follow(done, FeedClient(requests, enrolment, self._access), snapshots, tell)
        with self._reference.feeding() as db:
            reason = done.refused.reason if done.refused else ""
            last = stores.last_pull(db) if done.due and not reason else None
            if last is not None and last.reason == UNREADABLE:
                reason = last.reason  # what keeps a snapshot from coming holds until it is taken
            stores.note_pull(db, done.current, self._till.now_ms(), reason)
            versions = {name: kept.cursor.version for name, kept in stores.cursors(db).items()}
        return PullReport(done.rows, versions, done.anew, done.due, done.refused)

    def _follow(self, done: _Round, client: FeedClient, snapshots: bool, tell: Tell) -> None:
        """Do what is left to do; if the hub goes back in any feed, none of it is believed."""
        kept = self._kept(client.enrolment)
        overview = client.overview(each.signed for each in kept.values())
        if isinstance(overview, Refused):
            done.note(overview)
            return
        due: list[Stand] = []
        behind: list[tuple[Stand, Cursor | None]] = []
        for stand in overview.stands:
            if stand.feed not in self._feeds:
                continue
            have = kept.get(stand.feed)
            at = have.cursor if have and have.cursor.center == stand.center else None
            way = way_to(stand, overview.epoch, at, MOST_STEPS)
            if isinstance(way, Refused):
                done.note(way)
            elif way == "snapshot":
                due.append(stand)
            elif way == "fresh":
                behind.append((stand, None))
            elif way == "steps":
                behind.append((stand, at))
            else:
                done.current.append(stand.feed)
        if done.refused is not None:
            done.current.clear()
            return
        self._step(done, client, overview, behind, tell)
        done.due = tuple(stand.feed for stand in due)
        if due and snapshots:
            self._take(done, client, overview, due, tell)

    def _kept(self, enrolment: Enrolment) -> dict[str, stores.Kept]:
        """Return the cursors that this hub gave out."""
        found = stores.cursors(self._reference.read())
        return {
            name: each for name, each in found.items() if each.cursor.hub_id == enrolment.hub_id
        }

    def _step(
        self,
        done: _Round,
        client: FeedClient,
        overview: Overview,
        behind: Sequence[tuple[Stand, Cursor | None]],
        tell: Tell,
    ) -> None:
        """Take the steps there are, feed by feed; a feed that cannot go on stops no other."""
        steps = Steps(
            client, self._reference.feeding, self._till.now_ms, self._rows, self._pause_s, tell
        )
        for stand, at in behind:
            start = at or Cursor(overview.hub_id, stand.feed, stand.center, overview.epoch, 0)
            followed = self._stepped(steps, stand, start, fresh=at is None)
            if isinstance(followed, Refused):
                done.note(followed)
            else:
                done.rows += followed
                done.current.append(stand.feed)
                done.anew += (stand.feed,) if at is None else ()

    def _stepped(self, steps: Steps, stand: Stand, at: Cursor, *, fresh: bool) -> int | Refused:
        """Follow one feed; what it holds may be beyond this program."""
        try:
            return steps.follow(self._feeds[stand.feed], at, stand.version, fresh=fresh)
        except CommitUnknown:
            raise
        except Fault as fault:
            return fault.refused

    def _take(
        self,
        done: _Round,
        client: FeedClient,
        overview: Overview,
        due: Sequence[Stand],
        tell: Tell,
    ) -> None:
        taken = Snapshots(
            self._till, self._reference, self._migrations, self._feeds, client, tell, self._rest_s
        ).take(overview, due)
        if isinstance(taken, Refused):
            done.note(taken)
            return
        for refused in taken.unread.values():
            done.note(refused)
        came = tuple(feed for feed in done.due if feed not in taken.unread)
        done.rows += taken.rows
        done.current += came
        done.anew, done.due = (*done.anew, *came), tuple(taken.unread)


def pulling_lock(directory: Path) -> filelock.BaseFileLock:
    """Return the lock under which one process pulls for a till; whoever comes second gives up."""
    return filelock.FileLock(directory / "pulling.lock", timeout=0, thread_local=False)


def not_pulled(refused: Refused) -> PullReport:
    """Report that nothing could be pulled at all."""
    return PullReport(0, {}, (), (), refused)


def _untold(_feed: str, _done: int, _size: int) -> None:
    """Tell nobody."""


def pull_busy(till: str) -> Refused:
    """Refuse to pull beside another process that does."""
    return Refused(
        "pull.busy",
        N_("Another process is pulling for till {till}."),
        N_("Wait until it has finished; then there is nothing left to pull."),
        {"till": till},
    )
