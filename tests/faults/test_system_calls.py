"""A sale is killed at each of its system calls, and meets a failing disk at each write and sync."""

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec import structs

from pos.rules.tender import Tender
from pos.services.checkout import Checkout, Completed
from pos.services.register import Register
from sync.rules.refusal import Refused
from sync.services.till import OpenTill, open_till
from sync.services.verifying import verify_journal
from sync.setup import Setup
from tests.pos.stocked_till import TEA_CODE, stock
from tests.sync.tills import FakeClock, make_setup, opened

from .history import MEMORY
from .injecting import Call, Sales, calls_of, sale_server
from .sale_server import PAPER, SAID, print_all
from .seen import Eye
from .system_calls import traceable

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="traces others"),
]
PARTS = 4
WRITES = ("pwrite64", "write", "ftruncate")
KILLED_AT = (*WRITES, "fsync", "fdatasync", "openat", "unlink", "rename", "mkdir")


@dataclass(frozen=True)
class Counter:
    """A counter that was closed in good order, copied for each sale; its calls; who sells."""

    setup: Setup
    sales: Sales
    calls: Sequence[Call]

    def sell(self, *options: str) -> int:
        """Sell in a fresh copy of the counter's directory."""
        directory = self.setup.root
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(directory.with_name("prepared"), directory)
        return self.sales.run(directory, "-o", "/dev/null", *options)


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    if not traceable():
        pytest.skip("no program can be traced here")
    base = MEMORY if MEMORY.is_dir() else tmp_path_factory.getbasetemp()
    root = base / f"fault-calls-{os.getpid()}"
    prepared = structs.replace(make_setup(root / "prepared"), clock=FakeClock())
    with opened(prepared) as till:
        stock(till)
    shutil.copytree(root / "prepared", root / "counter")
    with sale_server() as sales:
        calls = calls_of(sales, root / "counter", root / "log")
        yield Counter(structs.replace(prepared, root=root / "counter"), sales, calls)
    shutil.rmtree(root)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_sale_killed_at_any_system_call_is_whole_or_nothing(counter: Counter, part: int) -> None:
    calls = [call for call in counter.calls if call.name in KILLED_AT]
    assert len(calls) > 100, "a sale makes many calls"
    killed = 0
    for call in calls[part::PARTS]:
        ended = counter.sell("-e", f"inject={call.name}:signal=SIGKILL:when={call.nth}")
        killed += ended == signal.SIGKILL
        assert wrong_after(counter.setup) == [], call
    assert killed > len(calls) / PARTS * 0.9


@pytest.mark.parametrize("part", range(PARTS))
def test_a_disk_that_fails_once_or_for_good_loses_nothing_and_leaves_nothing_half(
    counter: Counter, part: int
) -> None:
    writes = [call for call in counter.calls if call.name in WRITES and call.file != SAID]
    syncs = [call for call in counter.calls if call.name in ("fsync", "fdatasync")]
    troubles = [f"{call.name}:error=ENOSPC:when={call.nth}" for call in writes]
    troubles += [f"{call.name}:error=EIO:when={call.nth}" for call in syncs]
    troubles += [f"pwrite64:error=ENOSPC:when={call.nth}+" for call in writes[::4]]
    troubles += [f"{call.name}:error=EIO:when={call.nth}+" for call in syncs]
    for trouble in troubles[part::PARTS]:
        assert counter.sell("-e", f"inject={trouble}") == 0, f"{trouble}: it broke down"
        assert outcomes(counter.setup) != [], trouble
        assert wrong_after(counter.setup) == [], trouble


def outcomes(setup: Setup) -> list[list[str]]:
    """Return what the sale said came of it."""
    said = setup.root / SAID
    return [line.split() for line in said.read_text().splitlines()] if said.exists() else []


def wrong_after(setup: Setup) -> list[str]:
    """Open the counter again, print, sell once more; name what people were told and is not so."""
    till = open_till(setup, "counter")
    if isinstance(till, Refused):
        return [f"it does not open: {till.reason}"]
    with till:
        return [*_wrong_in(till), *_wrong_on_paper(till, setup.root / PAPER)]


def _wrong_in(till: OpenTill) -> Iterator[str]:
    seen = Eye().till(till)
    orders = {order_id for order_id, line in seen.orders.items() if line is not None}
    if isinstance(verify_journal(till), Refused) or orders != set(seen.orders):
        yield "the journal does not verify"
    if till.journal.read().execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        yield "the database is damaged"
    for order_id in orders:
        documents = sorted(job[1] for job in seen.jobs if job[0] == order_id)
        if documents != ["card", "receipt"]:
            yield f"{order_id} has jobs for {documents}"
    if not orders >= {order_id for order_id, _, _ in seen.jobs}:
        yield "a document waits for an order that is not there"
    yield from _told_and_not_so(till.setup, orders)


def _told_and_not_so(setup: Setup, orders: set[str]) -> Iterator[str]:
    for what, about in outcomes(setup):
        if what == "paid" and about not in orders:
            yield f"{about} was said to be paid, and is lost"
        if about == "sale.not_recorded" and orders:
            yield f"{orders} were recorded, and the money was given back"
    for _, order_id, _ in on_paper(setup.root / PAPER):
        if order_id not in orders:
            yield f"{order_id} was printed, and is lost"


def _wrong_on_paper(till: OpenTill, paper: Path) -> Iterator[str]:
    print_all(till, paper)
    seen = Eye().till(till)
    printed: set[tuple[str, str]] = set()
    for document, order_id, mark in on_paper(paper):
        if (order_id, document) in printed and mark != "copy":
            yield f"{document} {order_id} was printed twice as if for the first time"
        printed.add((order_id, document))
    if printed != {(order_id, document) for order_id, document, _ in seen.jobs}:
        yield "not everything is on paper after the next start"
    register = Register(till)
    register.scan(TEA_CODE)
    completed = Checkout(till).complete(register.cart, [Tender("cash", 1_000_000)])
    if not isinstance(completed, Completed):
        yield f"it sells no more: {completed.reason}"


def on_paper(paper: Path) -> list[list[str]]:
    """Return each line of the paper: document, order, copy or first."""
    return [line.split() for line in paper.read_text().splitlines()] if paper.exists() else []
