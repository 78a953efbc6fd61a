"""What goes on with the hub behind an open counter: pushing sales, pulling feeds, each a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sync.access import Access, AccessEnded
from sync.disk_faults import disk_faults
from sync.rules.refusal import Fault, Refused
from sync.services.till import OpenTill

if TYPE_CHECKING:
    import httpx2

SCREEN_FIRST_S = 1.0
READ_AGAIN_S = 5.0
FAREWELL_S = 0.5
REST_S = 0.25

Work = Callable[[OpenTill, "httpx2.Client", Access], None]


@contextmanager
def hub_threads(till: OpenTill) -> Iterator[None]:
    """Push and pull in the background while the counter is open.

    Between two segments the courier rests: two thousand sales a second are still on their way,
    and of the scans made meanwhile few meet its work.

    At the end the till is free to be closed at once; a request under way is left to itself, what
    it would have brought comes next time.
    """
    started = [_start(till, "courier", _push), _start(till, "puller", _pull)]
    try:
        yield
    finally:
        for access, _ in started:
            access.end()
        for _, thread in started:
            thread.join(FAREWELL_S)


def _start(till: OpenTill, name: str, work: Work) -> tuple[Access, threading.Thread]:
    access = Access()
    thread = threading.Thread(target=_run, args=(till, access, work), name=name, daemon=True)
    thread.start()
    return access, thread


def _run(till: OpenTill, access: Access, work: Work) -> None:
    """Once the screen stands, load what speaks to the hub; without an address, nothing."""
    if access.wait(SCREEN_FIRST_S):
        return
    client = _client(till, access)
    if client is not None:
        with client:
            work(till, client, access)


def _push(till: OpenTill, client: httpx2.Client, access: Access) -> None:
    from sync.services.courier import Courier

    Courier(till, client, access, rest_s=REST_S).run_forever()


def _pull(till: OpenTill, client: httpx2.Client, access: Access) -> None:
    from sync.faces.child_pull import take_snapshot
    from sync.services.pulling import Puller

    puller = Puller(till, till.reference, client, access, gently=True)
    puller.run_forever(lambda: take_snapshot(till.setup, access))


def _client(till: OpenTill, access: Access) -> httpx2.Client | None:
    """Make a client for the till's hub; None without an address, or if the till is closing."""
    from sync.services.courier import hub_client

    while not access.ended:
        try:
            with access.use(), disk_faults(till.directory):
                client = hub_client(till)
        except AccessEnded:
            return None
        except Fault:
            # The till's own database could not be read: like the courier, try again.
            access.wait(READ_AGAIN_S)
            continue
        return None if isinstance(client, Refused) else client
    return None
