"""Webhooks: whoever asked is told of new orders, signed, until it has heard, by one process."""

import base64
import contextlib
import hmac
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from sync.database import hub_transaction
from sync.rules.refusal import Refused
from sync.rules.webhook import Message, Position, Signed, check_url
from sync.services.webhooks import Teller, Webhooks, post_over_http
from sync.stores import hub_epoch
from tests.hub_databases import NewDatabase
from tests.sync.hub_scenes import FIRST

from .test_hub_orders_api import Store, sell, sold


@dataclass
class Shop:
    """The online store's end of a webhook: remembers what came, answers as it is told."""

    url: str = ""
    status: int = 204
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def messages(self) -> list[Message]:
        return [msgspec.json.decode(body, type=Message) for _, body in self.heard]


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            shop.heard.append((headers, self.rfile.read(length)))
            self.send_response(shop.status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    shop.url = f"http://127.0.0.1:{server.server_port}/orders"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield shop
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def store(tmp_path: Path, new_database: NewDatabase) -> Iterator[Store]:
    with contextlib.closing(Store(tmp_path, new_database())) as hub:
        yield hub


def teller(store: Store) -> Teller:
    news = [package.news for package in store.setup.packages]
    return Teller(
        store.opened.engine,
        store.clock,
        store.keys.hub_id,
        news,
        post_over_http,
        jitter=lambda most_ms: most_ms - 1,
    )


def told(store: Store, shop: Shop, center: int = 0) -> bytes:
    secret = Webhooks(store.opened.engine, store.clock).add("shop", shop.url, center)
    assert isinstance(secret, bytes), secret
    return secret


def test_the_shop_hears_how_far_each_till_goes_and_only_once(store: Store, shop: Shop) -> None:
    told(store, shop)
    tellers = teller(store), teller(store)
    assert tellers[0].tell() == 0
    first, _ = sold(store, 1, 2)
    second, _ = sold(store, 2, 1)
    assert [each.tell() for each in tellers] == [1, 0]
    (message,) = shop.messages()
    assert message.hub_id == store.keys.hub_id
    assert {(till.till, till.arrival) for till in message.tills} == {
        (first.install, 2),
        (second.install, 1),
    }
    sell(second, FIRST, 9)
    store.push(second.segment(FIRST, 3))
    assert [each.tell() for each in tellers] == [1, 0]
    assert shop.messages()[1].tills == [Position(second.install, 2)]


def test_the_shop_can_tell_that_it_was_the_hub(store: Store, shop: Shop) -> None:
    secret = told(store, shop)
    sold(store, 1, 1)
    teller(store).tell()
    ((headers, body),) = shop.heard
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.digest(secret, said, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"
    assert int(headers["webhook-timestamp"]) == store.clock.now_ms() // 1000


def test_a_shop_that_is_closed_is_told_when_it_opens_and_less_and_less_often_asked(
    store: Store, shop: Shop
) -> None:
    told(store, shop)
    till, _ = sold(store, 1, 1)
    shop.status = 500
    telling = teller(store)
    pauses = []
    for _ in range(3):
        assert telling.tell() == 0
        (webhook,) = Webhooks(store.opened.engine, store.clock).all()
        assert webhook.problem == "HTTP 500"
        pauses.append(webhook.due_ms - store.clock.now_ms())
        assert telling.tell() == 0
        store.clock.pass_ms(pauses[-1])
    assert pauses == [10_000, 20_000, 40_000]
    assert len({headers["webhook-id"] for headers, _ in shop.heard}) == 1
    shop.status = 200
    assert telling.tell() == 1
    (webhook,) = Webhooks(store.opened.engine, store.clock).all()
    assert (webhook.failures, webhook.problem) == (0, "")
    assert shop.messages()[-1].tills == [Position(till.install, 1)]


def test_a_shop_that_is_not_there_costs_the_hub_nothing(store: Store) -> None:
    Webhooks(store.opened.engine, store.clock).add("gone", "http://127.0.0.1:9/")
    sold(store, 1, 1)
    assert teller(store).tell() == 0
    (webhook,) = Webhooks(store.opened.engine, store.clock).all()
    assert webhook.failures == 1
    assert webhook.problem


def test_what_nobody_foresaw_of_one_shop_keeps_no_other_from_being_told(
    store: Store, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    webhooks = Webhooks(store.opened.engine, store.clock)
    webhooks.add("bad", "http://bad.example/")
    told(store, shop)
    sold(store, 1, 1)
    telling = teller(store)

    def post(url: str, signed: Signed) -> str:
        if "bad" in url:
            raise UnicodeError("label empty or too long")
        return post_over_http(url, signed)

    telling._post = post
    assert telling.tell() == 1
    assert len(shop.heard) == 1
    bad = next(each for each in webhooks.all() if each.name == "bad")
    assert (bad.failures, bad.problem) == (1, "label empty or too long")
    store.clock.pass_ms(10_000)
    assert telling.tell() == 0
    assert [record.message for record in caplog.records] == ["webhook not told"]


def test_the_thread_that_tells_outlives_what_nobody_foresaw(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    telling, turns = teller(store), iter([False, False, False, True])

    def news(_connection: object) -> list[tuple[str, int, int]]:
        raise ZeroDivisionError

    told_to = Webhooks(store.opened.engine, store.clock).add("shop", "http://shop.example/")
    assert isinstance(told_to, bytes)
    telling._news = [news]
    telling._over.wait = lambda *_: next(turns)  # type: ignore[method-assign]
    telling._run()
    assert next(turns, None) is None
    assert [record.message for record in caplog.records] == ["webhooks not told"]


def test_a_process_that_dies_while_telling_leaves_it_to_another(store: Store, shop: Shop) -> None:
    told(store, shop)
    sold(store, 1, 1)

    def dies(_url: str, _signed: object) -> str:
        raise KeyboardInterrupt

    dying = teller(store)
    dying._post = dies
    with pytest.raises(KeyboardInterrupt):
        dying.tell()
    assert teller(store).tell() == 0
    store.clock.pass_ms(60_000)
    assert teller(store).tell() == 1


def test_a_shop_of_one_center_hears_of_that_center_alone(store: Store, shop: Shop) -> None:
    told(store, shop, center=2)
    sold(store, 1, 1)
    assert teller(store).tell() == 0
    assert not shop.heard


def test_in_another_epoch_everything_is_told_again(store: Store, shop: Shop) -> None:
    told(store, shop)
    till, _ = sold(store, 1, 1)
    assert teller(store).tell() == 1
    with hub_transaction(store.opened.engine) as connection:
        minted = hub_epoch.mint(connection, store.clock.now_ms(), "test")
    assert teller(store).tell() == 1
    assert shop.messages()[-1].epoch == minted
    assert shop.messages()[-1].tills == [Position(till.install, 1)]


def test_what_is_removed_is_told_no_more(store: Store, shop: Shop) -> None:
    told(store, shop)
    webhooks = Webhooks(store.opened.engine, store.clock)
    assert isinstance(webhooks.add("shop", shop.url), Refused)
    assert webhooks.remove("shop") is None
    assert isinstance(webhooks.remove("shop"), Refused)
    sold(store, 1, 1)
    assert teller(store).tell() == 0


@pytest.mark.parametrize(
    "url",
    [
        *("", "shop", "ftp://shop.example.com", "http://", "http://a b/", "http://h:99999/"),
        "http://user:password@shop.example.com/",
        *("https://shop..example/x", "https://.example/", f"https://{'a' * 64}.example/"),
    ],
)
def test_what_cannot_be_posted_to_is_refused(url: str) -> None:
    assert isinstance(check_url(url), Refused)


@pytest.mark.parametrize(
    "url",
    [
        *("http://[::1]:8000/", "http://192.0.2.10", "https://my_shop.example.:443/a?b=c"),
        f"https://{'a' * 63}.example/",
        "https://xn--9krs94e.example/",
        "https://选品.example/",
    ],
)
def test_what_can_be_posted_to_is_taken(url: str) -> None:
    assert check_url(url) is None
