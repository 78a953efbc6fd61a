"""Goods that are damaged: nobody sells from them, an import begins anew, receipts print on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.faces.qr_command import qr_command
from pos.faces.catalogue_commands import import_command, items_command
from pos.faces.receipt_commands import receipt_command
from pos.faces.sale_commands import order_command, sell_command
from pos.stores import orders
from sync.faces.till_commands import verify_command
from sync.reference import IMPORTING, POINTER, SET_ASIDE, in_force
from sync.reference_damage import ReferenceDamaged
from sync.setup import Setup
from sync.sqlite_driver import sqlite3

from .counter_pilot import Cashier, at_counter
from .stocked_till import CAKE, TEA, TEA_CODE, make_test_setup, opened, stock

IMPORT = "xuanpin pos import FILE"


def random_bytes(path: Path) -> None:
    path.write_bytes(bytes(range(255, -1, -1)) * 36)


def nothing_left(path: Path) -> None:
    path.write_bytes(b"")


def page_of_the_items(path: Path) -> None:
    """Overwrite the first page of the table that every scan reads."""
    with sqlite3.connect(path) as database:
        (page,) = database.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'item'"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    database.close()
    with path.open("rb+") as damaged:
        damaged.seek((page - 1) * size)
        damaged.write(b"\xa7" * size)


def pointer_damaged(path: Path) -> None:
    path.with_name(POINTER).write_bytes(b"\x83\x9f")


DAMAGES = {
    each.__name__: each for each in (random_bytes, nothing_left, page_of_the_items, pointer_damaged)
}


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """A till without a hub that has sold once."""
    setup = make_test_setup(tmp_path / "root")
    with opened(setup) as till:
        stock(till)
    sold = run(setup, sell_command, "--scan", TEA_CODE, "--tender", "cash=400", "--join", "")
    assert sold.exit_code == 0, sold.stderr
    return setup


@pytest.fixture
def goods_list(tmp_path: Path) -> str:
    path = tmp_path / "goods.csv"
    path.write_text(f"sku,name_zh,unit,retail\n{CAKE},花生糕,盒,18.85\n", "utf-8")
    return str(path)


def run(setup: Setup, command: Any, *arguments: str) -> Result:
    result = CliRunner().invoke(command, arguments, obj=setup)
    if isinstance(result.exception, ReferenceDamaged):  # said in one line by the front door
        result.stderr_bytes = setup.say.refusal(result.exception.refused).encode()
        return result
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def is_told(setup: Setup, command: Any, *arguments: str) -> bool:
    result = run(setup, command, *arguments)
    return result.exit_code != 0 and IMPORT in result.stderr and not result.stdout


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_whatever_needs_goods_says_what_helps(setup: Setup, damage: Callable[[Path], None]) -> None:
    damage(in_force(setup.till_directory))
    assert is_told(setup, sell_command, "--scan", TEA_CODE, "--tender", "cash=200")
    assert is_told(setup, items_command, TEA)
    assert is_told(setup, qr_command, TEA_CODE)
    assert run(setup, verify_command).exit_code == 0


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_an_import_begins_anew(
    setup: Setup, goods_list: str, damage: Callable[[Path], None]
) -> None:
    path = in_force(setup.till_directory)
    damage(path)
    left = path.read_bytes()
    said = json.loads(run(setup, import_command, goods_list, "--json").stdout)
    kept = setup.till_directory / SET_ASIDE
    assert (said["added"], said["rebuilt"], said["set_aside"]) == (1, True, str(kept))
    assert kept.read_bytes() == left
    sold = run(setup, sell_command, "--scan", CAKE, "--tender", "cash=20")
    assert sold.exit_code == 0, sold.stderr
    again = json.loads(run(setup, import_command, goods_list, "--json").stdout)
    assert (again["unchanged"], again["rebuilt"], again["set_aside"]) == (1, False, None)


def test_a_bad_list_replaces_nothing(setup: Setup, tmp_path: Path) -> None:
    path = in_force(setup.till_directory)
    page_of_the_items(path)
    left = path.read_bytes()
    bad = tmp_path / "bad.csv"
    bad.write_text("sku,name_zh,unit,retail\nA,茶,盒,x\n", "utf-8")
    assert run(setup, import_command, str(bad)).exit_code == 2
    assert path.read_bytes() == left
    assert {each.name for each in setup.till_directory.glob("reference*.db")} == {path.name}


def test_what_a_killed_import_left_is_removed(setup: Setup) -> None:
    left = setup.till_directory / IMPORTING
    left.write_bytes(b"half a catalogue")
    opened(setup).close()
    assert not left.exists()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_was_sold_is_shown_and_printed(setup: Setup, damage: Callable[[Path], None]) -> None:
    with opened(setup, selling=False) as till:
        order = orders.latest(till.journal.read())
    assert order is not None
    number = order.receipt_no
    damage(in_force(setup.till_directory))
    assert "148.00" in run(setup, order_command, number).stdout
    assert "148.00" in run(setup, receipt_command, number).stdout
    assert "PLUS" in run(setup, receipt_command, number, "--card").stdout


def test_an_open_counter_says_it_and_lives_on(tmp_path: Path) -> None:
    async def scenario(desk: Cashier) -> None:
        setup = desk.main.services.setup
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: desk.cart == [(TEA, 1)])
        path = in_force(setup.till_directory)
        desk.main.services.register._till.reference.checkpoint()
        page_of_the_items(path)
        desk.main.services.register._till.reference.reopen()
        desk.send(TEA_CODE + "\r")
        await desk.until(lambda: IMPORT in desk.main.answer)
        assert desk.cart == [(TEA, 1)]

    at_counter(tmp_path, scenario)
