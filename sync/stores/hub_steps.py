"""The ground floor's steps of the hub's database, in order; how to add one: `hub_migrations`."""

from sqlalchemy import Connection, text

from sync.package import HubStep
from sync.stores import hub_tables as tables
from sync.stores.hub_epoch import HUB_EPOCH
from sync.stores.hub_feeds import FEED, FEED_ROW
from sync.stores.hub_identity import IDENTITY
from sync.stores.hub_openings import OPENING
from sync.stores.hub_tokens import TOKEN
from sync.stores.hub_webhooks import TOLD, WEBHOOK


def _order_ids(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        kind = 'VARCHAR(64) COLLATE "C"'
        connection.execute(text(f"ALTER TABLE booking ALTER COLUMN id TYPE {kind}"))


STEPS = (
    HubStep(
        "tills, journal, bookings and alarms",
        tables=(
            tables.TILL,
            tables.CERTIFICATE,
            tables.INVITE,
            tables.RUN,
            tables.ENTRY,
            tables.FORK,
            tables.SEGMENT,
            tables.BOOKING,
            tables.ALARM,
        ),
    ),
    HubStep("challenges that were used", tables=(tables.USED_CHALLENGE,)),
    HubStep("revoked tills and what is held of them", tables=(tables.REVOCATION, tables.HELD)),
    HubStep("the register of enrolments and revocations", tables=(tables.ACT,)),
    HubStep("feeds, and the epochs their versions belong to", tables=(FEED, FEED_ROW, HUB_EPOCH)),
    HubStep("whose database this is", tables=(IDENTITY,)),
    HubStep(
        "end of day: running totals, closings, settled alarms, bookings by day",
        tables=(tables.STANDING, tables.CLOSING, tables.SETTLED),
        indexes=tuple(tables.BOOKING.indexes),
    ),
    HubStep("which lineage was seen last", tables=(OPENING,)),
    HubStep("who reads orders, by token", tables=(TOKEN,)),
    HubStep("webhooks, and what each was told", tables=(WEBHOOK, TOLD)),
    HubStep("ids of what is booked are ordered byte by byte", run=_order_ids),
)
