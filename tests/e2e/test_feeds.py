"""Publishing and pulling with real processes: killed in the middle, and beside an open counter."""

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.terminal import Terminal
from sync.reference import BUILDING, POINTER

from .conftest import Place, RunningHub

pytestmark = pytest.mark.slow
MANY = 40_000
SKU = "FED-0007"
SALE = ("pos", "sell", "--scan", SKU, "--tender", "cash=100")


def goods(path: Path, count: int, retail: str = "3.50") -> str:
    rows = [f"FED-{number:04d},箱货 {number},个,{retail}" for number in range(count)]
    path.write_text("\n".join(["sku,name_zh,unit,retail", *rows]), "utf-8")
    return str(path)


def serials(path: Path, count: int) -> str:
    rows = [f"{number:012x},lost" for number in range(count)]
    path.write_text("\n".join(["serial,reason", *rows]), "utf-8")
    return str(path)


def directory_of(till: Place) -> Path:
    (found,) = till.directory.rglob(f"tills/{till.till}")
    return found


@pytest.fixture
def till(place: Callable[..., Place], hub: RunningHub) -> Place:
    till = place("till")
    till.run("sync", "enrol", hub.invite(till.till), "--hub", hub.url)
    return till


@contextlib.contextmanager
def started(till: Place, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        till.command(*arguments),
        env=till.environment(),
        cwd=till.directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def rows_built(path: Path) -> int:
    """Return how many rows of a snapshot are in the file that is being built."""
    if not path.exists():
        return 0
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as built:
            return int(built.execute("SELECT sum(rows) FROM feed_building").fetchone()[0] or 0)
    except sqlite3.Error:
        return 0


def test_goods_published_at_the_hub_are_sold_at_the_till(
    hub: RunningHub, till: Place, tmp_path: Path
) -> None:
    published = hub.place.ask("sync", "publish", "catalogue", goods(tmp_path / "g.csv", 20))
    assert (published["rows"], published["changed"]) == (20, 20)
    assert till.ask("sync", "pull")["anew"] == ["catalogue"]
    assert till.ask(*SALE)["paid_fen"] == 350
    hub.place.ask("sync", "publish", "catalogue", goods(tmp_path / "g.csv", 20, "4.00"))
    pulled = till.ask("sync", "pull")
    assert (pulled["rows"], pulled["anew"]) == (20, [])
    assert till.ask(*SALE)["paid_fen"] == 400
    (tmp_path / "gone").write_text(f"{SKU}\n", "utf-8")
    hub.place.ask("sync", "publish", "catalogue", str(tmp_path / "gone"), "--remove")
    till.ask("sync", "pull")
    till.refused(*SALE)
    status = till.ask("sync", "status")
    assert status["feeds"]["catalogue"]["version"] == 41
    assert status["feeds_reason"] == ""


def test_what_is_wrong_with_a_list_is_named_and_nothing_is_fed(
    hub: RunningHub, till: Place, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("sku,name_zh,unit,retail\nA,茶,盒,5\nB,,盒,x\n", "utf-8")
    said = hub.place.ask("sync", "publish", "catalogue", str(bad), status=2)
    assert [(each["row"], each["column"]) for each in said["problems"]] == [
        (3, "name_zh"),
        (3, "retail"),
    ]
    pulled = till.ask("sync", "pull")
    assert (pulled["rows"], pulled["feeds"], pulled["anew"]) == (0, {}, [])
    assert "members" in hub.place.refused("sync", "publish", "members", str(bad))
    assert "nosuch" in hub.place.refused("sync", "publish", "nosuch", str(bad))


def test_a_pull_killed_in_the_middle_of_a_snapshot_goes_on(
    hub: RunningHub, till: Place, tmp_path: Path
) -> None:
    hub.place.ask("sync", "publish", "revocations", serials(tmp_path / "r.csv", MANY))
    building = directory_of(till) / BUILDING
    with started(till, "sync", "pull") as pulling:
        while not rows_built(building):
            assert pulling.poll() is None, "it must not have ended already"
    there = rows_built(building)
    assert 0 < there < MANY
    assert not (directory_of(till) / POINTER).exists()
    with started(till, "sync", "pull") as pulling:
        pulling.wait(60)
        assert pulling.returncode == 0
    assert till.ask("sync", "status")["feeds"]["revocations"]["version"] == MANY
    assert not building.exists()
    name = (directory_of(till) / POINTER).read_text("ascii").strip()
    with contextlib.closing(sqlite3.connect(directory_of(till) / name)) as reference:
        assert reference.execute("SELECT count(*) FROM revocation").fetchone() == (MANY,)


READER = """
import pathlib, sys
from sync.reference import Reference
reference = Reference(pathlib.Path(sys.argv[1]), read_only=True)
count = "SELECT count(*) FROM revocation"
for _ in sys.stdin:
    print(reference.read().execute(count).fetchone()[0], flush=True)
    reference.follow()
reference.close()
"""


def test_a_reader_in_another_process_reads_on_while_a_snapshot_is_swapped_in(
    hub: RunningHub, till: Place, tmp_path: Path
) -> None:
    hub.place.ask("sync", "publish", "revocations", serials(tmp_path / "r.csv", 200))
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(directory_of(till))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with reader:
        assert reader.stdin is not None
        assert reader.stdout is not None

        def counted() -> int:
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write("\n")
            reader.stdin.flush()
            return int(reader.stdout.readline())

        assert counted() == 0
        till.ask("sync", "pull")
        assert counted() == 0  # the file it had; it goes over afterwards
        assert counted() == 200
        reader.stdin.close()


def test_sales_go_on_while_a_snapshot_is_taken(
    hub: RunningHub, till: Place, tmp_path: Path
) -> None:
    till.run("pos", "import", "--demo")
    hub.place.ask("sync", "publish", "revocations", serials(tmp_path / "r.csv", MANY))
    sold = 0
    with started(till, "sync", "pull", "--gently", "--json") as pulling:
        while pulling.poll() is None or not sold:
            till.ask("pos", "sell", "--scan", "9520123456788", "--tender", "cash=500")
            sold += 1
        assert pulling.stdout is not None
        assert json.loads(pulling.stdout.read())["rows"] == MANY
    till.ask("pos", "sell", "--scan", "9520123456788", "--tender", "cash=500")
    runs = till.ask("sync", "verify")["runs"]
    assert runs == sold + 1


def test_an_open_counter_pulls_by_itself(hub: RunningHub, till: Place, tmp_path: Path) -> None:
    """At first a snapshot by a child process, then steps by its own thread."""
    settings = (Path(__file__).parents[2] / "config.toml").read_text("utf-8")
    settings = settings.replace("pull_every_s = 60", "pull_every_s = 5")
    (till.directory / "config.toml").write_text(settings, "utf-8")
    hub.place.ask("sync", "publish", "catalogue", goods(tmp_path / "g.csv", 300))
    terminal = Terminal(
        [*till.command("--config", str(till.directory / "config.toml"), "pos")],
        environment={**till.environment(), "TERM": "xterm-256color"},
    )
    try:
        terminal.wait_for("商品价格", timeout_s=60)
        terminal.send(f"{SKU}\r")
        terminal.wait_for("箱货", "3.50")
        hub.place.ask("sync", "publish", "catalogue", goods(tmp_path / "g.csv", 300, "8.25"))
        deadline = time.monotonic() + 60
        while till.ask("sync", "status")["feeds"]["catalogue"]["version"] < 600:
            assert time.monotonic() < deadline
        terminal.send("FED-0009\r")
        terminal.wait_for("8.25")
    finally:
        terminal.close()
    assert (directory_of(till) / POINTER).exists()
