"""How fast orders reach the hub: a till's courier and a real hub process on this machine."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

import xuanpin
from bench.report import Figure
from pos.rules.order import SALE, Order, OrderLine, Payment
from sync.rules.entry import Draft
from sync.rules.refusal import Refused
from sync.services.courier import Courier, hub_client
from sync.services.enrolment import Enroller
from sync.services.till import OpenTill, open_till
from sync.stores import journal as journals

ORDERS = 10_000
LINES = 10
AIM_PER_S = 3000
_FRONT_DOOR = str(Path(xuanpin.__file__))


def push_figure() -> Figure:
    """Push 10,000 unsynced orders of 10 lines into a hub on SQLite."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        environment = {**os.environ, "XDG_DATA_HOME": str(root / "hub")}
        hub = subprocess.Popen(
            [sys.executable, _FRONT_DOOR, "sync", "hub", "--port", "0", "--json"],
            env=environment,
            cwd=root,
            stdout=subprocess.PIPE,
        )
        try:
            assert hub.stdout is not None
            url = json.loads(hub.stdout.readline())["url"]
            invite = [sys.executable, _FRONT_DOOR, "sync", "invite", "BENCH", "--json"]
            code = json.loads(subprocess.check_output(invite, env=environment, cwd=root))["code"]
            per_s = _push(root / "till", url, code)
        finally:
            hub.terminate()
            hub.communicate()
    return Figure(
        f"push of {ORDERS:,} orders of {LINES} lines into SQLite, client on the same machine",
        f"{per_s:,} orders/s",
        f"≥ {AIM_PER_S:,} orders/s",
        per_s >= AIM_PER_S,
    )


def _push(root: Path, url: str, code: str) -> int:
    setup = dataclasses.replace(
        xuanpin.make_setup(Path(_FRONT_DOOR).parent / "config.toml", till="BENCH"), root=root
    )
    till = open_till(setup, "sell")
    assert isinstance(till, OpenTill)
    with till:
        client = hub_client(till, url)
        assert not isinstance(client, Refused)
        with client:
            assert not isinstance(Enroller(till, client).enrol(code), Refused)
            _sell(till)
            began = time.perf_counter()
            report = Courier(till, client).push()
            took = time.perf_counter() - began
    assert report.refused is None
    assert report.pending == 0
    return round(ORDERS / took)


def _sell(till: OpenTill) -> None:
    day = till.today().isoformat()
    with till.journal.transaction() as db:
        for number in range(ORDERS):
            order = _order(till, number, day)
            draft = Draft(SALE, order.order_id, day, order.paid_fen, msgspec.json.encode(order))
            journals.append(db, till.run, till.stamp(), draft)


def _order(till: OpenTill, number: int, day: str) -> Order:
    lines = tuple(_line((number * 7 + place * 13) % 997) for place in range(LINES))
    total = sum(line.amount_fen for line in lines)
    return Order(
        order_id=till.new_id(),
        receipt_no=f"261122001{number:04d}{number * 7919 % 10**7:07d}",
        day=day,
        at_ms=till.now_ms(),
        center="zhengzhou",
        till="BENCH",
        till_number=1,
        cashier="01",
        lines=lines,
        payments=(Payment(method="cash", amount_fen=total, handed_fen=total),),
        retail_fen=total,
        total_fen=total,
        saved_fen=0,
        plus_saved_fen=0,
        rounding_fen=0,
        paid_fen=total,
        change_fen=0,
    )


def _line(item: int) -> OrderLine:
    amount = 990 + item * 10
    return OrderLine(
        sku=f"SKU{item:05d}",
        name_zh=f"测试商品{item:05d}",
        name_en=f"Goods {item:05d}",
        unit="盒",
        kind="goods",
        delivery="carried",
        quantity=1,
        weight_g=None,
        retail_fen=amount,
        unit_price_fen=amount,
        amount_fen=amount,
        price="retail",
        tier_start=None,
        allocated_fen=amount,
        code=f"952{item:09d}0",
    )


if __name__ == "__main__":
    print(push_figure())
