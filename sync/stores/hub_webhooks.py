"""Webhooks at the hub: whom to tell, how far each was told, and when to try again."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    delete,
    select,
    update,
)

from sync.rules.webhook import Position
from sync.stores.hub_rows import add_missing, add_one_missing
from sync.stores.hub_tables import METADATA

WEBHOOK = Table(
    "webhook",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("url", String(2048), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("center", SmallInteger, nullable=False),  # 0: all
    Column("due_ms", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("problem", String(200), nullable=False),
)

TOLD = Table(  # in another epoch everything is told again
    "webhook_told",
    METADATA,
    Column("webhook", String(64), primary_key=True),
    Column("till", String(32), primary_key=True),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("arrival", BigInteger, nullable=False),
)


class Webhook(msgspec.Struct, frozen=True):
    """Whom to tell; `center` 0 for all, `problem` empty while it answers."""

    name: str
    url: str
    secret: bytes
    center: int
    due_ms: int = 0
    failures: int = 0
    problem: str = ""


_COLUMNS = tuple(WEBHOOK.c)


def add(connection: Connection, webhook: Webhook) -> bool:
    """Add a webhook; False if there is one of this name."""
    row = {column.name: getattr(webhook, column.name) for column in _COLUMNS}
    return add_one_missing(connection, WEBHOOK, row)


def remove(connection: Connection, name: str) -> bool:
    """Remove a webhook and what it was told; False if there is none of this name."""
    connection.execute(delete(TOLD).where(TOLD.c.webhook == name))
    return connection.execute(delete(WEBHOOK).where(WEBHOOK.c.name == name)).rowcount == 1


def all_webhooks(connection: Connection) -> list[Webhook]:
    """Return every webhook by name."""
    return [Webhook(*row) for row in connection.execute(select(*_COLUMNS).order_by("name"))]


def take(connection: Connection, name: str, now_ms: int, until_ms: int) -> bool:
    """Take a webhook that is due, so that no other process does before `until_ms`."""
    taken = connection.execute(
        update(WEBHOOK)
        .where(WEBHOOK.c.name == name, WEBHOOK.c.due_ms <= now_ms)
        .values(due_ms=until_ms)
    )
    return taken.rowcount == 1


def told(connection: Connection, name: str, epoch: int) -> dict[str, int]:
    """Return up to which arrival of each till a webhook was told in an epoch."""
    found = connection.execute(
        select(TOLD.c.till, TOLD.c.arrival).where(TOLD.c.webhook == name, TOLD.c.epoch == epoch)
    )
    return {row.till: row.arrival for row in found}


def put_told(connection: Connection, name: str, epoch: int, positions: Sequence[Position]) -> None:
    """Note what a webhook was told."""
    connection.execute(delete(TOLD).where(TOLD.c.webhook == name, TOLD.c.epoch != epoch))
    tills = [position.till for position in positions]
    connection.execute(delete(TOLD).where(TOLD.c.webhook == name, TOLD.c.till.in_(tills)))
    add_missing(
        connection,
        TOLD,
        [
            {
                "webhook": name,
                "till": position.till,
                "epoch": epoch,
                "arrival": position.arrival,
            }
            for position in positions
        ],
    )


def postpone(
    connection: Connection, name: str, due_ms: int, failures: int = 0, problem: str = ""
) -> None:
    """Say when a webhook is due again, and how it stands."""
    connection.execute(
        update(WEBHOOK)
        .where(WEBHOOK.c.name == name)
        .values(due_ms=due_ms, failures=failures, problem=problem[:200])
    )
