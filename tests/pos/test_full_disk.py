"""A disk that is really full: refused before money is taken, and never half a sale."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from pos.rules.tender import Tender
from pos.services import checkout as checkouts
from pos.services.checkout import Checkout, Completed
from pos.services.register import Register
from sync.faces.eod import work
from sync.language import Language
from sync.rules.refusal import Fault, Refused
from sync.services.till import OpenTill, open_till
from sync.services.verifying import verify_journal

from .stocked_till import TEA_CODE, make_test_setup, opened, rows, stock

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts a disk"),
]
CASH = [Tender("cash", 100_000)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("cannot mount here")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


@pytest.fixture
def till(disk: Path) -> Iterator[OpenTill]:
    with opened(make_test_setup(disk)) as till:
        stock(till)
        yield till


def fill_up(disk: Path) -> Path:
    """Write until nothing fits any more."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def test_a_full_disk_refuses_the_sale_before_money_and_room_lets_it_go_on(
    disk: Path, till: OpenTill
) -> None:
    register, checkout = Register(till), Checkout(till)
    register.scan(TEA_CODE)
    filler = fill_up(disk)
    refused = checkout.quote(register.cart, CASH)
    assert isinstance(refused, Refused)
    assert refused.reason == "disk.full"
    assert refused.values == {"path": till.directory, "free": 0, "least": 8192}
    with pytest.raises(Fault):
        for _ in range(200):
            register.scan(TEA_CODE)
            register.remove(register.cart.touched)
    filler.unlink()
    register.scan(TEA_CODE)
    assert isinstance(checkout.complete(register.cart, CASH), Completed)


def test_a_disk_that_fills_during_the_sale_leaves_nothing_of_it(
    disk: Path, till: OpenTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    register, checkout = Register(till), Checkout(till)
    register.scan(TEA_CODE)
    till.journal.checkpoint()
    monkeypatch.setattr(checkouts, "LEAST_FREE_BYTES", 0)
    filler = fill_up(disk)
    with pytest.raises(Fault) as caught:
        checkout.complete(register.cart, CASH)
    assert caught.value.refused.reason in ("sale.not_recorded", "sale.stopped")
    filler.unlink()
    assert rows(till, "sale_order") == 0
    assert not isinstance(verify_journal(till), Refused)


def test_beside_an_open_counter_a_full_disk_can_still_be_read(disk: Path, till: OpenTill) -> None:
    Register(till).scan(TEA_CODE)
    fill_up(disk)
    with opened(till.setup, selling=False) as reading:
        assert rows(reading, "cart") == 1
        assert not isinstance(verify_journal(reading), Refused)


@pytest.mark.parametrize("to", ["read", "sell"])
def test_a_till_that_a_full_disk_does_not_let_open_says_so(
    disk: Path, to: Literal["read", "sell"]
) -> None:
    setup = make_test_setup(disk)
    with opened(setup) as till:
        stock(till)
    filler = fill_up(disk)
    with pytest.raises(Fault) as caught:
        open_till(setup, to)
    said = Language("zh", ["sync"]).refusal(caught.value.refused)
    assert "磁盘空间已满" in said
    filler.unlink()
    with opened(setup) as till:
        assert not isinstance(verify_journal(till), Refused)


def test_a_day_can_be_closed_on_a_full_disk_and_nothing_more_is_sold_there(disk: Path) -> None:
    setup = make_test_setup(disk)
    with opened(setup) as till:
        stock(till)
        register, checkout = Register(till), Checkout(till)
        register.scan(TEA_CODE)
        assert isinstance(checkout.complete(register.cart, CASH), Completed)
        register.start_new()
        register.scan(TEA_CODE)
        basket = register.cart
        day = till.business_day()
    filler = fill_up(disk)
    with pytest.raises(Fault):
        open_till(setup, "close")

    closed = work.close(setup, day, "Li")
    assert not isinstance(closed, Refused)
    assert [total.count for total in closed[0].totals if total.kind == "sale"] == [1]
    with opened(setup) as till:
        refused = Checkout(till).quote(basket, CASH)
        assert isinstance(refused, Refused)
        assert refused.reason == "disk.full"
    filler.unlink()
    with opened(setup) as till:
        assert isinstance(Checkout(till).complete(basket, CASH), Completed)
