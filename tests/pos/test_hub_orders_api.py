"""The online store reads orders at the hub: every order once, in the order of arrival."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pos.rules.order import SALE
from sync.database import hub_transaction
from sync.services.reading import Readers
from sync.stores import hub_epoch
from tests.hub_databases import NewDatabase
from tests.sync.hub_scenes import FIRST, Scribe, WebHub

from .test_hub_orders import ORDER


class Store(WebHub):
    """A hub with a reader of the online store at its door."""

    def admitted(self, name: str = "store", center: int = 0) -> str:
        token = Readers(self.opened.engine, self.clock).admit(name, center)
        assert isinstance(token, str), token
        return token

    def read(self, path: str, token: str, status: int = 200, **query: object) -> Any:
        answer = self.client.get(
            f"/v1/orders{path}",
            params={name: str(value) for name, value in query.items()},
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.status_code == status, answer.text
        kind = "application/json" if status == 200 else "application/problem+json"
        assert answer.headers["content-type"] == kind
        return answer.json()


@pytest.fixture
def store(tmp_path: Path, new_database: NewDatabase) -> Iterator[Store]:
    with contextlib.closing(_opened(tmp_path, new_database)) as hub:
        yield hub


def _opened(tmp_path: Path, new_database: NewDatabase) -> Store:
    return Store(tmp_path, new_database())


def sell(till: Scribe, run: str, number: int, day: str = "2026-11-22") -> str:
    """Journal a sale of its own at a till; return its id."""
    order = structs.replace(ORDER, order_id=f"order-{run}-{number}", day=day)
    body = msgspec.json.encode(order)
    till.write(run, SALE, order.order_id, body, amount_fen=order.paid_fen, changed={"day": day})
    return order.order_id


def sold(store: Store, number: int, orders: int) -> tuple[Scribe, list[str]]:
    """Enrol a till, sell so much there, and push all of it."""
    till = store.enrolled(number)
    till.open_run(FIRST)
    ids = [sell(till, FIRST, each) for each in range(orders)]
    store.push(till.segment(FIRST))
    return till, ids


def everything(store: Store, token: str, till: str, limit: int) -> list[str]:
    """Read a till's orders page by page."""
    after, ids = 0, []
    while True:
        page = store.read("", token, till=till, after=after, limit=limit)
        ids += [order["order_id"] for order in page["orders"]]
        after = page["next"]
        if not page["more"]:
            return ids


def test_every_order_is_read_once_whatever_the_page(store: Store) -> None:
    till, ids = sold(store, 1, 7)
    token = store.admitted()
    for limit in (1, 2, 3, 7, 500):
        assert everything(store, token, till.install, limit) == ids


def test_what_arrives_later_comes_behind_what_was_read(store: Store) -> None:
    till, ids = sold(store, 1, 3)
    token = store.admitted()
    page = store.read("", token, till=till.install)
    later = sell(till, FIRST, 99, day="2026-11-21")
    store.push(till.segment(FIRST, len(ids) + 2))
    behind = store.read("", token, till=till.install, after=page["next"])
    assert [order["order_id"] for order in behind["orders"]] == [later]
    assert [order["arrival"] for order in behind["orders"]] == [len(ids) + 1]


def test_an_order_comes_as_it_was_journalled(store: Store) -> None:
    till, ids = sold(store, 1, 2)
    token = store.admitted()
    (order,) = store.read(f"/{till.install}/{ids[1]}", token)["orders"]
    journalled = structs.replace(ORDER, order_id=ids[1])
    assert msgspec.convert(order["order"], type(ORDER)) == journalled
    assert order["payments_fen"] == {"cash": 4800, "wechat": 10000}
    assert order["paid_fen"] == 14800


def test_a_forked_order_is_read_with_the_content_that_each_till_journalled(store: Store) -> None:
    till, _ = sold(store, 1, 1)
    clone = till.copied()
    own, other = sell(till, FIRST, 50), sell(clone, FIRST, 60)
    store.push(till.segment(FIRST, 3))
    store.push(clone.segment(FIRST, 3))
    token = store.admitted()
    page = store.read("", token, till=till.install)
    assert [order["order"]["order_id"] for order in page["orders"]][1:] == [own, other]


def test_the_sums_of_a_day_are_what_its_orders_come_to(store: Store) -> None:
    first, _ = sold(store, 1, 2)
    second, _ = sold(store, 2, 1)
    sell(first, FIRST, 70, day="2026-11-23")
    store.push(first.segment(FIRST, 4))
    token = store.admitted()
    sums = store.read("/sums", token, day="2026-11-22")
    assert [(till["till"], till["orders"]) for till in sums["tills"]] == [
        (first.install, 2),
        (second.install, 1),
    ]
    assert (sums["orders"], sums["paid_fen"], sums["rounding_fen"]) == (3, 3 * 14800, 9)
    assert sums["payments_fen"] == {"cash": 3 * 4800, "wechat": 3 * 10000}
    one = store.read("/sums", token, day="2026-11-23", till=first.install)
    assert (one["orders"], one["paid_fen"]) == (1, 14800)
    assert store.read("/sums", token, day="2020-01-01")["orders"] == 0


def test_orders_of_one_day_are_paged_alike(store: Store) -> None:
    till, ids = sold(store, 1, 3)
    other = sell(till, FIRST, 80, day="2026-11-23")
    store.push(till.segment(FIRST, 5))
    token = store.admitted()
    page = store.read("", token, till=till.install, day="2026-11-22", limit=2)
    assert [order["order_id"] for order in page["orders"]] == ids[:2]
    assert page["more"]
    (only,) = store.read("", token, till=till.install, day="2026-11-23")["orders"]
    assert only["order_id"] == other


def test_a_reader_of_one_center_sees_only_its_tills(store: Store) -> None:
    till, ids = sold(store, 1, 1)
    token = store.admitted("chenghai", center=2)
    assert store.read("/tills", token)["tills"] == []
    assert (
        store.read("", token, 404, till=till.install)["type"] == "urn:xuanpin:orders.unknown_till"
    )
    assert store.read(f"/{till.install}/{ids[0]}", token, 404)["status"] == 404
    assert store.read("/sums", token, day="2026-11-22")["orders"] == 0
    (seen,) = store.read("/tills", store.admitted())["tills"]
    assert (seen["till"], seen["arrival"], seen["center"]) == (till.install, 1, "zhengzhou")


def test_nobody_reads_without_a_token(store: Store) -> None:
    till, ids = sold(store, 1, 1)
    token = store.admitted()
    readers = Readers(store.opened.engine, store.clock)
    assert readers.dismiss("store", store.opened.register) is None
    for path in ("/tills", f"/{till.install}/{ids[0]}"):
        for wrong in ("", "xpr_", token, token[:-1]):
            assert store.read(path, wrong, 401)["type"] == "urn:xuanpin:reader.unknown"


def test_after_the_hub_was_put_back_a_reader_begins_again(store: Store) -> None:
    till, _ = sold(store, 1, 1)
    token = store.admitted()
    page = store.read("", token, till=till.install)
    with hub_transaction(store.opened.engine) as connection:
        hub_epoch.mint(connection, store.clock.now_ms(), "test")
    behind = store.read("", token, 409, till=till.install, after=1, epoch=page["epoch"])
    assert behind["type"] == "urn:xuanpin:orders.other_epoch"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"till": "ZZ-01"},
        {"till": "ab" * 16, "after": -1},
        {"till": "ab" * 16, "after": 2**63},
        {"till": "ab" * 16, "limit": 501},
        {"till": "ab" * 16, "day": "2026-13-01"},
        {"till": "ab" * 16, "epoch": "x"},
    ],
)
def test_what_is_asked_badly_is_one_problem(store: Store, query: dict[str, object]) -> None:
    refused = store.read("", store.admitted(), 422, **query)
    assert refused["type"] == "urn:xuanpin:request.malformed"
    assert refused["detail"]
    assert store.read("", "xpr_", 401, **query)["type"] == "urn:xuanpin:reader.unknown"


@pytest.mark.parametrize("path", ["", "/sums"])
def test_a_day_that_no_calendar_has_is_one_problem(store: Store, path: str) -> None:
    refused = store.read(path, store.admitted(), 422, till="ab" * 16, day="2026-11-31")
    assert refused["type"] == "urn:xuanpin:day.bad"


@given(st.text(max_size=40))
def test_a_name_that_is_none_gets_no_token(name: str) -> None:
    if any(not (sign.isalnum() or sign in "_.-") for sign in name) or name[:1] in "-.":
        refused = Readers(None, None).admit(name)  # type: ignore[arg-type]
        assert not isinstance(refused, str)
