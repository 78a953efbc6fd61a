"""The first complete path as stories: sell, push, and what the hub then has."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Place, RunningHub
from .cutting_proxy import CuttingProxy
from .shop import barcode, booked, enrolled, sell, stocked

pytestmark = pytest.mark.slow
Places = Callable[..., Place]


@pytest.fixture
def proxy(hub: RunningHub) -> Iterator[CuttingProxy]:
    between = CuttingProxy(hub.port)
    yield between
    between.close()


def test_a_till_sells_before_it_is_enrolled_and_pushes_afterwards(
    place: Places, hub: RunningHub
) -> None:
    till = stocked(place("till"))
    sale = sell(till, "--join")
    assert sale["paid_fen"] == 9900 + 14800
    assert sale["change_fen"] == 50000 - sale["paid_fen"]
    assert sale["plus_saved_fen"] == 2000
    assert till.ask("sync", "status")["hub"] == "not_enrolled"
    assert till.ask("membership", "verify", sale["card"])["state"] == "provisional"
    enrolled(till, hub)
    assert till.ask("sync", "status")["pending"] > 0
    till.run("sync", "push")
    status = till.ask("sync", "status")
    assert status["pending"] == 0
    assert booked(hub) == {sale["order_id"]: (1, sale["paid_fen"])}
    till.run("sync", "verify")


def test_pushing_twice_and_after_a_lost_reply_books_once(
    place: Places, hub: RunningHub, proxy: CuttingProxy
) -> None:
    till = enrolled(stocked(place("till")), hub, proxy.url)
    sales = [sell(till) for _ in range(3)]
    proxy.faults = ["lose_reply"]
    till.run("sync", "push", status=2)
    assert proxy.cut == 1
    assert till.ask("sync", "status")["pending"] > 0
    till.run("sync", "push")
    till.run("sync", "push")
    assert booked(hub) == {sale["order_id"]: (1, sale["paid_fen"]) for sale in sales}


@pytest.mark.parametrize("cut_after", [0, 1, 150, 700])
def test_a_push_cut_in_the_middle_changes_nothing_and_is_repeated(
    place: Places, hub: RunningHub, proxy: CuttingProxy, cut_after: int
) -> None:
    till = enrolled(stocked(place("till")), hub, proxy.url)
    sale = sell(till)
    proxy.faults = [cut_after]
    till.run("sync", "push", status=2)
    assert booked(hub) == {}
    till.run("sync", "push")
    assert booked(hub) == {sale["order_id"]: (1, sale["paid_fen"])}


def test_a_killed_hub_is_met_again(place: Places, hub: RunningHub) -> None:
    till = enrolled(stocked(place("till")), hub)
    first = sell(till)
    till.run("sync", "push")
    hub.stop(hard=True)
    second = sell(till)
    till.run("sync", "push", status=2)
    hub.start()
    till.run("sync", "push")
    assert set(booked(hub)) == {first["order_id"], second["order_id"]}


def test_a_hub_restored_from_a_backup_is_sent_everything_again(
    place: Places, hub: RunningHub, tmp_path: Path
) -> None:
    till = enrolled(stocked(place("till")), hub)
    first = sell(till)
    till.run("sync", "push")
    hub.stop()
    shutil.copytree(hub.place.directory, tmp_path / "backup")
    hub.start()
    second = sell(till)
    till.run("sync", "push")
    hub.stop()
    shutil.rmtree(hub.place.directory)
    shutil.copytree(tmp_path / "backup", hub.place.directory)
    hub.start()
    assert set(booked(hub)) == {first["order_id"]}
    third = sell(till)
    till.run("sync", "push")
    orders = booked(hub)
    assert set(orders) == {first["order_id"], second["order_id"], third["order_id"]}
    assert {times for times, _ in orders.values()} == {1}


def test_yesterdays_copy_sold_on_is_a_branch_and_nothing_is_stuck(
    place: Places, hub: RunningHub, tmp_path: Path
) -> None:
    till = enrolled(stocked(place("till")), hub)
    first = sell(till)
    shutil.copytree(till.directory, tmp_path / "yesterday")
    second = sell(till)
    till.run("sync", "push")
    shutil.rmtree(till.directory)
    shutil.copytree(tmp_path / "yesterday", till.directory)
    third = sell(till)
    till.run("sync", "push")
    assert set(booked(hub)) == {sale["order_id"] for sale in (first, second, third)}
    numbers = {sale["receipt_no"] for sale in (first, second, third)}
    assert len(numbers) == 3
    status = till.ask("sync", "status")
    assert status["pending"] == 0
    assert status["hub"] == "alarm"
    till.run("sync", "verify")


def test_a_card_sold_at_one_till_is_good_at_another_never_synced_since(
    place: Places, hub: RunningHub
) -> None:
    seller = enrolled(stocked(place("seller")), hub)
    other = enrolled(stocked(place("other", till="YW-02", center="yiwu")), hub)
    card = sell(seller, "--join")["card"]
    verdict = other.ask("membership", "verify", card)
    assert verdict["state"] == "active"
    code = barcode(other, "保温杯")
    sale = other.ask("pos", "sell", "--scan", code, "--member", card, "--tender", "cash=52.00")
    assert sale["lines"][0]["price"] == "plus"
    assert sale["plus_saved_fen"] == 700
    middle = len(card) // 2
    forged = card[:middle] + ("A" if card[middle] != "A" else "B") + card[middle + 1 :]
    refused = other.ask("membership", "verify", forged, status=2)
    assert refused["state"] == "invalid"


def test_a_member_is_found_by_phone_where_the_plan_was_sold(place: Places, hub: RunningHub) -> None:
    till = stocked(place("till"))
    code = barcode(till, "xymj")
    scan = ("pos", "sell", "--scan", code, "--tender", "cash=300")
    till.refused(*scan, "--join", "13800001234")
    enrolled(till, hub)
    till.ask(*scan, "--join", "13800001234")
    sale = till.ask(
        "pos", "sell", "--scan", code, "--member", "138 0000 1234", "--tender", "cash=148"
    )
    assert sale["paid_fen"] == 14800
    till.run("sync", "push")
    for path in [*till.directory.rglob("*.db*"), *hub.place.directory.rglob("*.db*")]:
        assert b"13800001234" not in path.read_bytes(), path


def test_reading_works_beside_a_seller_and_a_second_seller_is_refused(
    place: Places, hub: RunningHub
) -> None:
    from filelock import FileLock

    till = stocked(place("till"))
    sale = sell(till)
    (lock,) = till.directory.rglob("selling.lock")
    with FileLock(lock):
        said = till.refused("pos", "sell", "--scan", barcode(till, "xymj"), "--tender", "cash=500")
        assert "收银机 ZZ-01 已在进程 ? 中打开" in said
        assert till.ask("pos", "order", sale["receipt_no"])["order_id"] == sale["order_id"]
        till.refused("sync", "push")
        till.refused("pos", "import", "--demo")
