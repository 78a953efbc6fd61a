"""Rebuilding damaged reference data: all that the hub feeds comes anew, into a file of its own."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import filelock

from sync.access import Access
from sync.disk_faults import disk_faults
from sync.feed_client import FeedClient
from sync.hub_requests import SignedRequests
from sync.lock import unusable
from sync.reference import Reference
from sync.rules.enrolling import not_enrolled
from sync.rules.feed import Overview, Stand
from sync.rules.refusal import Fault, Refused
from sync.services.pulling import (
    GENTLE_REST_S,
    PullReport,
    not_pulled,
    pull_busy,
    pulling_lock,
)
from sync.services.snapshots import Snapshots, Taken
from sync.services.stepping import Tell
from sync.services.till import OpenTill
from sync.stores import feeds as stores

if TYPE_CHECKING:
    import httpx2


def rebuild(
    till: OpenTill, client: httpx2.Client, tell: Tell, *, gently: bool = False
) -> PullReport:
    """Fetch all that the hub feeds into a new file, and put it in place of the damaged one.

    Until that is whole, the damaged file stays in force; then it is kept aside. What was imported
    at this till itself is not in the new one. Raises `Fault` if the till's own files fail.
    """
    try:
        access = Access()
        with pulling_lock(till.directory), access.use(), disk_faults(till.directory):
            return _rebuilt(till, client, access, tell, GENTLE_REST_S if gently else 0.0)
    except filelock.Timeout:
        return not_pulled(pull_busy(till.directory.name))
    except OSError as error:
        raise Fault(unusable(till.directory, error.strerror)) from error


def _rebuilt(
    till: OpenTill, client: httpx2.Client, access: Access, tell: Tell, rest_s: float
) -> PullReport:
    enrolment = till.enrolment
    if enrolment is None:
        return not_pulled(not_enrolled())
    asking = FeedClient(SignedRequests(client, till.keys, enrolment), enrolment, access)
    overview = asking.overview(())
    if isinstance(overview, Refused):
        return not_pulled(overview)
    taken, due = _taken(till, asking, overview, tell, rest_s)
    if isinstance(taken, Refused):
        return not_pulled(taken)
    fed = tuple(feed for feed in due if feed not in taken.unread)
    refused = next(iter(taken.unread.values()), None)
    with closing(Reference(till.directory)) as reference, reference.feeding() as db:
        stores.note_pull(db, fed, till.now_ms(), refused.reason if refused else "")
        versions = {name: kept.cursor.version for name, kept in stores.cursors(db).items()}
    return PullReport(
        taken.rows, versions, fed, tuple(taken.unread), refused, taken.set_aside, rebuilt=True
    )


def _taken(
    till: OpenTill, asking: FeedClient, overview: Overview, tell: Tell, rest_s: float
) -> tuple[Taken | Refused, tuple[str, ...]]:
    """Take a snapshot of every feed that was ever fed; return their names, too."""
    packages = till.setup.packages
    feeds = {feed.name: feed for package in packages for feed in package.feeds()}
    migrations = [steps for package in packages for steps in package.reference_migrations]
    due: list[Stand] = [each for each in overview.stands if each.feed in feeds and each.version]
    snapshots = Snapshots(till, None, migrations, feeds, asking, tell, rest_s)
    return snapshots.take(overview, due), tuple(stand.feed for stand in due)
