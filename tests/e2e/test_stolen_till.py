"""A stolen till, by commands: revoked while the hub serves, held, released, re-instated."""

import shutil
from collections.abc import Callable

import pytest

from .conftest import Place, RunningHub
from .shop import booked, enrolled, sell, stocked

pytestmark = pytest.mark.slow
Places = Callable[..., Place]


def test_a_stolen_till_is_revoked_and_its_sales_are_held_until_somebody_decides(
    place: Places, hub: RunningHub
) -> None:
    manager = hub.place
    till = enrolled(stocked(place("till")), hub)
    honest = sell(till, "--join")
    till.run("sync", "push")
    answer = manager.ask("sync", "revoke", "ZZ-01", "--reason", "stolen at night")
    assert answer["name"] == "ZZ-01"
    assert answer["last_counter"] == 1
    stolen = sell(till)
    said = till.refused("sync", "push")
    assert "总部" in said
    assert booked(hub) == {honest["order_id"]: (1, honest["paid_fen"])}
    (run,) = manager.ask("sync", "held")["held"]
    assert (run["name"], run["amount_fen"], run["kinds"]["sale"]) == (
        "ZZ-01",
        stolen["paid_fen"],
        1,
    )
    (listed,) = manager.ask("sync", "tills")["tills"]
    assert (listed["revoked_reason"], listed["held"]) == ("stolen at night", run["entries"])
    assert "hub.held" in till.ask("sync", "status")["reason"]

    manager.run("sync", "release", "ZZ-01", "--reason", "sold before it was stolen")
    assert booked(hub)[stolen["order_id"]] == (1, stolen["paid_fen"])
    till.run("sync", "push")
    later = sell(till)
    till.run("sync", "push", status=2)
    manager.run("sync", "reinstate", "ZZ-01", "--reason", "it was found")
    till.run("sync", "push")
    status = till.ask("sync", "status")
    assert (status["pending"], status["hub"]) == (0, "reachable")
    assert booked(hub)[later["order_id"]] == (1, later["paid_fen"])
    assert manager.ask("sync", "held") == {"held": []}


def test_cards_that_a_thief_sells_are_refused_at_every_other_till(
    place: Places, hub: RunningHub
) -> None:
    stolen = enrolled(stocked(place("till")), hub)
    other = enrolled(stocked(place("other", till="ZZ-02")), hub)
    paid = sell(stolen, "--join")
    stolen.run("sync", "push")
    unpaid = sell(stolen, "--join")
    for sale in (paid, unpaid):
        assert other.ask("membership", "verify", sale["card"])["state"] == "active"
    hub.place.run("sync", "revoke", "ZZ-01")
    other.run("sync", "pull")
    assert other.ask("membership", "verify", paid["card"])["state"] == "active"
    assert other.ask("membership", "verify", unpaid["card"], status=2)["state"] == "revoked"
    stolen.refused("sync", "pull")

    hub.place.run("sync", "reinstate", "ZZ-01", "--reason", "found")
    other.run("sync", "pull")
    assert other.ask("membership", "verify", unpaid["card"])["state"] == "active"


def test_what_cannot_be_is_one_line_and_changes_nothing(place: Places, hub: RunningHub) -> None:
    enrolled(stocked(place("till")), hub)
    manager, elsewhere = hub.place, place("elsewhere")
    before = manager.ask("sync", "medium")
    for arguments in (
        ("revoke", "ZZ-99"),
        ("revoke", "ZZ-01", "--since", "yesterday"),
        ("revoke", "ZZ-01", "--since", "2099-01-01"),
        ("revoke", "ZZ-01", "--counter", "999999999"),
        ("reinstate", "ZZ-01", "--reason", "x"),
        ("release", "ZZ-01", "--reason", "x"),
        ("medium", "--begin"),
    ):
        manager.refused("sync", *arguments)
    assert manager.ask("sync", "medium") == before
    for command in ("tills", "held", "medium"):
        elsewhere.refused("sync", command)
    assert not (elsewhere.directory / "xuanpin" / "hub").exists()


def test_with_a_second_medium_nothing_that_was_granted_is_lost(
    place: Places, tmp_path_factory: pytest.TempPathFactory
) -> None:
    disk = tmp_path_factory.mktemp("other-disk")
    machine = place("hub")
    (machine.directory / "config.toml").write_text(f'[hub]\nsecond_medium = "{disk}"\n')
    hub = RunningHub(machine).start()
    try:
        till = enrolled(stocked(place("till")), hub)
        enrolled(place("other", till="ZZ-02"), hub)
        sale = sell(till)
        till.run("sync", "push")
        machine.run("sync", "revoke", "ZZ-02")
        state = machine.ask("sync", "medium")
        assert state["records"] == state["on_medium"] == 3
        shutil.move(disk / "register.jsonl", disk / "gone.jsonl")
        assert "medium" in machine.refused(
            "--language", "en", "sync", "reinstate", "ZZ-02", "--reason", "x"
        )
        shutil.move(disk / "gone.jsonl", disk / "register.jsonl")
        hub.stop()
        for path in (machine.directory / "xuanpin" / "hub").glob("hub.db*"):
            path.unlink()
        hub.start()
        tills = machine.ask("sync", "tills")["tills"]
        assert {each["name"]: each["revoked_ms"] is not None for each in tills} == {
            "ZZ-01": False,
            "ZZ-02": True,
        }
        till.run("sync", "push")
        assert booked(hub) == {sale["order_id"]: (1, sale["paid_fen"])}
    finally:
        hub.stop()
