"""Telling whoever reads that there is something to read: signed posts, tried until they succeed.

At least once: a message may come again, with the same id. It holds positions only, so a lost
or late one costs nothing: the next says how far everything goes.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from sync.clock import Clock
from sync.database import hub_snapshot, hub_transaction
from sync.hub_events import LOG, database_problem, tell
from sync.rules.reader import check_name
from sync.rules.refusal import N_, Refused
from sync.rules.system_words import phrase_of
from sync.rules.webhook import (
    MOST_TILLS_A_MESSAGE,
    SECRET_BYTES,
    Message,
    Position,
    Signed,
    check_url,
    longest_pause_ms,
    sign_message,
)
from sync.stores import hub_webhooks
from sync.stores.hub_epoch import epoch
from sync.stores.hub_webhooks import Webhook

LOOK_EVERY_S = 2
TIMEOUT_S = 10
_LEASE_MS = 60_000

News = Callable[[Connection], Sequence[tuple[str, int, int]]]
Post = Callable[[str, Signed], str]  # returns what is wrong, empty if it was accepted


class Webhooks:
    """The hub's list of whom to tell; its database is already prepared."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, name: str, url: str, center: int = 0) -> bytes | Refused:
        """Tell `url` from now on of orders of one center, or of all (0); return its secret."""
        refused = check_name(name) or check_url(url)
        if refused is not None:
            return refused
        secret = secrets.token_bytes(SECRET_BYTES)
        webhook = Webhook(name, url, secret, center, due_ms=self._clock.now_ms())
        with hub_transaction(self._engine) as connection:
            added = hub_webhooks.add(connection, webhook)
        return secret if added else _taken(name)

    def remove(self, name: str) -> Refused | None:
        """Tell it no more."""
        with hub_transaction(self._engine) as connection:
            known = hub_webhooks.remove(connection, name)
        return None if known else _unknown(name)

    def all(self) -> list[Webhook]:
        """Return every webhook and how it stands."""
        with hub_snapshot(self._engine) as connection:
            return hub_webhooks.all_webhooks(connection)


class Teller:
    """Tells what is new; any number of hub processes may, each message is sent by one."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        hub_id: str,
        news: Sequence[News],
        post: Post,
        jitter: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._hub_id = hub_id
        self._news = news
        self._post = post
        self._jitter = jitter
        self._over = threading.Event()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell in a thread of its own while the block runs."""
        thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(TIMEOUT_S)

    def tell(self) -> int:
        """Tell everyone who is due and has not heard all; return how many were told."""
        now_ms = self._clock.now_ms()
        with hub_snapshot(self._engine) as connection:
            now = epoch(connection)
            waiting = [
                (webhook, positions)
                for webhook in hub_webhooks.all_webhooks(connection)
                if webhook.due_ms <= now_ms
                and (positions := self._unheard(connection, webhook, now))
            ]
        return sum(self._tell(webhook, now, positions) for webhook, positions in waiting)

    def _tell(self, webhook: Webhook, now: int, positions: Sequence[Position]) -> bool:
        now_ms = self._clock.now_ms()
        with hub_transaction(self._engine) as connection:
            if not hub_webhooks.take(connection, webhook.name, now_ms, now_ms + _LEASE_MS):
                return False
        message = Message("orders.arrived", self._hub_id, now, list(positions))
        signed = sign_message(message, webhook.secret, now_ms // 1000)
        problem = self._posted(webhook, signed)
        with hub_transaction(self._engine) as connection:
            if problem:
                failures = webhook.failures + 1
                due_ms = self._clock.now_ms() + self._jitter(longest_pause_ms(failures) + 1)
                hub_webhooks.postpone(connection, webhook.name, due_ms, failures, problem)
            else:
                hub_webhooks.put_told(connection, webhook.name, now, positions)
                hub_webhooks.postpone(connection, webhook.name, self._clock.now_ms())
        return not problem

    def _posted(self, webhook: Webhook, signed: Signed) -> str:
        """Post to one address; return what went wrong, empty if nothing did."""
        try:
            return self._post(webhook.url, signed)
        # The boundary of one address: what nobody foresaw of it must not keep everybody else from
        # being told. It is tried again like any other failure; the first of a row is logged.
        except Exception as error:  # noqa: BLE001
            if not webhook.failures:
                LOG.exception("webhook not told")
            return phrase_of(error)

    def _unheard(self, connection: Connection, webhook: Webhook, now: int) -> list[Position]:
        known = hub_webhooks.told(connection, webhook.name, now)
        positions = [
            Position(till, arrival)
            for news in self._news
            for till, center, arrival in news(connection)
            if webhook.center in (0, center) and arrival > known.get(till, 0)
        ]
        return positions[:MOST_TILLS_A_MESSAGE]

    def _run(self) -> None:
        failed = False
        while not self._over.wait(LOOK_EVERY_S):
            try:
                self.tell()
                failed = False
            except SQLAlchemyError as error:
                tell(logging.WARNING, "webhooks not told", reason=database_problem(error))
            # The boundary of one look: this is the only thread of its process that tells anybody.
            # The next look begins anew; the first failure of a row is logged.
            except Exception:  # noqa: BLE001
                if not failed:
                    LOG.exception("webhooks not told")
                failed = True


def post_over_http(url: str, signed: Signed) -> str:
    """Post a message; return what went wrong, empty if the answer's status is 2xx."""
    import httpx2

    try:
        with (
            httpx2.Client(timeout=TIMEOUT_S, trust_env=False) as client,
            client.stream("POST", url, content=signed.body, headers=signed.headers) as answer,
        ):
            status = answer.status_code
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return phrase_of(error)
    return "" if 200 <= status < 300 else f"HTTP {status}"


def _taken(name: str) -> Refused:
    return Refused(
        "webhook.taken",
        N_("There is a webhook called {name} already."),
        N_("Choose another name, or remove it with --remove first."),
        {"name": name},
    )


def _unknown(name: str) -> Refused:
    return Refused(
        "webhook.none",
        N_("There is no webhook called {name}."),
        N_("`xuanpin sync webhooks` lists them."),
        {"name": name},
    )
