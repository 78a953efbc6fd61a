"""A till that sold offline for long brings everything to a hub of its own process over loopback."""

import json
import subprocess
import time
from collections.abc import Sequence

from bench.goods import scattered
from bench.place import Place, stock
from bench.report import Figure
from pos.faces.embedded_hub import demo_command_line, embedded_hub
from pos.rules import cart as carting
from pos.rules.cart import Cart
from pos.rules.items import Item
from pos.rules.order import SALE
from pos.rules.tender import Tender
from pos.services.checkout import Checkout, Completed
from sync.rules.refusal import Refused
from sync.services.courier import Courier, PushReport, hub_client
from sync.services.enrolment import Enroller
from sync.services.till import OpenTill
from sync.setup import demonstrated

TILL = "PUSHES"
ORDERS = 10_000
LINES = 10
LEAST = 3000
CASH = (Tender("cash", 1000_00),)


def measure(place: Place) -> list[Figure]:
    """Sell much without a hub, enrol, and time one push of all of it."""
    goods = stock(place, TILL, 1000)
    hub = demonstrated(place.setup(TILL))
    with place.till(TILL) as till:
        _sell(till, goods)
        with embedded_hub(hub) as url:
            code = _invite(demo_command_line(hub, "sync", "invite", TILL, "--json"))
            rate = ORDERS / _push(till, url, code)
    return [
        Figure(
            f"Push of {ORDERS:,} orders of {LINES} lines over loopback into SQLite",
            f"{rate:,.0f} orders/s",
            f"≥ {LEAST:,} orders/s",
            rate >= LEAST,
        )
    ]


def _sell(till: OpenTill, goods: Sequence[Item]) -> None:
    checkout = Checkout(till)
    for number in range(ORDERS):
        assert isinstance(checkout.complete(_cart(till, goods, number), CASH), Completed)


def _cart(till: OpenTill, goods: Sequence[Item], number: int) -> Cart:
    cart = carting.open_cart(till.new_id(), till.now_ms(), till.today().isoformat())
    first = scattered(number)
    for place in range(LINES):
        item = goods[(first + place) % len(goods)]
        added = carting.add(cart, item, quantity=1 + (first + place) % 3, code=item.barcodes[0])
        assert isinstance(added, Cart)
        cart = added
    return cart


def _invite(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, check=True)
    return str(json.loads(done.stdout)["code"])


def _push(till: OpenTill, url: str, code: str) -> float:
    """Enrol and push; returns the seconds that the push took, once the hub shows every order."""
    client = hub_client(till, url)
    assert not isinstance(client, Refused)
    with client:
        assert not isinstance(Enroller(till, client).enrol(code), Refused)
        started_s = time.perf_counter()
        report = Courier(till, client).push()
        took_s = time.perf_counter() - started_s
        _check(report, client.get("/v1/summary").content)
    return took_s


def _check(report: PushReport, summary: bytes) -> None:
    assert report.refused is None
    assert report.pending == 0
    booked = [each["kinds"][SALE]["count"] for each in json.loads(summary)["tills"]]
    assert booked == [ORDERS]
