"""A counter whose database is damaged says so in a line, and lives on."""

from pathlib import Path
from typing import Any

import pytest

from pos.faces.counter.search_screen import SearchScreen
from pos.stores import carts, catalogue, orders
from sync.faces.screen.dialogs import Ask
from sync.sqlite_driver import sqlite3

from .counter_pilot import Cashier, at_counter
from .stocked_till import CAKE, TEA, TEA_CODE

CAKE_CODE = "9521000000100"
MALFORMED = "database disk image is malformed"


def malformed(*_arguments: Any, **_named: Any) -> Any:
    raise sqlite3.DatabaseError(MALFORMED)


def test_a_cart_that_cannot_be_kept_is_said_and_nothing_is_put_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(desk: Cashier) -> None:
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        with monkeypatch.context() as damaged:
            damaged.setattr(carts, "save", malformed)
            desk.send(CAKE_CODE + "\r")
            await desk.until(lambda: MALFORMED in desk.main.answer)
            await desk.enter("+")
            assert desk.main.answer.startswith("✗")
            assert desk.cart == [(TEA, 1)]
        desk.send(CAKE_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1), (CAKE, 1)])

    at_counter(tmp_path, scenario)


def test_a_catalogue_that_cannot_be_read_is_said_wherever_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(desk: Cashier) -> None:
        with monkeypatch.context() as damaged:
            for name in ("by_code", "by_sku", "search"):
                damaged.setattr(catalogue, name, malformed)
            for act in ("scan", "quick", "find"):
                desk.main.tell("")
                if act == "scan":
                    desk.send(TEA_CODE + "\r")
                elif act == "find":
                    await desk.enter("hsg")
                    desk.key("f2")
                else:
                    desk.main.act(act)
                await desk.until(lambda: MALFORMED in desk.main.answer)
            await desk.opens("f2", SearchScreen)
            await desk.enter("x")
            await desk.until(lambda: MALFORMED in desk.box.said)
        await desk.enter("ymj")
        await desk.until(lambda: "Xinyang Maojian" in desk.screen_text)
        assert desk.box.said == ""
        desk.key("enter")
        await desk.until(lambda: desk.cart == [(TEA, 1)])

    at_counter(tmp_path, scenario)


def test_a_member_that_cannot_be_taken_off_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(desk: Cashier) -> None:
        monkeypatch.setattr(desk.main.services.register, "detach", malformed)
        await desk.opens("f3", Ask)
        desk.key("enter")
        await desk.until(lambda: MALFORMED in desk.box.said)

    at_counter(tmp_path, scenario)


def test_a_last_sale_that_cannot_be_read_is_said_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(desk: Cashier) -> None:
        assert MALFORMED in desk.main.answer
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])

    monkeypatch.setattr(orders, "latest", malformed)
    at_counter(tmp_path, scenario)
