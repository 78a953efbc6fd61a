"""Staff of a center: a list is published, PINs are hashed, tills of that center know them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.rules.bad_rows import BadRows
from sync.rules.pins import hash_pin, is_pin
from sync.rules.refusal import Refused
from sync.rules.staff import read_fed
from sync.services.publishing import Published
from sync.stores.staff import any_staff, staff_numbered

from .feed_scenes import FedTill, FeedingHub, feeding_hub

LIST = "number,name,role,pin\n01,李娜,cashier,1234\n02, Wang  Lei ,Supervisor,998877\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FeedingHub]:
    with feeding_hub(tmp_path) as hub:
        yield hub


def publish(hub: FeedingHub, text: str, center: int = 1) -> Published | BadRows | Refused:
    return hub.publishing(center).publish("staff", hub.file(text))


def published(hub: FeedingHub, text: str, center: int = 1) -> Published:
    done = publish(hub, text, center)
    assert isinstance(done, Published), done
    return done


def signs_in(till: FedTill, number: str, pin: str) -> bool:
    found = staff_numbered(till.till.reference.read(), number)
    return found is not None and is_pin(pin, found.pin)


def test_staff_are_known_at_the_tills_of_their_center(hub: FeedingHub) -> None:
    here, there = hub.till(), hub.till("CH-01", "chenghai")
    published(hub, LIST)
    here.pulled()
    there.pulled()
    found = staff_numbered(here.till.reference.read(), "02")
    assert found is not None
    assert (found.name, found.role) == ("Wang Lei", "supervisor")
    assert signs_in(here, "01", "1234")
    assert not signs_in(here, "01", "1235")
    assert not signs_in(here, "02", "1234")
    assert not signs_in(here, "03", "1234")
    assert any_staff(here.till.reference.read())
    assert not any_staff(there.till.reference.read())


def test_no_pin_is_kept_anywhere(hub: FeedingHub) -> None:
    till = hub.till()
    published(hub, LIST)
    till.pulled()
    for path in (*hub.setup.root.rglob("*.db*"), *till.till.directory.glob("*.db*")):
        assert b"998877" not in path.read_bytes()


def test_the_same_list_changes_nothing(hub: FeedingHub) -> None:
    assert published(hub, LIST).changed == 2
    assert published(hub, LIST).changed == 0


def test_a_list_without_pins_leaves_them_as_they_are(hub: FeedingHub) -> None:
    till = hub.till()
    published(hub, LIST)
    assert published(hub, "role,number,name,pin\nmanager,01,李娜,\n").changed == 1
    till.pulled()
    assert signs_in(till, "01", "1234")
    found = staff_numbered(till.till.reference.read(), "01")
    assert found is not None
    assert found.role == "manager"


def test_a_new_pin_replaces_the_old_one(hub: FeedingHub) -> None:
    till = hub.till()
    published(hub, LIST)
    published(hub, "number,name,role,pin\n01,李娜,cashier,4321\n")
    till.pulled()
    assert signs_in(till, "01", "4321")
    assert not signs_in(till, "01", "1234")


def test_who_leaves_is_taken_out(hub: FeedingHub) -> None:
    till = hub.till()
    published(hub, LIST)
    till.pulled()
    hub.remove(["01"], "staff")
    till.pulled()
    assert not signs_in(till, "01", "1234")
    assert signs_in(till, "02", "998877")


def test_each_center_has_numbers_of_its_own(hub: FeedingHub) -> None:
    here, there = hub.till(), hub.till("CH-01", "chenghai")
    published(hub, LIST)
    published(hub, "number,name,role,pin\n01,Wu,manager,0000\n", center=2)
    here.pulled()
    there.pulled()
    assert signs_in(here, "01", "1234")
    assert signs_in(there, "01", "0000")
    done = hub.publishing(2).remove("staff", hub.file("02\n"))
    assert isinstance(done, BadRows)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",Li,cashier,1234", "number"),
        ("0 1,Li,cashier,1234", "number"),
        ("123456789,Li,cashier,1234", "number"),
        ("01,Wu,cashier,1234", "number"),
        ("03,,cashier,1234", "name"),
        (f"03,{'李' * 33},cashier,1234", "name"),
        ("03,Li,boss,1234", "role"),
        ("03,Li,,1234", "role"),
        ("03,Li,cashier,123", "pin"),
        ("03,Li,cashier,1234567890123", "pin"),
        ("03,Li,cashier,12a4", "pin"),
        ("03,Li,cashier,", "pin"),
        ("03,Li", "role"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_fed(hub: FeedingHub, row: str, column: str) -> None:
    done = publish(hub, f"{LIST}\n{row}\n")
    assert isinstance(done, BadRows)
    assert [(each.row, each.column) for each in done.problems] == [(5, column)]
    assert hub.rows("staff", 1) == {}


def test_every_bad_cell_of_a_row_is_named(hub: FeedingHub) -> None:
    done = publish(hub, f"{LIST}\n9_,,boss,12\n")
    assert isinstance(done, BadRows)
    named = [(each.row, each.column) for each in done.problems]
    assert named == [(5, column) for column in ("number", "name", "role", "pin")]


def test_a_refusal_does_not_repeat_what_was_typed_for_a_pin(hub: FeedingHub) -> None:
    done = publish(hub, "number,name,role,pin\n01,Li,cashier,secret99\n")
    assert isinstance(done, BadRows)
    (problem,) = done.problems
    assert "secret99" not in str(problem)


@pytest.mark.parametrize(
    "text", ["", "number,name,role\n01,Li,cashier\n", "a,b,c,d\n", '"', "number,name,role,pin,x\n"]
)
def test_what_is_no_list_of_staff_is_refused(hub: FeedingHub, text: str) -> None:
    assert isinstance(publish(hub, text), Refused)


def test_a_till_spends_no_more_on_a_pin_than_it_means_to() -> None:
    encoded = hash_pin("1234", b"s" * 16)
    assert is_pin("1234", encoded)
    assert not is_pin("", encoded)
    assert not is_pin("1234", "nonsense")
    row = b'{"name":"Li","role":"cashier","pin":"%b"}'
    assert read_fed(row % encoded.encode()).pin == encoded
    for heavy in (encoded.replace("m=19456", "m=9999999"), encoded.replace("t=2", "t=99"), ""):
        with pytest.raises(ValueError, match="pin"):
            read_fed(row % heavy.encode())
