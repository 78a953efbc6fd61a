"""Serving a hub's web application: slow and many clients bounded, and a graceful end."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from fastapi import FastAPI

MOST_CONNECTIONS = 256
MOST_HEAD_BYTES = 16 * 1024
HEAD_TIMEOUT_S = 10
END_TIMEOUT_S = 10
_SEND_TIMEOUT_MS = 30_000


class BoundedProtocol(H11Protocol):
    """HTTP/1.1, in which a head must be whole within `HEAD_TIMEOUT_S`, and so must a refused body.

    uvicorn bounds how long a connection is kept between requests, but not how long the first
    request, or any one's head, may take to arrive; and once a body that was answered unread sends
    on, it waits for its end for ever.
    """

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request's head."""
        super().connection_made(transport)
        self._await_more()

    def data_received(self, data: bytes) -> None:
        """Take bytes; the clock runs from a head's first byte to its last."""
        if self._due is None and self._is_between_requests():
            self._await_more()
        unread = self._is_answered_unread()
        super().data_received(data)
        if unread and self._is_between_requests():
            self._await_more()
        elif not self._is_between_requests() and not self._is_answered_unread():
            self._has_come()

    def on_response_complete(self) -> None:
        """Go on to the next request, once the rest of a body that nobody wanted has come."""
        super().on_response_complete()
        if self._is_answered_unread():
            self._await_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._has_come()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        return self.conn.their_state is h11.IDLE

    def _is_answered_unread(self) -> bool:
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _await_more(self) -> None:
        self._has_come()
        self._due = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.abort)

    def _has_come(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None


class DrainingServer(uvicorn.Server):
    """A server that, told to end, says so for a while before it stops listening."""

    def __init__(self, config: uvicorn.Config, drain_s: int, draining: Callable[[], None]) -> None:
        """Call `draining` when the end is near; go on taking requests for `drain_s` seconds."""
        super().__init__(config)
        self._drain_s = drain_s
        self._draining = draining
        self._ends_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; told a second time, end at once."""
        if self._ends_at is None and self._drain_s:
            self._draining()
            self._ends_at = time.monotonic() + self._drain_s
            self._captured_signals.append(sig)
        else:
            self._draining()
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Tell whether to stop listening now."""
        drained = self._ends_at is not None and time.monotonic() >= self._ends_at
        return await super().on_tick(counter) or drained


def serve(server: DrainingServer, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first."""
    _bound_sending(listener)
    # uvicorn raises the signal again once it has ended gracefully: that is no failure.
    signal.signal(signal.SIGTERM, _ignore)
    signal.signal(signal.SIGINT, _ignore)
    # What is loaded by now stays for good: it need not be searched for garbage again and again.
    gc.collect()
    gc.freeze()
    server.run(sockets=[listener])


def make_server(
    app: FastAPI,
    *,
    drain_s: int,
    draining: Callable[[], None],
    certificate: Path | None = None,
    key: Path | None = None,
) -> DrainingServer:
    """Make the server of an application; `draining` is called when it is told to end."""
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        timeout_graceful_shutdown=END_TIMEOUT_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    return DrainingServer(config, drain_s, draining)


def _bound_sending(listener: socket.socket) -> None:
    """Give up connections whose other end takes nothing, or is no longer there."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # inherited by every connection
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SEND_TIMEOUT_MS)


def _ignore(_number: int, _frame: Any) -> None:
    pass
